//! What is under way: transport-wide numbers out, feedback in, and what became of each packet.
//!
//! draft-holmer-rmcat-transport-wide-cc-extensions-01. A feedback message can be lost like any packet; what only it
//! knew stays unknown. rtc's own history takes that for a loss, and so halves the rate of a path that merely loses
//! feedback (read in its source).
use rtc::{interceptor::convert_twcc, rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Packets remembered at most: a second of 80 Mbit/s.
const PACKETS_MAX: usize = 8192;

/// Arrivals are told in order but for what was overtaken.
const BACKWARDS_MAX: Duration = Duration::from_secs(10);

/// One packet on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Counts every packet of the connection.
    pub number: u64,
    /// When it left.
    pub at: Instant,
    /// Bytes on the wire, headers of UDP and IP included.
    pub size: usize,
    /// The probe that it belongs to.
    pub probe: Option<u32>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The packet.
    pub sent: Sent,
    /// When it arrived, on the peer's clock; `None` for a lost one.
    pub arrival: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    UnderWay,
    /// Passed over by one feedback message. The next may still tell of it: it was overtaken, then.
    Missing,
    Settled,
}

/// All packets under way. Time is an argument.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Number of the first in `packets`.
    first: u64,
    packets: VecDeque<(Sent, Fate)>,
    /// One past the highest number that arrived.
    heard: u64,
    outstanding: usize,
    missing: Vec<u64>,
    arrivals: Arrivals,
}

/// The peer's clock, whose reference counts 64 ms in 24 bits and so wraps every 12 days, without its wraps.
#[derive(Debug, Default)]
struct Arrivals {
    /// What is added, and the newest result.
    offset: Duration,
    newest: Duration,
}

impl Arrivals {
    fn unwrap(&mut self, arrival: Duration) -> Duration {
        let mut unwrapped = arrival + self.offset;
        // Overtaken packets step back by less; whatever else steps back has wrapped, or begun anew.
        if unwrapped + BACKWARDS_MAX < self.newest {
            self.offset += self.newest - unwrapped;
            unwrapped = self.newest;
        }
        self.newest = self.newest.max(unwrapped);
        unwrapped
    }
}

impl Ledger {
    /// Takes in a packet that leaves, and gives the number to write into it.
    pub fn record(&mut self, at: Instant, size: usize, probe: Option<u32>) -> (Sent, u16) {
        let number = self.first + self.packets.len() as u64;
        let sent = Sent { number, at, size, probe };
        self.packets.push_back((sent, Fate::UnderWay));
        self.outstanding += size;
        if self.packets.len() > PACKETS_MAX
            && let Some((oldest, _)) = self.packets.pop_front()
        {
            self.first += 1;
            if oldest.number >= self.heard {
                self.heard = oldest.number + 1;
                self.outstanding -= oldest.size;
            }
        }
        (sent, number as u16)
    }

    /// Nothing that has left so far is waited for.
    pub fn begin(&mut self) {
        self.heard = self.first + self.packets.len() as u64;
        self.outstanding = 0;
    }

    /// Bytes that nothing was heard of yet.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// Since when the oldest packet is under way that nothing was heard of, and how many are.
    #[must_use]
    pub fn waiting(&self) -> Option<(Instant, usize)> {
        let index = usize::try_from(self.heard.checked_sub(self.first)?).ok()?;
        let (sent, _) = self.packets.get(index)?;
        Some((sent.at, self.packets.len() - index))
    }

    /// Takes in a feedback message, and gives what it settles: arrivals at once, in order; losses one message later.
    pub fn settle(&mut self, feedback: &TransportLayerCc) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let suspects = std::mem::take(&mut self.missing);
        let mut passed_over = Vec::new();
        // Chunks are padded; what stands behind the count is about nothing (section 3.1.4).
        for told in convert_twcc(feedback).into_iter().take(feedback.packet_status_count.into()) {
            let Some(number) = self.number(told.sequence_number) else {
                continue;
            };
            let Some((sent, fate)) = self.entry(number) else {
                continue;
            };
            match (told.arrived, *fate) {
                (_, Fate::Settled) | (false, Fate::Missing) => {}
                (false, Fate::UnderWay) => {
                    *fate = Fate::Missing;
                    passed_over.push(number);
                }
                (true, Fate::UnderWay | Fate::Missing) => {
                    *fate = Fate::Settled;
                    let sent = *sent;
                    // One that came without its time is neither lost nor of use.
                    if let Some(arrival) = told.arrival {
                        outcomes.push(Outcome { sent, arrival: Some(self.arrivals.unwrap(arrival)) });
                    }
                    self.hear(number);
                }
            }
        }
        self.missing = passed_over;
        let lost = suspects.into_iter().filter_map(|number| match self.entry(number)? {
            (sent, fate @ Fate::Missing) => {
                *fate = Fate::Settled;
                Some(Outcome { sent: *sent, arrival: None })
            }
            (_, Fate::UnderWay | Fate::Settled) => None,
        });
        outcomes.extend(lost.collect::<Vec<_>>());
        outcomes
    }

    /// The newest packet of those 16 bits; `None` where it is none of ours.
    fn number(&self, sequence: u16) -> Option<u64> {
        let next = self.first + self.packets.len() as u64;
        let back = (next as u16).wrapping_sub(sequence);
        let back = if back == 0 { 1 << 16 } else { u64::from(back) };
        next.checked_sub(back)
    }

    fn entry(&mut self, number: u64) -> Option<(&mut Sent, &mut Fate)> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.packets.get_mut(index).map(|(sent, fate)| (sent, fate))
    }

    /// Whatever left before a packet that arrived is no longer under way.
    fn hear(&mut self, number: u64) {
        while self.heard <= number {
            let index = self.heard.saturating_sub(self.first);
            let size = self.packets.get(index as usize).map_or(0, |(sent, _)| sent.size);
            self.outstanding = self.outstanding.saturating_sub(size);
            self.heard += 1;
        }
    }
}

#[cfg(test)]
mod tests;
