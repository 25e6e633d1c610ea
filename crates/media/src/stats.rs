//! Counters of the pipelines: written with relaxed atomics by their threads, read as a snapshot by anyone.
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

/// A count that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// For a count of what is open, which may be settled.
    pub(crate) fn set(&self, n: usize) {
        self.0.store(n as u64, Ordering::Relaxed);
    }
}

/// A value that moves; read as what it is now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU32);

impl Gauge {
    pub(crate) fn set(&self, value: f32) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Moves by a sixteenth towards a duration in milliseconds: a mean of the last half second of pictures.
    pub(crate) fn average(&self, value: Duration) {
        let mean = self.get();
        let value = value.as_secs_f32() * 1000.0;
        self.set(if mean == 0.0 { value } else { mean + (value - mean) / 16.0 });
    }
}

/// A picture's size, in one atomic.
#[derive(Debug, Default)]
pub(crate) struct Size(AtomicU64);

impl Size {
    pub(crate) fn set(&self, width: u32, height: u32) {
        self.0.store((u64::from(width) << 32) | u64::from(height), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<(u32, u32)> {
        let packed = self.0.load(Ordering::Relaxed);
        let height = u32::try_from(packed & u64::from(u32::MAX)).unwrap_or(0);
        (packed != 0).then_some((u32::try_from(packed >> 32).unwrap_or(0), height))
    }
}

/// Declares a set of counters and the snapshot of it, so that the two cannot differ.
macro_rules! counters {
    ($(#[$doc:meta])* $snapshot:ident from $cells:ident { $($(#[$field_doc:meta])* $field:ident: $cell:ty => $value:ty,)* }) => {
        #[derive(Debug, Default)]
        pub(crate) struct $cells { $(pub(crate) $field: $cell,)* }

        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct $snapshot { $($(#[$field_doc])* pub $field: $value,)* }

        impl $cells {
            pub(crate) fn snapshot(&self) -> $snapshot {
                $snapshot { $($field: self.$field.get(),)* }
            }
        }
    };
}

counters! {
    /// What a video sender has done.
    VideoSendStats from VideoSendCounters {
        /// Pictures that the camera delivered.
        frames_captured: Counter => u64,
        /// Pictures that were encoded.
        frames_encoded: Counter => u64,
        /// Pictures that were dropped: by a busy encoder, the frame rate limit, or rate control.
        frames_dropped: Counter => u64,
        /// Key frames among the encoded ones.
        key_frames: Counter => u64,
        /// RTP packets.
        packets: Counter => u64,
        /// RTP payload bytes.
        bytes: Counter => u64,
        /// Time to encode one picture, in milliseconds, a mean of the last ones.
        encode_ms: Gauge => f32,
        /// Time to encode all pictures, in microseconds.
        encode_us: Counter => u64,
        /// Size being encoded.
        size: Size => Option<(u32, u32)>,
    }
}

counters! {
    /// What an audio sender has done.
    AudioSendStats from AudioSendCounters {
        /// RTP packets.
        packets: Counter => u64,
        /// RTP payload bytes.
        bytes: Counter => u64,
        /// Frames of 20 ms that were not sent, being silent.
        frames_silent: Counter => u64,
        /// Loudness of the microphone, RMS of the last 10 ms, 0 to 1; also while muted.
        level: Gauge => f32,
    }
}

counters! {
    /// What a video receiver has done.
    VideoReceiveStats from VideoReceiveCounters {
        /// RTP packets.
        packets: Counter => u64,
        /// RTP payload bytes.
        bytes: Counter => u64,
        /// Packets that were seen before, or came after their picture was given up.
        packets_discarded: Counter => u64,
        /// Whole pictures that arrived.
        frames_assembled: Counter => u64,
        /// Pictures that were decoded.
        frames_decoded: Counter => u64,
        /// Pictures that were shown, or given to the encoded tap.
        frames_rendered: Counter => u64,
        /// Decoded pictures that a newer one overtook.
        frames_dropped: Counter => u64,
        /// Key frames among the assembled ones.
        key_frames: Counter => u64,
        /// Key frames among the decoded ones.
        key_frames_decoded: Counter => u64,
        /// Times that a key frame was asked for.
        key_frame_requests: Counter => u64,
        /// Time to decode one picture, in milliseconds, a mean of the last ones.
        decode_ms: Gauge => f32,
        /// Time to decode all pictures, in microseconds.
        decode_us: Counter => u64,
        /// Wait of all shown pictures for their moment, once whole, in microseconds.
        playout_wait_us: Counter => u64,
        /// Freezes of what is shown (W3C webrtc-stats, `freezeCount`).
        freezes: Counter => u64,
        /// Their length together, in microseconds.
        frozen_us: Counter => u64,
        /// Gaps too long for a freeze, and those in which the camera was off (`pauseCount`).
        pauses: Counter => u64,
        /// Their length together, in microseconds.
        paused_us: Counter => u64,
        /// Wait of a whole picture for its moment, in milliseconds, a mean of the last ones.
        playout_wait_ms: Gauge => f32,
        /// Size of the last decoded picture.
        size: Size => Option<(u32, u32)>,
    }
}

counters! {
    /// What an audio receiver has done.
    AudioReceiveStats from AudioReceiveCounters {
        /// RTP packets.
        packets: Counter => u64,
        /// RTP payload bytes.
        bytes: Counter => u64,
        /// Packets that were seen before, or came too late to be played.
        packets_discarded: Counter => u64,
        /// Samples played since the first packet.
        samples_played: Counter => u64,
        /// Samples that had to be invented because their packet was missing.
        samples_concealed: Counter => u64,
        /// Samples invented just now, of which the next packet will tell whether they took the place of anything.
        samples_open: Counter => u64,
        /// Times that concealment began.
        concealments: Counter => u64,
        /// Samples that redundancy in a later packet gave back.
        samples_recovered: Counter => u64,
        /// Samples played while the sender was silent.
        samples_comfort: Counter => u64,
        /// Samples left out to catch up.
        samples_accelerated: Counter => u64,
        /// Samples put in to fall back.
        samples_expanded: Counter => u64,
        /// Delay that the jitter buffer adds now, in milliseconds.
        jitter_buffer_ms: Gauge => f32,
        /// Delay that it aims at, in milliseconds.
        jitter_target_ms: Gauge => f32,
        /// The same two of every block of 10 ms that was played, summed up, in microseconds.
        jitter_buffer_us: Counter => u64,
        /// See above.
        jitter_target_us: Counter => u64,
        /// Samples in these blocks.
        samples_emitted: Counter => u64,
        /// Loudness of what is played, RMS of the last 10 ms, 0 to 1.
        level: Gauge => f32,
    }
}

/// Whole microseconds, for a [`Counter`].
pub(crate) fn us(duration: Duration) -> usize {
    usize::try_from(duration.as_micros()).unwrap_or(usize::MAX)
}

impl AudioReceiveStats {
    /// Samples that had to be invented; what is open counts as lost, as long as nothing says that the sender was silent.
    #[must_use]
    pub fn concealed(&self) -> u64 {
        self.samples_concealed + self.samples_open
    }

    /// Share of the played samples that was invented, in percent; unknown before anything was played.
    #[must_use]
    pub fn concealed_pct(&self) -> Option<f64> {
        (self.samples_played > 0).then(|| self.concealed() as f64 * 100.0 / self.samples_played as f64)
    }
}

/// Root mean square of a block.
pub(crate) fn rms(samples: &[f32]) -> f32 {
    let count = samples.len().max(1) as f32;
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / count).sqrt()
}
