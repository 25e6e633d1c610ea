//! One-time tokens: who holds one may open one socket, for one side, within ten seconds.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eyeline_client::viewer::Side;
use std::time::{Duration, Instant};

/// How long an unused token is good. The UI opens the socket at once; ten seconds cover a busy machine.
pub const TOKEN_LIFE: Duration = Duration::from_secs(10);
/// How many unused tokens there may be: a few reloads of a UI that opens two sockets. The oldest makes room.
const MOST_TOKENS: usize = 16;
/// 256 bits cannot be guessed.
const TOKEN_BYTES: usize = 32;

/// The tokens that were given out and not used yet.
#[derive(Debug, Default)]
pub struct Tokens {
    given: Vec<Given>,
}

#[derive(Debug)]
struct Given {
    token: String,
    side: Side,
    until: Instant,
}

impl Tokens {
    /// A new token for the pictures of `side`.
    pub fn issue(&mut self, side: Side, now: Instant) -> String {
        self.forget_old(now);
        if self.given.len() == MOST_TOKENS {
            self.given.remove(0);
        }
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; TOKEN_BYTES]>());
        self.given.push(Given { token: token.clone(), side, until: now + TOKEN_LIFE });
        token
    }

    /// Uses up a token. Whether it was good for the pictures of `side`.
    pub fn redeem(&mut self, token: &str, side: Side, now: Instant) -> bool {
        self.forget_old(now);
        let found = self.given.iter().position(|given| given.token == token);
        found.is_some_and(|at| self.given.remove(at).side == side)
    }

    fn forget_old(&mut self, now: Instant) {
        self.given.retain(|given| now < given.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_token_is_good_once() {
        let (mut tokens, now) = (Tokens::default(), start());
        let token = tokens.issue(Side::Remote, now);
        assert!(tokens.redeem(&token, Side::Remote, now));
        assert!(!tokens.redeem(&token, Side::Remote, now));
    }

    #[test]
    fn a_token_for_one_side_opens_no_other_and_is_spent_by_the_attempt() {
        let (mut tokens, now) = (Tokens::default(), start());
        let token = tokens.issue(Side::Own, now);
        assert!(!tokens.redeem(&token, Side::Remote, now));
        assert!(!tokens.redeem(&token, Side::Own, now));
    }

    #[test]
    fn an_unused_token_expires() {
        let (mut tokens, now) = (Tokens::default(), start());
        let token = tokens.issue(Side::Own, now);
        let other = tokens.issue(Side::Own, now);
        assert!(tokens.redeem(&token, Side::Own, now + TOKEN_LIFE - Duration::from_millis(1)));
        assert!(!tokens.redeem(&other, Side::Own, now + TOKEN_LIFE));
    }

    #[test]
    fn tokens_are_long_different_and_bounded_in_number() {
        let (mut tokens, now) = (Tokens::default(), start());
        let all: Vec<String> = (0..=MOST_TOKENS).map(|_| tokens.issue(Side::Own, now)).collect();
        assert_ne!(all[0], all[1]);
        assert_eq!(URL_SAFE_NO_PAD.decode(&all[0]).map(|bytes| bytes.len()), Ok(TOKEN_BYTES));
        assert!(!tokens.redeem(&all[0], Side::Own, now), "the oldest made room");
        assert!(tokens.redeem(&all[MOST_TOKENS], Side::Own, now));
    }

    #[test]
    fn nobody_gets_in_without_a_token() {
        assert!(!Tokens::default().redeem("", Side::Own, start()));
    }
}
