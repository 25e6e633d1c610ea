//! Lip-sync: audio is the master clock, a picture is shown when the sound of its moment is heard.
use crate::{
    clock::MediaClock,
    frame::{MediaTime, SAMPLE_RATE_HZ},
    rtp::VIDEO_CLOCK_HZ,
    slot::lock,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A picture may be this early. Sound that comes late is noticed from 125 ms on, early sound from 45 ms (ITU-R BT.1359, figure 2;
/// EBU R37 recommends at most 60 and 40 ms): as far as sound comes all the way from there, it is late. That much less latency.
const LEAD_US: i64 = 45_000;
/// A wait or a lag beyond this is no matter of lip-sync, but of wrong reports.
const LIMIT_US: i64 = 1_000_000;
/// Sound that was heard longer ago says nothing about now.
const STALE: Duration = Duration::from_secs(1);
/// A jump of the audio delay that is followed at once; less is smoothed.
const JUMP_US: i64 = 40_000;

/// A longer delay than this comes from clocks that do not agree.
const PLAUSIBLE_US: u64 = 10_000_000;

/// Which stream a sender report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// The sound.
    Audio,
    /// The picture.
    Video,
}

/// Ties the two receivers of one peer together. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct AvSync(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    audio: Option<Report>,
    video: Option<Report>,
    heard: Option<Heard>,
}

/// The NTP and RTP times of one moment, by the sender's clocks.
#[derive(Debug, Clone, Copy)]
struct Report {
    ntp_us: i64,
    rtp: u32,
}

impl Report {
    fn capture_us(self, rtp: u32, rate_hz: u32) -> i64 {
        let ticks = i64::from(rtp.wrapping_sub(self.rtp).cast_signed());
        self.ntp_us + ticks * 1_000_000 / i64::from(rate_hz)
    }
}

/// From capture at the sender to being heard here, in microseconds, between unrelated clocks.
#[derive(Debug, Clone, Copy)]
struct Heard {
    delay_us: i64,
    at: MediaTime,
}

impl AvSync {
    /// Takes the NTP and RTP timestamps of a sender report (RFC 3550, section 6.4.1).
    pub fn on_sender_report(&self, kind: StreamKind, ntp: u64, rtp: u32) {
        let seconds = i64::from(u32::try_from(ntp >> 32).unwrap_or(0));
        let fraction = i64::try_from(((ntp & 0xffff_ffff) * 1_000_000) >> 32).unwrap_or(0);
        let report = Some(Report { ntp_us: seconds * 1_000_000 + fraction, rtp });
        let mut state = lock(&self.0);
        match kind {
            StreamKind::Audio => state.audio = report,
            StreamKind::Video => state.video = report,
        }
    }

    /// Another stream takes the place of the one before: what was said of that one's clock does not hold.
    pub fn begin_anew(&self, kind: StreamKind) {
        let mut state = lock(&self.0);
        match kind {
            StreamKind::Audio => (state.audio, state.heard) = (None, None),
            StreamKind::Video => state.video = None,
        }
    }

    /// Says that the sample of this RTP time is heard at `at`.
    pub(super) fn heard(&self, rtp: u32, at: MediaTime) {
        let mut state = lock(&self.0);
        let Some(report) = state.audio else { return };
        let delay_us = at.0 - report.capture_us(rtp, SAMPLE_RATE_HZ);
        let delay_us = match state.heard {
            Some(before) if (delay_us - before.delay_us).abs() < JUMP_US => {
                before.delay_us + (delay_us - before.delay_us) / 8
            }
            Some(_) | None => delay_us,
        };
        state.heard = Some(Heard { delay_us, at });
    }

    /// From capture at the sender to being heard here, by the Unix clocks of both: true on one machine, and as true as
    /// the two clocks agree on two. `None` where nothing is heard, or the clocks plainly do not agree.
    #[must_use]
    pub fn audio_delay(&self, now: MediaTime) -> Option<Duration> {
        let heard = lock(&self.0).heard.filter(|heard| now - heard.at < STALE)?;
        let delay_us = heard.delay_us + MediaClock::ntp_us(MediaTime(0));
        u64::try_from(delay_us).ok().filter(|us| *us < PLAUSIBLE_US).map(Duration::from_micros)
    }

    /// When the picture of this RTP time is due; `None` where sound has no say.
    pub(super) fn video_due(&self, rtp: u32, now: MediaTime) -> Option<MediaTime> {
        let state = lock(&self.0);
        let (report, heard) = state.video.zip(state.heard)?;
        let due = MediaTime(report.capture_us(rtp, VIDEO_CLOCK_HZ) + heard.delay_us - LEAD_US);
        (now - heard.at < STALE && (due.0 - now.0).abs() < LIMIT_US).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTP: u64 = 3_900_000_000 << 32;

    fn synced() -> AvSync {
        let sync = AvSync::default();
        sync.on_sender_report(StreamKind::Audio, NTP, u32::MAX - 100);
        sync.on_sender_report(StreamKind::Video, NTP + (1 << 31), 5_000);
        sync
    }

    #[test]
    fn picture_waits_for_the_sound_of_its_moment() {
        let sync = synced();
        // The sound of NTP + 1 s is heard at 10 s.
        sync.heard((u32::MAX - 100).wrapping_add(48_000), MediaTime(10_000_000));
        // The picture of NTP + 1 s.
        let due = sync.video_due(5_000 + 45_000, MediaTime(9_900_000)).unwrap();
        assert_eq!(due, MediaTime(10_000_000 - LEAD_US));
    }

    #[test]
    fn without_reports_or_sound_nothing_waits() {
        let now = MediaTime(10_000_000);
        assert_eq!(AvSync::default().video_due(5_000, now), None);
        assert_eq!(synced().video_due(5_000, now), None);
        let sync = synced();
        sync.heard(u32::MAX - 100, MediaTime(8_000_000));
        assert_eq!(sync.video_due(5_000, now), None, "the sound is stale");
        assert_eq!(sync.audio_delay(now), None, "likewise");
    }

    #[test]
    fn absurd_reports_are_ignored() {
        let sync = synced();
        sync.heard(u32::MAX - 100, MediaTime(10_000_000));
        assert_eq!(sync.video_due(5_000 + 90_000 * 60, MediaTime(10_000_000)), None);
    }
}
