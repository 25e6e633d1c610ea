//! Which addresses of the peer the agent has answered, and what the peer says of them.
//!
//! A check takes the direct path and the candidate that it is from goes by the server, so mostly the check is first. Told
//! of the candidate then, rtc-ice has the one address twice: all that comes is taken for the first, which is
//! peer-reflexive, and the second, which has the higher priority, keeps it from being nominated for up to 200 ms
//! (measured). What it has answered it has, with all of our own addresses, and need not be told of.
use eyeline_protocol::stats::CandidateType;
use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Addresses that are remembered, of each kind.
const ADDRESSES_MAX: usize = 32;
/// How much later than its first check a relay may be told of: the two ways differ by less.
const UNTOLD_FOR: Duration = Duration::from_secs(1);

/// Shared by all sockets of a connection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Callers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Newest first.
    answered: VecDeque<SocketAddr>,
    /// What the peer has told of, newest first.
    told: VecDeque<(SocketAddr, CandidateType)>,
    /// From where checks of the path in use are answered.
    path: Option<SocketAddr>,
    /// Of TURN servers, whose relay addresses are mostly theirs as well.
    relays: Vec<IpAddr>,
    /// Those there that have asked before they were told of, and when first; newest first.
    untold: VecDeque<(SocketAddr, Instant)>,
    /// Candidates of the peer's that were taken in this round of ICE.
    taken: usize,
    /// How often ICE has begun anew.
    round: u64,
    /// Whether TCP to the peer has ever carried the call.
    by_stream: bool,
    /// When the last round of ICE began.
    begun: Option<Instant>,
}

impl Callers {
    /// A check from there is answered, and so was genuine.
    pub(super) fn note(&self, from: SocketAddr) {
        let mut known = self.known();
        known.answered.retain(|address| *address != from);
        known.answered.truncate(ADDRESSES_MAX - 1);
        known.answered.push_front(from);
    }

    /// The path in use leads there.
    pub(super) fn note_path(&self, to: SocketAddr) {
        self.known().path = Some(to);
    }

    /// The peer tells of a candidate; whether the agent has it already.
    pub(in super::super) fn told(&self, candidate: SocketAddr, of_type: CandidateType) -> bool {
        let mut known = self.known();
        known.told.truncate(ADDRESSES_MAX - 1);
        known.told.push_front((candidate, of_type));
        known.answered.contains(&candidate)
    }

    /// Whether there is room for another candidate of the peer's in this round of ICE, of which there may be `most`.
    pub(in super::super) fn has_room(&self, most: usize) -> bool {
        self.known().taken < most
    }

    /// So many more of them were taken.
    pub(in super::super) fn take(&self, more: usize) {
        let mut known = self.known();
        known.taken = known.taken.saturating_add(more);
    }

    /// What the peer has said of the far end of the path in use.
    pub(in super::super) fn path_type(&self) -> Option<CandidateType> {
        let path = self.known().path?;
        self.type_of(path)
    }

    /// What the peer has said of this address of its.
    pub(super) fn type_of(&self, address: SocketAddr) -> Option<CandidateType> {
        self.known().told.iter().find(|(told, _)| *told == address).map(|(_, of_type)| *of_type)
    }

    /// How long ICE has been looking for a path, in this round.
    pub(super) fn looking_for(&self, now: Instant) -> Duration {
        self.known().begun.map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun))
    }

    /// TURN servers are at these addresses.
    pub(in super::super) fn set_relays(&self, relays: Vec<IpAddr>) {
        self.known().relays = relays;
    }

    /// Whether somebody there may be a relay that the peer is about to tell of. Not for long: a peer that shares the
    /// server's address is no relay, and one whose relay is in its description never tells of it by itself.
    pub(super) fn is_relay_untold(&self, from: SocketAddr, now: Instant) -> bool {
        let mut known = self.known();
        if !known.relays.contains(&from.ip()) || known.told.iter().any(|(address, _)| *address == from) {
            return false;
        }
        if let Some((_, since)) = known.untold.iter().find(|(address, _)| *address == from) {
            return now.saturating_duration_since(*since) < UNTOLD_FOR;
        }
        known.untold.truncate(ADDRESSES_MAX - 1);
        known.untold.push_front((from, now));
        true
    }

    /// ICE begins anew, and knows nobody.
    pub(in super::super) fn clear(&self, now: Instant) {
        let mut known = self.known();
        let (relays, round, by_stream) =
            (std::mem::take(&mut known.relays), known.round + 1, known.by_stream);
        *known = Known { relays, round, by_stream, begun: Some(now), ..Known::default() };
    }

    /// How often that was.
    pub(in super::super) fn round(&self) -> u64 {
        self.known().round
    }

    /// TCP to the peer carries the call.
    pub(super) fn note_stream(&self) {
        self.known().by_stream = true;
    }

    /// Whether it ever did.
    pub(in super::super) fn needs_streams(&self) -> bool {
        self.known().by_stream
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
mod tests {
    use super::*;

    #[test]
    fn who_was_answered_is_known_until_ice_begins_anew() {
        let (callers, now) = (Callers::default(), Instant::now());
        let [one, other] = [5, 6].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        callers.note(one);
        assert!(callers.told(one, CandidateType::Relay) && !callers.told(other, CandidateType::Host));
        assert_eq!(callers.path_type(), None);
        callers.note_path(one);
        assert_eq!(callers.path_type(), Some(CandidateType::Relay));
        for port in 1_000..2_000 {
            callers.note(([192, 0, 2, 1], port).into());
            callers.told(([192, 0, 2, 1], port).into(), CandidateType::Host);
        }
        {
            let known = callers.known();
            assert_eq!((known.answered.len(), known.told.len()), (ADDRESSES_MAX, ADDRESSES_MAX));
        }
        callers.take(2);
        assert!(callers.has_room(3));
        callers.take(1);
        assert!(!callers.has_room(3));
        callers.clear(now);
        assert!(callers.has_room(3), "another round");
        assert!(!callers.told(one, CandidateType::Host));
        assert_eq!(callers.looking_for(now + UNTOLD_FOR), UNTOLD_FOR);
    }

    #[test]
    fn a_relay_is_nobody_until_it_was_told_of_or_a_second_has_passed() {
        let (callers, now) = (Callers::default(), Instant::now());
        let [relay, machine] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|ip| SocketAddr::from((ip, 50_000)));
        callers.set_relays(vec![relay.ip()]);
        assert!(callers.is_relay_untold(relay, now) && !callers.is_relay_untold(machine, now));
        callers.told(relay, CandidateType::Relay);
        assert!(!callers.is_relay_untold(relay, now));
        callers.clear(now);
        assert_eq!(callers.round(), 1);
        assert!(!callers.needs_streams());
        callers.note_stream();
        callers.clear(now);
        assert!(callers.needs_streams(), "what one round needed, the next will");
        assert!(callers.is_relay_untold(relay, now), "of the next round nobody has told");
        assert!(callers.is_relay_untold(relay, now + UNTOLD_FOR / 2));
        assert!(!callers.is_relay_untold(relay, now + UNTOLD_FOR), "nobody ever tells");
    }
}
