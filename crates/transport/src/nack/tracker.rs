//! Which packets of one stream are missing, and when to ask for each again.
use eyeline_rtp::Unwrapper;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How often a request is said in a round: it may be lost like its answer.
const SAID: u8 = 3;
/// Requests for one packet before it is given up: ten rounds (libwebrtc's `kMaxNackRetries`).
pub const TRIES_MAX: u8 = 10 * SAID;
/// Time between two sayings: a part of the round trip, within bounds.
const SAID_EVERY: (u32, Duration, Duration) = (4, Duration::from_millis(10), Duration::from_millis(40));
/// Missing packets that are tracked at a time. More than about a second of 4 Mbit/s video is cheaper as a key frame.
pub const MISSING_MAX: usize = 500;
/// Shortest wait for a packet that may only have been overtaken.
const REORDER_WAIT_MIN: Duration = Duration::from_millis(5);
/// Longest wait for a packet that may only have been overtaken.
const REORDER_WAIT_MAX: Duration = Duration::from_millis(40);
/// Shortest wait where a picture's parity, which comes behind it, may make the packet.
const PARITY_WAIT: Duration = Duration::from_millis(25);
/// Shortest time between two requests for a packet, whatever the round trip.
const REPEAT_MIN: Duration = Duration::from_millis(20);
/// Longest time between two requests for a packet.
const REPEAT_MAX: Duration = Duration::from_secs(1);
/// Packets from before the first one seen that still count as new: the start of a stream may arrive out of order.
const EARLY_MAX: i64 = 64;

/// What an arriving packet is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen before.
    New,
    /// Was missing until now.
    Repaired,
    /// Seen before, or given up before.
    Duplicate,
}

/// What to ask the sender for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// Sequence numbers to send again, in order.
    pub nack: Vec<u16>,
    /// Packets are lost for good: a key frame is needed.
    pub key_frame: bool,
    /// How many packets were given up just now.
    pub abandoned: u64,
}

#[derive(Debug)]
struct Missing {
    since: Instant,
    ask_at: Instant,
    tries: u8,
}

/// The losses of one stream. Time is an argument; nothing here reads a clock.
#[derive(Debug)]
pub struct NackTracker {
    unwrapper: Unwrapper,
    /// Lowest and highest sequence number seen.
    seen: Option<(i64, i64)>,
    missing: BTreeMap<i64, Missing>,
    reorder_wait: Duration,
    expects_parity: bool,
    /// Where the newest key frame begins.
    abandon_before: i64,
    /// Packets thrown out of `missing` because there were too many, and when.
    overflow: Option<(u64, Instant)>,
}

impl Default for NackTracker {
    fn default() -> Self {
        Self {
            unwrapper: Unwrapper::default(),
            seen: None,
            missing: BTreeMap::new(),
            reorder_wait: REORDER_WAIT_MIN,
            expects_parity: false,
            abandon_before: i64::MIN,
            overflow: None,
        }
    }
}

impl NackTracker {
    /// Takes in an arrival. `resent` marks a retransmission, or what was made from parity: how late that is says nothing about
    /// reordering.
    pub fn on_packet(&mut self, sequence: u16, resent: bool, now: Instant) -> Arrival {
        let sequence = self.unwrapper.sequence(sequence);
        let Some((lowest, highest)) = self.seen else {
            self.seen = Some((sequence, sequence));
            return Arrival::New;
        };
        if sequence > highest {
            self.seen = Some((lowest, sequence));
            self.note_missing(highest + 1, sequence, now);
            return Arrival::New;
        }
        if let Some(missing) = self.missing.remove(&sequence) {
            if !resent {
                self.learn_reordering(now.saturating_duration_since(missing.since));
            }
            return Arrival::Repaired;
        }
        if sequence < lowest && lowest - sequence <= EARLY_MAX {
            self.seen = Some((sequence, highest));
            self.note_missing(sequence + 1, lowest, now);
            return Arrival::New;
        }
        Arrival::Duplicate
    }

    /// A key frame begins with `sequence`, which arrives now: nothing before it is needed any more.
    pub fn on_key_frame(&mut self, sequence: u16) {
        let Some((_, highest)) = self.seen else { return };
        let ahead = sequence.wrapping_sub(highest as u16) as i16;
        self.missing = self.missing.split_off(&(highest + i64::from(ahead)));
        self.abandon_before = self.abandon_before.max(highest + i64::from(ahead));
    }

    /// Whether what is missing may come without being asked for.
    pub fn expect_parity(&mut self, expected: bool) {
        self.expects_parity = expected;
    }

    /// What is due at `now`, where a repair takes `rtt` to come.
    pub fn poll(&mut self, now: Instant, rtt: Duration) -> Requests {
        let mut requests = Requests {
            abandoned: self.overflow.take().map_or(0, |(packets, _)| packets),
            ..Requests::default()
        };
        self.missing.retain(|&sequence, missing| {
            if missing.ask_at > now {
                return true;
            }
            if missing.tries == TRIES_MAX {
                requests.abandoned += 1;
                return false;
            }
            missing.tries += 1;
            missing.ask_at = now + repeat_after(rtt, missing.tries);
            requests.nack.push(sequence as u16);
            true
        });
        requests.key_frame = requests.abandoned > 0;
        requests
    }

    /// When [`NackTracker::poll`] has something to say next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let overflow = self.overflow.map(|(_, at)| at);
        self.missing.values().map(|missing| missing.ask_at).chain(overflow).min()
    }

    /// How many packets are missing at present.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    fn note_missing(&mut self, from: i64, to: i64, now: Instant) {
        // A leap past the bound holds nothing worth asking for: what is in it is older than the key frame to come.
        let from = from.max(to - MISSING_MAX as i64 - 1);
        let wait = if self.expects_parity { self.reorder_wait.max(PARITY_WAIT) } else { self.reorder_wait };
        for sequence in from.max(self.abandon_before)..to {
            self.missing.insert(sequence, Missing { since: now, ask_at: now + wait, tries: 0 });
        }
        if self.missing.len() > MISSING_MAX {
            self.overflow = Some((self.missing.len() as u64, now));
            self.missing.clear();
        }
    }

    /// Waits a little longer than packets were overtaken lately; forgets slowly.
    fn learn_reordering(&mut self, late: Duration) {
        let wanted = late + late / 4;
        let wait = wanted.max(self.reorder_wait - self.reorder_wait / 16);
        self.reorder_wait = wait.clamp(REORDER_WAIT_MIN, REORDER_WAIT_MAX);
    }
}

/// After a round a repair needs a round trip; each further round waits a quarter longer, so that a dead link is not
/// flooded.
fn repeat_after(rtt: Duration, tries: u8) -> Duration {
    let (part, least, most) = SAID_EVERY;
    let again = (rtt / part).clamp(least, most);
    if !tries.is_multiple_of(SAID) {
        return again;
    }
    let round = (rtt + REPEAT_MIN / 2).mul_f64(1.25f64.powi(i32::from(tries / SAID) - 1));
    round.saturating_sub(again * u32::from(SAID - 1)).clamp(REPEAT_MIN, REPEAT_MAX)
}

#[cfg(test)]
mod tests;
