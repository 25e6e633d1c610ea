//! Round trips that a connection need not wait for: [`nominate`] and [`hello`], with what is known of the peer.
use super::{super::config::SHOWN_WAIT, Callers, hello, knowledge::Knowledge, nominate};
use bytes::Bytes;
use eyeline_protocol::stats::CandidateType;
use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// What is left out on one socket. Only between the machines themselves: what goes through a relay is not seen here, at
/// one end at least.
#[derive(Debug)]
pub(super) struct Shortcuts {
    knowledge: Knowledge,
    callers: Callers,
    /// The newest hello with our cookie, and the one before it: webrtc-rs hears of neither before it has taken a pair.
    hellos: Mutex<Option<(SocketAddr, [Bytes; 2])>>,
}

impl Shortcuts {
    pub(super) fn new(knowledge: Knowledge, callers: Callers) -> Self {
        Self { knowledge, callers, hellos: Mutex::default() }
    }

    /// What webrtc-rs is to hear from there, where a datagram need not be sent there: the request for the peer's cookie.
    pub(super) fn in_place_of(&self, to: SocketAddr, datagram: &[u8]) -> Option<Bytes> {
        let cookie = self.knowledge.their_cookie().filter(|_| self.is_direct(to))?;
        hello::request(datagram, cookie.bytes())
    }

    /// What is to go there before a datagram: the first hello, where it was withheld on another path and may be missed here.
    pub(super) fn before(&self, to: SocketAddr, datagram: &[u8]) -> Option<Bytes> {
        let cookie = self.knowledge.their_cookie().filter(|_| !self.is_direct(to))?;
        hello::first(datagram, cookie.bytes())
    }

    /// What webrtc-rs is to hear from there at once, since this was sent: the answer to a nomination, and what it has not
    /// listened to before.
    pub(super) fn after_sent(&self, to: SocketAddr, datagram: &[u8]) -> Vec<Bytes> {
        if !nominate::is_nomination(datagram) {
            return Vec::new();
        }
        let answer = self.knowledge.remote_password().and_then(|key| nominate::answer(datagram, &key));
        if answer.is_some() {
            self.knowledge.note_assumed();
        }
        let hellos = self.hellos.lock().unwrap_or_else(PoisonError::into_inner);
        let early = hellos.iter().filter(|(from, _)| *from == to).flat_map(|(_, hellos)| hellos.clone());
        answer.into_iter().chain(early).collect()
    }

    /// What webrtc-rs is to hear in place of what has come from there: of a hello with our cookie, the one before it as well.
    pub(super) fn in_place_of_received(&self, from: SocketAddr, datagram: &[u8]) -> Option<[Bytes; 2]> {
        let cookie = self.knowledge.our_cookie()?;
        let first = hello::first(datagram, cookie.bytes())?;
        self.knowledge.note_made_up();
        let hellos = [first, Bytes::copy_from_slice(datagram)];
        *self.hellos.lock().unwrap_or_else(PoisonError::into_inner) = Some((from, hellos.clone()));
        Some(hellos)
    }

    /// A check that is to be heard once more, for its pair has answered: where it may be, as one that takes the pair.
    pub(super) fn heard_again(&self, from: SocketAddr, check: Bytes, now: Instant) -> Bytes {
        let is_awaited = match self.callers.type_of(from) {
            Some(CandidateType::Host) => true,
            Some(CandidateType::Srflx) => self.callers.looking_for(now) > SHOWN_WAIT,
            Some(CandidateType::Prflx | CandidateType::Relay) | None => false,
        };
        let key = self.knowledge.password_of_own_kind().filter(|_| is_awaited);
        key.and_then(|key| nominate::nomination(&check, &key)).unwrap_or(check)
    }

    fn is_direct(&self, address: SocketAddr) -> bool {
        matches!(self.callers.type_of(address), Some(CandidateType::Host | CandidateType::Srflx))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::cookie::Cookie,
        super::stun::{BINDING_SUCCESS, is},
        *,
    };
    use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_USE_CANDIDATE};
    use std::time::Duration;

    const SDP: &str = "v=0\r\na=ice-pwd:secret\r\n";

    fn addresses() -> [SocketAddr; 3] {
        [5, 6, 7].map(|port| ([192, 0, 2, 1], port).into())
    }

    /// Of two of our clients, with a direct address, a relay, and one that nobody has told of.
    fn shortcuts(is_ours: bool) -> (Shortcuts, Cookie, Cookie) {
        let (knowledge, callers) = (Knowledge::default(), Callers::default());
        let (ours, theirs) = (Cookie::random(), Cookie::random());
        knowledge.set_cookie(ours);
        knowledge.set_local(SDP);
        knowledge.set_remote(&format!("{SDP}{}", theirs.line()), is_ours);
        let [direct, relay, _] = addresses();
        callers.told(direct, CandidateType::Host);
        callers.told(relay, CandidateType::Relay);
        (Shortcuts::new(knowledge, callers), ours, theirs)
    }

    #[test]
    fn the_first_hello_stays_here_unless_it_may_go_through_a_relay() {
        let ([direct, relay, unknown], (shortcuts, _, theirs)) = (addresses(), shortcuts(true));
        let first = hello::hello(&[]);
        assert_eq!(shortcuts.in_place_of(direct, &first), hello::request(&first, theirs.bytes()));
        for other in [relay, unknown] {
            assert_eq!(shortcuts.in_place_of(other, &first), None);
        }
        let second = hello::hello(theirs.bytes());
        assert_eq!(shortcuts.in_place_of(direct, &second), None, "the second goes out");
        assert_eq!([direct, relay].map(|to| shortcuts.before(to, &second)), [None, Some(first.clone())]);
        shortcuts.knowledge.set_remote(SDP, true);
        assert_eq!(shortcuts.in_place_of(direct, &first), None, "no cookie was told");
    }

    #[test]
    fn a_nomination_is_answered_and_then_the_hellos_are_heard_that_came_before_it() {
        let ([one, other, _], (shortcuts, ours, _)) = (addresses(), shortcuts(true));
        let nomination = nominate::check(&[ATTR_ICE_CONTROLLING, ATTR_USE_CANDIDATE]).expect("a check");
        assert_eq!(shortcuts.in_place_of_received(one, &hello::hello(&[9; 20])), None, "not our cookie");
        let second = hello::hello(ours.bytes());
        let hellos = shortcuts.in_place_of_received(one, &second).expect("both");
        assert_eq!(hellos, [hello::hello(&[]), second]);
        let heard = shortcuts.after_sent(one, &nomination);
        assert!(is(&heard[0], BINDING_SUCCESS) && heard[1..] == hellos);
        assert_eq!(shortcuts.after_sent(other, &nomination).len(), 1);
        assert_eq!(shortcuts.knowledge.assumed(), 2);
        let check = nominate::check(&[ATTR_ICE_CONTROLLING]).expect("a check");
        assert!(shortcuts.after_sent(one, &check).is_empty(), "takes no pair");
    }

    #[test]
    fn a_check_takes_its_pair_between_our_own_clients_and_without_a_relay() {
        #[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
        let now = Instant::now();
        let [direct, relay, unknown] = addresses();
        let check = nominate::check(&[ATTR_ICE_CONTROLLING]).expect("a check");
        let takes = |is_ours, from, of_type, after| {
            let (shortcuts, ..) = shortcuts(is_ours);
            shortcuts.callers.clear(now);
            for (address, of_type) in [(from, of_type), (relay, Some(CandidateType::Relay))] {
                of_type.map(|of_type| shortcuts.callers.told(address, of_type));
            }
            let heard = shortcuts.heard_again(from, check.clone(), now + after);
            assert!(heard == check || nominate::is_nomination(&heard));
            heard != check
        };
        let (at_once, later) = (Duration::ZERO, SHOWN_WAIT * 2);
        assert!(takes(true, direct, Some(CandidateType::Host), at_once));
        assert!(!takes(true, direct, Some(CandidateType::Srflx), at_once), "others go before it");
        assert!(takes(true, direct, Some(CandidateType::Srflx), later));
        assert!(!takes(true, relay, None, later) && !takes(true, unknown, None, later));
        assert!(!takes(false, direct, Some(CandidateType::Host), later), "a foreign peer's");
    }
}
