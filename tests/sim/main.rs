//! Calls over simulated networks, in virtual time: two whole transports with the media's own adaptation and assembler, on
//! netlab's model of a link.
//!
//! `cargo test --test sim -- --nocapture` prints what each network gives, over some seeds.
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]
mod changes;
mod end;
mod profiles;
mod report;
mod source;
mod told;
mod viewer;
mod world;

use eyeline_media::frame::MediaTime;
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

/// When every run begins.
fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the runs count from it")]
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    *START
}

/// A moment by the media's clock.
fn media_time(at: Instant) -> MediaTime {
    MediaTime(i64::try_from((at - start()).as_micros()).unwrap_or(i64::MAX) + 1)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
