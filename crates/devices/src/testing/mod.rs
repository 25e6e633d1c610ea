//! A PulseAudio server of a test's own, so that sound is tested on real devices where there is no hardware.
//!
//! ```no_run
//! #[test]
//! fn speech_comes_back() {
//!     eyeline_devices::testing::with_sound_server("speech_comes_back", |server| {
//!         // cpal in this process now finds `speaker` and `microphone`, which hears `room`.
//!     });
//! }
//! ```
mod pulse;

pub use pulse::{PulseServer, with_sound_server};
