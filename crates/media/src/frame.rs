//! Pictures, sound and time as they travel between the stages.
use std::{ops::Sub, sync::Arc, time::Duration};

/// A point on this process's capture clock: microseconds, monotonic, never compared across processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MediaTime(pub i64);

impl MediaTime {
    /// This point, later by `d`.
    #[must_use]
    pub fn plus(self, d: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub for MediaTime {
    type Output = Duration;

    /// Time since `earlier`; zero where `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

/// A picture in planar YUV 4:2:0 (BT.601, limited range), planes Y, U, V packed without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct I420 {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl I420 {
    /// A black picture. Both sizes are rounded down to even numbers, at least 2.
    #[must_use]
    pub fn black(width: u32, height: u32) -> Self {
        let (width, height) = ((width & !1).max(2), (height & !1).max(2));
        let luma = width as usize * height as usize;
        let mut data = vec![16; luma + luma / 2];
        data[luma..].fill(128);
        Self { width, height, data }
    }

    /// Width in pixels, even.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, even.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All three planes, one after the other: `width * height * 3 / 2` bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// The planes Y (`width * height`), U and V (each `width / 2 * height / 2`).
    #[must_use]
    pub fn planes(&self) -> [&[u8]; 3] {
        let (luma, chroma) = self.plane_sizes();
        let (y, rest) = self.data.split_at(luma);
        let (u, v) = rest.split_at(chroma);
        [y, u, v]
    }

    /// The planes, to be written.
    #[must_use]
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let (luma, chroma) = self.plane_sizes();
        let (y, rest) = self.data.split_at_mut(luma);
        let (u, v) = rest.split_at_mut(chroma);
        [y, u, v]
    }

    fn plane_sizes(&self) -> (usize, usize) {
        let luma = self.width as usize * self.height as usize;
        (luma, luma / 4)
    }
}

/// A picture and the moment of its capture.
#[derive(Debug, Clone)]
pub struct VideoFrame {
    /// The picture, shared between encoder and self view.
    pub image: Arc<I420>,
    /// When it was captured, by the capture clock.
    pub captured_at: MediaTime,
}

/// Samples a second, everywhere inside the program (RFC 7587: Opus runs at 48 kHz).
pub const SAMPLE_RATE_HZ: u32 = 48_000;
/// Samples in an [`AudioBlock`]: 10 ms, mono.
pub const BLOCK_SAMPLES: usize = 480;

/// 10 ms of mono sound at 48 kHz, full scale -1.0 to 1.0.
#[derive(Debug, Clone)]
pub struct AudioBlock {
    /// The samples.
    pub samples: [f32; BLOCK_SAMPLES],
    /// Capture time of the first sample.
    pub captured_at: MediaTime,
}

impl AudioBlock {
    /// 10 ms of silence.
    #[must_use]
    pub fn silence(captured_at: MediaTime) -> Self {
        Self { samples: [0.0; BLOCK_SAMPLES], captured_at }
    }
}
