//! DTLS without the round trip that asks for a cookie.
//!
//! rtc-dtls answers a first ClientHello with a cookie, which the client repeats (RFC 6347 section 4.2.1): so nobody who
//! lies about his address gets a certificate sent to somebody else. Whatever is answered goes where ICE has found the peer,
//! so nothing is won, and a round trip lost. Here the cookie is known beforehand: it stands in the session description of the one who
//! is going to ask for it, and the client is asked for it on its own machine (`sockets/hello.rs`). What it says then is
//! what it would have said a round trip later.
use super::sockets::Knowledge;
use std::sync::Arc;
use webrtc::peer_connection::crypto::{CryptoError, RTCCrypto, RTCCryptoProvider, RTCRandom};

/// Length of rtc-dtls's cookies. It asks for so many random bytes for nothing else, which a test makes sure of.
const LENGTH: usize = 20;
/// The attribute's name in a session description, before the cookie in hexadecimal digits.
const ATTRIBUTE: &str = "a=eyeline-cookie:";

/// What a client is asked to repeat. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie([u8; LENGTH]);

impl Cookie {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// The one in the peer's description.
    pub(super) fn in_sdp(sdp: &str) -> Option<Self> {
        let digits = sdp.lines().find_map(|line| line.strip_prefix(ATTRIBUTE))?.trim_end();
        let mut cookie = [0; LENGTH];
        if digits.len() != 2 * LENGTH || !digits.is_ascii() {
            return None;
        }
        for (byte, at) in cookie.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(cookie))
    }

    /// Its line in our description.
    pub(super) fn line(&self) -> String {
        self.0.iter().fold(ATTRIBUTE.to_owned(), |line, byte| line + &format!("{byte:02x}")) + "\r\n"
    }
}

/// webrtc-rs's own cryptography, whose random source gives the cookie where one is asked for: once.
pub(super) struct WithCookie {
    inner: Arc<dyn RTCCryptoProvider>,
    knowledge: Knowledge,
}

impl WithCookie {
    /// With the cookie that is in `knowledge`.
    pub(super) fn new(inner: Arc<dyn RTCCryptoProvider>, knowledge: Knowledge) -> Self {
        Self { inner, knowledge }
    }
}

impl RTCCryptoProvider for WithCookie {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self.inner.crypto()
    }

    fn random(&self) -> &dyn RTCRandom {
        self
    }
}

impl RTCRandom for WithCookie {
    fn fill(&self, output: &mut [u8]) -> Result<(), CryptoError> {
        if output.len() == LENGTH
            && let Some(cookie) = self.knowledge.give_cookie()
        {
            output.copy_from_slice(cookie.bytes());
            return Ok(());
        }
        self.inner.random().fill(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use webrtc::peer_connection::crypto::default_provider;

    #[test]
    fn a_cookie_is_read_as_it_is_written() {
        let cookie = Cookie::random();
        assert_eq!(Cookie::in_sdp(&format!("v=0\r\n{}m=audio 9\r\n", cookie.line())), Some(cookie));
        for bad in ["", "a=eyeline-cookie:00\r\n", &cookie.line()[..40], &cookie.line().replace(':', ":+")] {
            assert_eq!(Cookie::in_sdp(bad), None, "{bad}");
        }
        let umlauts = format!("{ATTRIBUTE}{}", "ü".repeat(LENGTH));
        assert_eq!(Cookie::in_sdp(&umlauts), None);
    }

    #[test]
    fn the_cookie_is_given_once_and_for_nothing_else() {
        let (cookie, knowledge) = (Cookie::random(), Knowledge::default());
        knowledge.set_cookie(cookie);
        let provider = WithCookie::new(default_provider().expect("ring is built in"), knowledge.clone());
        let fill = |length| {
            let mut bytes = vec![0; length];
            provider.random().fill(&mut bytes).expect("random bytes");
            bytes
        };
        assert!(fill(64).windows(LENGTH).all(|bytes| bytes != cookie.bytes()));
        assert_eq!(fill(LENGTH), cookie.bytes());
        assert_ne!(fill(LENGTH), cookie.bytes());
        assert_eq!(knowledge.cookies_given(), 2);
    }
}
