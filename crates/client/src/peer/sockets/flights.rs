//! Lost DTLS flights, repeated sooner than webrtc-rs does.
//!
//! rtc-dtls repeats a flight after a second, as RFC 6347 section 4.2.4.1 has it for networks that nobody knows. ICE knows
//! the network by then: a round trip has been measured. What is repeated here is the very datagram: where the first one
//! came after all, the copy is dropped as a replay (section 4.1.2.6). Both ends repeat, so that the last flight, which
//! nothing answers, comes too. Browsers begin at 50 ms.
use super::stun::{BINDING_REQUEST, BINDING_SUCCESS, TransactionId, transaction};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Most datagrams of one flight: a certificate chain in fragments.
const DATAGRAMS_MAX: usize = 16;
/// A flight leaves in one go; what follows later is another one, or rtc-dtls's own repetition.
const BURST: Duration = ONCE_MORE;
/// How often a flight is repeated: soon, then with a wait that doubles, until rtc-dtls has taken over.
const REPEATS_MAX: u32 = 5;
/// A flight that is not answered by then goes once more, lost or not: of a fifth of all packets lost, two in five flights
/// of two are, and each costs more than a round trip. On one network it is answered.
const ONCE_MORE: Duration = Duration::from_millis(30);
/// Waits for an answer before the second repetition: bounds, and what is waited where no round trip is known.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_millis(500);
const WAIT_UNKNOWN: Duration = Duration::from_millis(150);
/// Connectivity checks whose answer is awaited: some for each of a dozen pairs.
const CHECKS_MAX: usize = 64;

/// Length of the header of a DTLS record (RFC 6347 section 4.1).
pub(super) const RECORD_HEADER: usize = 13;
/// DTLS content types (RFC 5246).
const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What one socket has sent last of a handshake, and whether it was answered.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flight: Vec<(SocketAddr, Bytes)>,
    /// When the newest datagram of the flight left.
    sent_at: Option<Instant>,
    repeated: u32,
    due: Option<Instant>,
    /// The peer's newest record, by epoch and number.
    newest: Option<u64>,
    round_trip: Option<Duration>,
    checks: VecDeque<(TransactionId, Instant)>,
}

impl Flights {
    /// Looks at what is sent.
    pub(super) fn on_sent(&mut self, to: SocketAddr, datagram: &[u8], now: Instant) {
        if let Some(id) = transaction(datagram, BINDING_REQUEST) {
            self.checks.truncate(CHECKS_MAX - 1);
            self.checks.push_front((id, now));
        } else if matches!(record(datagram), Some((HANDSHAKE | CHANGE_CIPHER_SPEC, _))) {
            let in_flight = self.due.is_some()
                && self.repeated == 0
                && self.sent_at.is_some_and(|at| now.saturating_duration_since(at) < BURST);
            if !in_flight {
                self.flight.clear();
                self.repeated = 0;
            }
            if self.flight.len() < DATAGRAMS_MAX {
                self.flight.push((to, Bytes::copy_from_slice(datagram)));
            }
            self.sent_at = Some(now);
            self.due = Some(now + ONCE_MORE);
        }
    }

    /// Looks at what comes.
    pub(super) fn on_received(&mut self, datagram: &[u8], now: Instant) {
        if let Some(id) = transaction(datagram, BINDING_SUCCESS) {
            // A check may be answered twice: the first answer counts.
            let index = self.checks.iter().position(|(known, _)| *known == id);
            if let Some((_, sent)) = index.and_then(|index| self.checks.remove(index)) {
                self.round_trip = Some(now.saturating_duration_since(sent));
            }
        } else if let Some((HANDSHAKE | CHANGE_CIPHER_SPEC | APPLICATION_DATA, number)) = record(datagram)
            && self.newest.is_none_or(|newest| number > newest)
        {
            // A repeated record answers nothing: the peer has not seen this flight.
            self.newest = Some(number);
            self.due = None;
        }
    }

    /// A check goes once more: nobody can tell to which of the two an answer is (Karn's algorithm).
    pub(super) fn on_check_repeated(&mut self, datagram: &[u8]) {
        if let Some(id) = transaction(datagram, BINDING_REQUEST) {
            self.checks.retain(|(known, _)| *known != id);
        }
    }

    /// When [`Flights::repeat`] is to be called; `None` while nothing waits for an answer.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be sent again now, if it is time.
    pub(super) fn repeat(&mut self, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.repeated += 1;
        let wait = self.wait().saturating_mul(1 << (self.repeated - 1));
        self.due = (self.repeated < REPEATS_MAX).then(|| now + wait);
        self.flight.clone()
    }

    fn wait(&self) -> Duration {
        self.round_trip.map_or(WAIT_UNKNOWN, |rtt| (rtt * 3 / 2).clamp(WAIT_MIN, WAIT_MAX))
    }
}

/// Content type of a datagram's first DTLS record, and its epoch and number as one.
fn record(datagram: &[u8]) -> Option<(u8, u64)> {
    let header: &[u8; RECORD_HEADER] = datagram.first_chunk()?;
    // DTLS shares its port with STUN and SRTP (RFC 7983); its versions begin with 254.
    if header[1] != 254 {
        return None;
    }
    let number = header[3..11].first_chunk().map(|bytes| u64::from_be_bytes(*bytes))?;
    Some((header[0], number))
}

#[cfg(test)]
#[path = "flights_tests.rs"]
mod tests;
