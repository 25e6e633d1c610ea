//! Connectivity checks that are not answered, sent again sooner than webrtc-rs does.
//!
//! rtc-ice checks every 200 ms. Where a fifth of all packets is lost, a check and its answer get through in two cases of
//! three, and a connection takes two of them. Here the very datagram goes again after 40 ms and after 100: who gets it
//! twice answers twice, as RFC 8489 section 6.3.1 has it. Only while there is no connection. A check that takes its pair
//! counts as answered at once here (`nominate`), and webrtc-rs does not repeat it: so that is done until it is answered.
use super::{
    nominate::is_nomination,
    stun::{BINDING_REQUEST, BINDING_SUCCESS, TransactionId, transaction},
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// When a check is sent again, after it was sent first.
const AGAIN: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(100)];
/// The same for one that takes its pair.
const TAKEN_AGAIN: [Duration; 8] = {
    let ms = Duration::from_millis;
    [AGAIN[0], AGAIN[1], ms(250), ms(500), ms(1_000), ms(2_000), ms(4_000), ms(8_000)]
};
/// Checks that are remembered: a few dozen pairs have one each.
const CHECKS_MAX: usize = 64;

#[derive(Debug)]
struct Check {
    id: TransactionId,
    to: SocketAddr,
    datagram: Bytes,
    sent: Instant,
    repeated: usize,
    again: &'static [Duration],
}

impl Check {
    fn due(&self) -> Option<Instant> {
        self.again.get(self.repeated).map(|after| self.sent + *after)
    }
}

/// The checks of one socket that wait for their answer, one for each address at a time: each of the peer's checks brings
/// forth one of ours.
#[derive(Debug, Default)]
pub(super) struct Rechecks(VecDeque<Check>);

impl Rechecks {
    /// Looks at what is sent.
    pub(super) fn on_sent(&mut self, to: SocketAddr, datagram: &[u8], now: Instant) {
        let Some(id) = transaction(datagram, BINDING_REQUEST) else { return };
        let mut again: &[Duration] = &AGAIN;
        if is_nomination(datagram) {
            again = &TAKEN_AGAIN;
            self.0.retain(|check| check.to != to);
        }
        if self.0.iter().all(|check| check.to != to) {
            self.0.truncate(CHECKS_MAX - 1);
            let datagram = Bytes::copy_from_slice(datagram);
            self.0.push_front(Check { id, to, datagram, sent: now, repeated: 0, again });
        }
    }

    /// Looks at what comes.
    pub(super) fn on_received(&mut self, datagram: &[u8]) {
        if let Some(id) = transaction(datagram, BINDING_SUCCESS) {
            self.0.retain(|check| check.id != id);
        }
    }

    /// When [`Rechecks::repeat`] is to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.iter().filter_map(Check::due).min()
    }

    /// What is to be sent again now.
    pub(super) fn repeat(&mut self, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        let mut again = Vec::new();
        for check in self.0.iter_mut().filter(|check| check.due().is_some_and(|due| due <= now)) {
            check.repeated += 1;
            again.push((check.to, check.datagram.clone()));
        }
        self.0.retain(|check| check.repeated < check.again.len());
        again
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
mod tests {
    use super::{
        super::{nominate, stun::message},
        *,
    };
    use rtc_stun::attributes::ATTR_USE_CANDIDATE;

    #[test]
    fn a_check_goes_twice_more_unless_it_is_answered() {
        let (mut checks, start, ms) = (Rechecks::default(), Instant::now(), Duration::from_millis);
        let to: SocketAddr = ([192, 0, 2, 1], 5).into();
        checks.on_sent(to, &message(BINDING_REQUEST, 2), start);
        checks.on_sent(to, &message(BINDING_REQUEST, 3), start);
        checks.on_sent(to, &message(BINDING_SUCCESS, 4), start);
        checks.on_received(&message(BINDING_SUCCESS, 2));
        assert_eq!(checks.due(), None);
        checks.on_sent(to, &message(BINDING_REQUEST, 1), start);
        assert_eq!(checks.due(), Some(start + ms(40)));
        assert!(checks.repeat(start + ms(39)).is_empty());
        let again = vec![(to, Bytes::from(message(BINDING_REQUEST, 1)))];
        assert_eq!(checks.repeat(start + ms(40)), again);
        assert_eq!(checks.due(), Some(start + ms(100)));
        assert_eq!(checks.repeat(start + ms(120)), again);
        assert_eq!(checks.due(), None);
    }

    #[test]
    fn a_check_that_takes_its_pair_goes_until_it_is_answered() {
        let (mut checks, start, ms) = (Rechecks::default(), Instant::now(), Duration::from_millis);
        let to: SocketAddr = ([192, 0, 2, 1], 5).into();
        let nomination = nominate::check(&[ATTR_USE_CANDIDATE]).expect("a check");
        checks.on_sent(to, &message(BINDING_REQUEST, 1), start);
        checks.on_sent(to, &nomination, start);
        let again: Vec<_> = (0..10_000).filter(|at| !checks.repeat(start + ms(*at)).is_empty()).collect();
        assert_eq!(again, [40, 100, 250, 500, 1_000, 2_000, 4_000, 8_000], "in the place of the other");
        checks.on_sent(to, &nomination, start);
        checks.on_received(&nominate::answer(&nomination, "secret").expect("an answer"));
        assert_eq!(checks.due(), None);
    }

    #[test]
    fn any_number_of_checks_is_held_within_bounds() {
        let (mut checks, now) = (Rechecks::default(), Instant::now());
        for port in 0..256 {
            checks.on_sent(([192, 0, 2, 1], port).into(), &message(BINDING_REQUEST, 1), now);
        }
        assert_eq!(checks.repeat(now + AGAIN[0]).len(), CHECKS_MAX);
    }
}
