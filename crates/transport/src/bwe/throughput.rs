//! How fast packets left us, or arrived at the peer.
use std::{collections::VecDeque, time::Duration};

/// Over how long the rate is taken: some pictures, so that a key frame does not look like a faster link.
const WINDOW: Duration = Duration::from_millis(500);
/// Packets in the window, at most: 500 ms of 20 Mbit/s.
const PACKETS_MAX: usize = 1024;

/// Bytes by time, on one clock: ours for what left, the peer's for what arrived.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    packets: VecDeque<(Duration, usize)>,
    bytes: usize,
}

impl Throughput {
    pub fn on_packet(&mut self, at: Duration, size: usize) {
        self.packets.push_back((at, size));
        self.bytes += size;
        while let Some(&(oldest, size)) = self.packets.front()
            && (at.saturating_sub(oldest) > WINDOW || self.packets.len() > PACKETS_MAX)
        {
            self.packets.pop_front();
            self.bytes -= size;
        }
    }

    /// Bits a second; `None` until the window is half full.
    pub fn bps(&self) -> Option<f64> {
        let (oldest, first) = self.packets.front()?;
        let (newest, _) = self.packets.back()?;
        let span = newest.saturating_sub(*oldest);
        // The first packet opens the span and is not in it.
        (span >= WINDOW / 2).then(|| (self.bytes - first) as f64 * 8.0 / span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate() {
        let mut rate = Throughput::default();
        assert_eq!(rate.bps(), None);
        for i in 0..200 {
            rate.on_packet(Duration::from_millis(10 * i), 1_250);
        }
        assert_eq!(rate.bps(), Some(1_000_000.0));
    }
}
