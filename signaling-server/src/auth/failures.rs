//! How often a password may be wrong: counted for each account and address, so that nobody who guesses from elsewhere
//! locks a person out.
use crate::{clock::UnixMs, sync::Shared};
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

/// Attempts without success within [`WINDOW_MS`], more than which are refused.
pub const FAILURES_MAX: usize = 10;
/// How long an attempt counts, in milliseconds.
pub const WINDOW_MS: i64 = 10 * 60 * 1000;
/// Pairs of account and address that are remembered. Two passwords are hashed at once, each in some 20 ms (measured):
/// within the window that makes 60,000 failures, so that nobody fills the table to be forgotten.
const PAIRS_MAX: usize = 64 * 1024;

/// Attempts that did not, or not yet, succeed.
#[derive(Debug, Default)]
pub struct Failures {
    /// Of names and addresses only their hash is kept, under a key that dies with the process.
    hasher: RandomState,
    attempts: Shared<HashMap<u64, VecDeque<UnixMs>>>,
}

impl Failures {
    /// Counts an attempt, as one that fails until [`Failures::succeeded`] says otherwise: attempts at once are no way
    /// around the limit.
    ///
    /// # Errors
    /// The seconds until the next attempt is welcome.
    pub fn begin(&self, username: &str, address: IpAddr, now: UnixMs) -> Result<(), u64> {
        let pair = self.pair(username, address);
        let mut attempts = self.attempts.lock();
        if !attempts.contains_key(&pair) && attempts.len() >= PAIRS_MAX {
            tracing::warn!("failed sign-ins of too many accounts and addresses to count one more");
            return Ok(());
        }
        let times = attempts.entry(pair).or_default();
        times.retain(|at| counts(*at, now));
        match times.front() {
            Some(oldest) if times.len() >= FAILURES_MAX => {
                let wait_ms = oldest.saturating_add(WINDOW_MS).saturating_sub(now);
                Err(u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1))
            }
            Some(_) | None => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    /// The person has proved to know the password.
    pub fn succeeded(&self, username: &str, address: IpAddr) {
        self.attempts.lock().remove(&self.pair(username, address));
    }

    /// Forgets attempts that no longer count.
    pub fn forget_old(&self, now: UnixMs) {
        let mut attempts = self.attempts.lock();
        attempts.retain(|_, times| times.back().is_some_and(|at| counts(*at, now)));
        attempts.shrink_to_fit();
    }

    fn pair(&self, username: &str, address: IpAddr) -> u64 {
        self.hasher.hash_one((super::names::fold(username), subscriber(address)))
    }
}

fn counts(at: UnixMs, now: UnixMs) -> bool {
    now.saturating_sub(at) < WINDOW_MS
}

/// An IPv4 address, or the /64 that one IPv6 subscriber has to itself.
#[must_use]
pub fn subscriber(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn exhausted(at: UnixMs) -> Failures {
        let failures = Failures::default();
        for _ in 0..FAILURES_MAX {
            failures.begin("ada", HOME, at).unwrap();
        }
        failures
    }

    #[test]
    fn too_many_failures_are_refused_until_the_first_is_old() {
        let failures = exhausted(0);
        assert_eq!(failures.begin("ADA", HOME, 1000), Err(599));
        assert_eq!(failures.begin("ada", HOME, WINDOW_MS - 1), Err(1));
        assert_eq!(failures.begin("ada", HOME, WINDOW_MS), Ok(()));
    }

    #[test]
    fn failures_elsewhere_or_for_others_do_not_count() {
        let failures = exhausted(0);
        assert_eq!(failures.begin("ada", ELSEWHERE, 0), Ok(()));
        assert_eq!(failures.begin("bob", HOME, 0), Ok(()));
    }

    #[test]
    fn success_forgives() {
        let failures = Failures::default();
        for _ in 0..3 * FAILURES_MAX {
            failures.begin("ada", HOME, 0).unwrap();
            failures.succeeded("Ada", HOME);
        }
    }

    #[test]
    fn what_no_longer_counts_is_forgotten() {
        let failures = exhausted(0);
        failures.forget_old(WINDOW_MS - 1);
        assert_eq!(failures.attempts.lock().len(), 1);
        failures.forget_old(WINDOW_MS);
        assert!(failures.attempts.lock().is_empty());
    }
}
