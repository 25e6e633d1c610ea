//! Connectivity checks of the peer, heard once more where that saves time.
//!
//! rtc-ice nominates a pair of candidates when a check comes in on one that has answered already, or else at its next round
//! of checks, up to 200 ms later. Both ends check at once, so the peer's check mostly comes just before the answer. Here it
//! is repeated after the answer, to the agent alone: a check that comes twice is nothing unusual on a network. The
//! controlled end waits to be told of a pair; there a check after the answer is repeated as well, as one that tells of it
//! (`nominate`).
use super::stun::{BINDING_REQUEST, BINDING_SUCCESS, is};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Addresses of the peer that are looked at, at a time.
const ADDRESSES_MAX: usize = 16;
/// Checks from one address are repeated so often at most: later they only keep the path alive.
const EVERY: Duration = Duration::from_secs(2);
/// A check older than this is not repeated.
const LATELY: Duration = Duration::from_secs(1);

/// What came from one address.
#[derive(Debug)]
struct Heard {
    from: SocketAddr,
    check: Option<(Instant, Bytes)>,
    /// Whether it has answered us.
    answered: bool,
    repeated: Option<Instant>,
}

/// The newest check of each address.
#[derive(Debug, Default)]
pub(super) struct Checks {
    heard: VecDeque<Heard>,
}

impl Checks {
    /// A check has come that the agent hears later.
    pub(super) fn note(&mut self, from: SocketAddr, check: &[u8], now: Instant) {
        self.of(from).check = Some((now, Bytes::copy_from_slice(check)));
    }

    fn of(&mut self, from: SocketAddr) -> &mut Heard {
        let index = self.heard.iter().position(|heard| heard.from == from).unwrap_or_else(|| {
            self.heard.truncate(ADDRESSES_MAX - 1);
            self.heard.push_front(Heard { from, check: None, answered: false, repeated: None });
            0
        });
        &mut self.heard[index]
    }

    /// Looks at what comes; the check that the agent is to hear once more, as from there.
    pub(super) fn on_received(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Option<Bytes> {
        let (is_check, is_answer) = (is(datagram, BINDING_REQUEST), is(datagram, BINDING_SUCCESS));
        if !is_check && !is_answer {
            return None;
        }
        let heard = self.of(from);
        heard.answered |= is_answer;
        if is_check {
            heard.check = Some((now, Bytes::copy_from_slice(datagram)));
        }
        let was_repeated = heard.repeated.is_some_and(|at| now.saturating_duration_since(at) < EVERY);
        if !heard.answered || was_repeated {
            return None;
        }
        let (at, check) = heard.check.take()?;
        if now.saturating_duration_since(at) >= LATELY {
            return None;
        }
        heard.repeated = Some(now);
        Some(check)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
mod tests {
    use super::{super::stun::message, *};

    #[test]
    fn a_check_that_came_before_the_answer_is_heard_once_more_after_it() {
        let (mut checks, start) = (Checks::default(), Instant::now());
        let [one, other] = ["192.0.2.1:5", "192.0.2.1:6"].map(|at| at.parse().expect("an address"));
        let ms = Duration::from_millis;
        assert_eq!(checks.on_received(one, &message(BINDING_REQUEST, 1), start), None);
        assert_eq!(
            checks.on_received(other, &message(BINDING_SUCCESS, 2), start),
            None,
            "of another address"
        );
        let again = checks.on_received(one, &message(BINDING_SUCCESS, 3), start + ms(40));
        assert_eq!(again, Some(Bytes::from(message(BINDING_REQUEST, 1))));
        for at in (500..2_000).step_by(500) {
            let heard = [
                checks.on_received(one, &message(BINDING_REQUEST, 4), start + ms(at)),
                checks.on_received(one, &message(BINDING_SUCCESS, 5), start + ms(at + 40)),
            ];
            assert_eq!(heard, [None, None], "the path is only kept alive");
        }
        let third: SocketAddr = "192.0.2.1:7".parse().expect("an address");
        assert_eq!(checks.on_received(third, &message(BINDING_REQUEST, 6), start + ms(10_000)), None);
        assert_eq!(
            checks.on_received(third, &message(BINDING_SUCCESS, 7), start + ms(11_500)),
            None,
            "long ago"
        );
        let again = checks.on_received(third, &message(BINDING_REQUEST, 8), start + ms(11_600));
        assert_eq!(again, Some(Bytes::from(message(BINDING_REQUEST, 8))), "it has answered before");
        assert_eq!(
            checks.on_received(third, &message(BINDING_REQUEST, 9), start + ms(11_700)),
            None,
            "it was repeated"
        );
    }

    #[test]
    fn any_number_of_addresses_is_held_within_bounds() {
        let (mut checks, now) = (Checks::default(), Instant::now());
        for port in 0..1_000 {
            checks.on_received(([192, 0, 2, 1], port).into(), &message(BINDING_REQUEST, 1), now);
        }
        assert_eq!(checks.heard.len(), ADDRESSES_MAX);
    }
}
