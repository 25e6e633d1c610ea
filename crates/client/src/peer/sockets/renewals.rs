//! TURN requests that a server refuses because their nonce has grown old, made once more with the new one.
//!
//! A nonce holds for a time (600 s with coturn, if told so); to what comes later the server says 438 and gives another (RFC
//! 8489 section 9.2.5). rtc-turn takes that over and gives the request up (read in 0.21.1): a permission is lost, and a
//! channel that was to be kept is bound anew by another number, which the server refuses, while what comes by the first one
//! is dropped. So here the request goes out again with the new nonce, and rtc-turn hears of the answer to that. It keeps its
//! transaction, which rtc-turn knows the answer by; coturn does not mind (tried).
use super::stun::{parse, signed};
use bytes::Bytes;
use rtc_stun::{
    attributes::{
        ATTR_FINGERPRINT, ATTR_MESSAGE_INTEGRITY, ATTR_NONCE, ATTR_REALM, ATTR_USERNAME, RawAttribute,
    },
    error_code::{CODE_STALE_NONCE, ErrorCodeAttribute},
    integrity::MessageIntegrity,
    message::{Getter as _, Message, Setter},
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use webrtc::peer_connection::crypto::default_provider;

/// Types of the requests that a nonce is needed for: Allocate, Refresh, CreatePermission, ChannelBind (RFC 8656 section 17).
const REQUESTS: [[u8; 2]; 4] = [[0, 3], [0, 4], [0, 8], [0, 9]];
/// Types of the errors that answer them.
const ERRORS: [[u8; 2]; 4] = [[1, 0x13], [1, 0x14], [1, 0x18], [1, 0x19]];
/// Requests that are remembered: a few are under way at a time, with each of some servers.
const REMEMBERED: usize = 64;
/// Passwords that are known at a time: those of a day of calls whose lists are renewed every few minutes.
const PASSWORDS_MAX: usize = 512;
/// How often one request goes out again: rtc-turn repeats it meanwhile, and each repetition is refused as well.
const AGAIN_MAX: u32 = 4;

/// Shared by all sockets of a connection.
#[derive(Clone, Default)]
pub(super) struct Renewals(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// By user name.
    passwords: HashMap<String, String>,
    /// Newest first.
    sent: VecDeque<Sent>,
}

struct Sent {
    request: Message,
    again: u32,
}

/// Passwords stay out of it.
impl fmt::Debug for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewals").finish_non_exhaustive()
    }
}

impl Renewals {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These are TURN servers' users and their passwords as well: a relay lives on under the name that it was asked for with.
    pub(super) fn add_passwords(&self, passwords: HashMap<String, String>) {
        let known = &mut self.state().passwords;
        if known.len() + passwords.len() > PASSWORDS_MAX {
            known.clear();
        }
        known.extend(passwords);
    }

    /// Looks at what goes to a server.
    pub(super) fn on_sent(&self, datagram: &[u8]) {
        if !begins_with_one_of(datagram, REQUESTS) {
            return;
        }
        let Some(request) = parse(datagram).filter(|request| request.contains(ATTR_NONCE)) else { return };
        let sent = &mut self.state().sent;
        if sent.iter().all(|known| known.request.transaction_id != request.transaction_id) {
            sent.truncate(REMEMBERED - 1);
            sent.push_front(Sent { request, again: 0 });
        }
    }

    /// Looks at what comes: what is to be sent there, and then nothing is to be heard.
    pub(super) fn on_received(&self, datagram: &[u8]) -> Option<Bytes> {
        if !begins_with_one_of(datagram, ERRORS) {
            return None;
        }
        let error = parse(datagram)?;
        let mut code = ErrorCodeAttribute::default();
        code.get_from(&error).ok().filter(|()| code.code == CODE_STALE_NONCE)?;
        let nonce = error.get(ATTR_NONCE).ok()?;
        let mut state = self.state();
        let State { passwords, sent } = &mut *state;
        let sent = sent.iter_mut().find(|sent| sent.request.transaction_id == error.transaction_id)?;
        if sent.again >= AGAIN_MAX {
            return None;
        }
        sent.again += 1;
        tracing::debug!(request = %sent.request.typ, "once more, with a new nonce");
        with_nonce(&sent.request, nonce, passwords)
    }
}

fn begins_with_one_of(datagram: &[u8], types: [[u8; 2]; 4]) -> bool {
    datagram.first_chunk().is_some_and(|kind| types.contains(kind))
}

/// The same request with another nonce; `None` where nobody knows the password.
fn with_nonce(request: &Message, nonce: Vec<u8>, passwords: &HashMap<String, String>) -> Option<Bytes> {
    let text = |of| request.get(of).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, realm) = (text(ATTR_USERNAME)?, text(ATTR_REALM)?);
    let password = passwords.get(&user)?.clone();
    let mut parts: Vec<Box<dyn Setter>> = vec![Box::new(request.typ), Box::new(request.transaction_id)];
    for attribute in &request.attributes.0 {
        match attribute.typ {
            ATTR_MESSAGE_INTEGRITY | ATTR_FINGERPRINT => {}
            ATTR_NONCE => parts.push(Box::new(RawAttribute { value: nonce.clone(), ..attribute.clone() })),
            _ => parts.push(Box::new(attribute.clone())),
        }
    }
    let provider = default_provider().ok()?;
    let key =
        MessageIntegrity::new_long_term_integrity_with_provider(user, realm, password, provider.crypto());
    signed(&parts, &key.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc_stun::{attributes::ATTR_ERROR_CODE, message::MessageType, textattrs::TextAttribute};

    fn text(of: rtc_stun::attributes::AttrType, text: &str) -> Box<dyn Setter> {
        Box::new(TextAttribute::new(of, text.into()))
    }

    fn key() -> Vec<u8> {
        let provider = default_provider().expect("ring");
        let words = ["someone", "eyeline", "secret"].map(String::from);
        let [user, realm, password] = words;
        MessageIntegrity::long_term_integrity_key(user, realm, password, provider.crypto()).expect("MD5")
    }

    /// A ChannelBind with this nonce.
    fn request(id: u8, nonce: &str) -> Bytes {
        let mut kind = MessageType::default();
        kind.read_value(9);
        let parts = [
            Box::new(kind) as Box<dyn Setter>,
            Box::new(rtc_stun::message::TransactionId([id; 12])),
            text(ATTR_USERNAME, "someone"),
            text(ATTR_REALM, "eyeline"),
            text(ATTR_NONCE, nonce),
        ];
        let provider = default_provider().expect("ring");
        signed(&parts, &MessageIntegrity::new_raw_integrity_with_provider(key(), provider.crypto()))
            .expect("STUN")
    }

    /// The server's answer to it.
    fn refusal(id: u8, code: [u8; 2], nonce: &str) -> Vec<u8> {
        let mut kind = MessageType::default();
        kind.read_value(0x119);
        let mut message = Message::new();
        let parts = [
            Box::new(kind) as Box<dyn Setter>,
            Box::new(rtc_stun::message::TransactionId([id; 12])),
            Box::new(RawAttribute { typ: ATTR_ERROR_CODE, length: 4, value: vec![0, 0, code[0], code[1]] }),
            text(ATTR_NONCE, nonce),
        ];
        message.build(&parts).expect("STUN");
        message.raw
    }

    fn renewals() -> Renewals {
        let renewals = Renewals::default();
        renewals.add_passwords(HashMap::from([("someone".into(), "secret".into())]));
        renewals
    }

    #[test]
    fn a_stale_nonce_gives_way_to_a_new_one_and_nobody_hears_of_it() {
        let renewals = renewals();
        renewals.on_sent(&request(1, "old"));
        let again = renewals.on_received(&refusal(1, [4, 38], "new")).expect("once more");
        assert_eq!(again, request(1, "new"), "with both signatures over the new nonce");
        let attempts = (0..9).filter(|_| renewals.on_received(&refusal(1, [4, 38], "newer")).is_some());
        assert_eq!(attempts.count() as u32, AGAIN_MAX - 1, "not for ever");
    }

    #[test]
    fn everything_else_is_webrtcs_own_business() {
        let renewals = renewals();
        renewals.on_sent(&request(1, "old"));
        assert_eq!(renewals.on_received(&refusal(1, [4, 0], "new")), None, "another error");
        assert_eq!(renewals.on_received(&refusal(2, [4, 38], "new")), None, "another request");
        assert_eq!(renewals.on_received(&request(1, "old")), None, "no error");
        for end in 0..refusal(1, [4, 38], "new").len() {
            assert_eq!(renewals.on_received(&refusal(1, [4, 38], "new")[..end]), None, "cut off after {end}");
        }
        let stranger = Renewals::default();
        stranger.on_sent(&request(1, "old"));
        assert_eq!(stranger.on_received(&refusal(1, [4, 38], "new")), None, "nobody knows the password");
        for id in 0..200 {
            renewals.on_sent(&request(id, "old"));
        }
        for user in 0..5_000 {
            renewals.add_passwords(HashMap::from([(user.to_string(), String::new())]));
        }
        assert_eq!(renewals.state().sent.len(), REMEMBERED);
        assert!(renewals.state().passwords.len() <= PASSWORDS_MAX);
        assert!(!format!("{renewals:?}").contains("secret"));
    }
}
