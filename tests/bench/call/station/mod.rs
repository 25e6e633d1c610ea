//! One end of a call, whatever program it is.
mod instrument;
mod page;

pub use instrument::Instrument;
pub use page::OpenPage;

use eyeline_tests::course::number;
use serde_json::Value;
use std::{path::PathBuf, time::Duration};

/// Longest wait for a call to get going, or to end.
pub const LIMIT: Duration = Duration::from_secs(90);

/// Where an end is, and what it sends.
#[derive(Debug, Clone)]
pub struct Post {
    /// Host of the network.
    pub host: &'static str,
    /// Whom it calls; the next call is answered where nobody.
    pub calls: Option<&'static str>,
    /// Width and height of the test card, in pixels.
    pub size: (u32, u32),
    /// The tone, where there is no speech.
    pub speech: Option<Speech>,
}

/// Sound files of one end.
#[derive(Debug, Clone)]
pub struct Speech {
    /// What is said.
    pub said: PathBuf,
    /// Where what is heard is written.
    pub heard: PathBuf,
}

/// What one end saw of a call.
#[derive(Debug, Default)]
pub struct Sight {
    /// The members of the instrument's summary.
    pub summary: Value,
    /// The lines of the instrument's statistics.
    pub seconds: Vec<Value>,
}

impl Sight {
    /// From the accept to the first picture, in milliseconds.
    pub fn first_picture_ms(&self) -> Option<f64> {
        number(&self.summary, "first_frame_ms")
    }
}

/// A program at one end of a call.
pub trait Station {
    /// The process from which all of this end descend.
    fn pid(&mut self) -> u32;

    /// Waits until media can flow.
    fn until_connected(&mut self);

    /// Waits until there are figures of so many seconds.
    fn until_second(&mut self, seconds: u32);

    /// Whether a picture of the other side has been shown.
    fn has_shown(&mut self) -> bool;

    /// Takes what is gone once the call has ended.
    fn look(&mut self) {}

    /// Ends the call.
    fn hang_up(&mut self);

    /// Waits for the end, and tells what it saw; what it heard is in the file then.
    fn finish(self: Box<Self>) -> Sight;
}
