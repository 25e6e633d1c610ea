//! The packets under way: copied in once, handed out by arrival time, their memory used again.
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use crate::topology::HostId;

/// Most packets under way at once: half a second of 100 Mbit/s in packets of 100 bytes. Beyond it, new
/// packets are dropped (about 100 MB would be held).
pub(crate) const MAX_IN_FLIGHT: usize = 1 << 16;

/// Ordered by arrival, then by departure, so that packets of one instant keep their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: Duration,
    departure: u64,
    to: HostId,
    slot: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Flight {
    arrivals: BinaryHeap<Reverse<Arrival>>,
    departures: u64,
    slots: Vec<Vec<u8>>,
    free: Vec<usize>,
}

impl Flight {
    /// True where there is no room for one more packet and its duplicate.
    pub(crate) fn is_full(&self) -> bool {
        self.arrivals.len() + 2 > MAX_IN_FLIGHT
    }

    /// Takes a packet that arrives at `at`.
    pub(crate) fn push(&mut self, to: HostId, packet: &[u8], at: Duration) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Vec::new());
            self.slots.len() - 1
        });
        self.slots[slot].clear();
        self.slots[slot].extend_from_slice(packet);
        self.arrivals.push(Reverse(Arrival { at, departure: self.departures, to, slot }));
        self.departures += 1;
    }

    /// When the next packet arrives.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.arrivals.peek().map(|Reverse(arrival)| arrival.at)
    }

    /// The next packet that has arrived by `now`.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<(HostId, &[u8])> {
        if self.next_at()? > now {
            return None;
        }
        let Reverse(Arrival { to, slot, .. }) = self.arrivals.pop()?;
        // The borrow that is returned keeps `push` from using the slot too early.
        self.free.push(slot);
        Some((to, &self.slots[slot]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: HostId = HostId(1);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn packets_come_by_arrival_then_by_departure() {
        let mut flight = Flight::default();
        for (packet, at) in [(b"3", 9), (b"1", 5), (b"2", 5)] {
            flight.push(TO, packet, ms(at));
        }
        assert_eq!(flight.next_at(), Some(ms(5)));
        assert_eq!(flight.pop(ms(4)), None);
        let mut order = Vec::new();
        while let Some((_, packet)) = flight.pop(ms(9)) {
            order.extend_from_slice(packet);
        }
        assert_eq!(order, b"123");
    }

    #[test]
    fn memory_is_used_again() {
        let mut flight = Flight::default();
        for i in 0..1000 {
            flight.push(TO, &[0; 1500], ms(i));
            assert!(flight.pop(ms(i)).is_some());
        }
        assert_eq!(flight.slots.len(), 1);
    }

    #[test]
    fn flight_is_bounded() {
        let mut flight = Flight::default();
        while !flight.is_full() {
            flight.push(TO, b"", ms(1));
        }
        assert!(flight.slots.len() > MAX_IN_FLIGHT - 2 && flight.slots.len() <= MAX_IN_FLIGHT);
        assert!((0..2).all(|_| flight.pop(ms(1)).is_some()));
        assert!(!flight.is_full());
    }
}
