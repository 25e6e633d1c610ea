//! A pair of candidates that has answered, taken without another round trip.
//!
//! rtc-ice takes a pair when a check that says so (USE-CANDIDATE) has been answered, the controlled end when it has come.
//! That is a round trip more than is needed to know that the pair works, for either end. Here the controlling end hears the
//! answer to that check as soon as it leaves, and the controlled one, where both are ours, hears the peer's check as one
//! that says so, once its own is answered. The check goes out all the same, and again until it is answered.
//!
//! The controlled end keeps what it took (read in rtc-ice): of several pairs that work the two ends may take different
//! ones, each in its own direction. Both work both ways. It waits as long as the controlling end for those that others
//! have shown.
use super::stun::{self, BINDING_REQUEST, is, parse};
use bytes::Bytes;
use rtc_stun::{
    attributes::{
        ATTR_FINGERPRINT, ATTR_ICE_CONTROLLING, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, RawAttribute,
    },
    integrity::MessageIntegrity,
    message::{BINDING_REQUEST as REQUEST, BINDING_SUCCESS as SUCCESS, Setter},
};
use webrtc::peer_connection::crypto::default_provider;

/// Whether a datagram is a check that takes its pair.
pub(super) fn is_nomination(datagram: &[u8]) -> bool {
    is(datagram, BINDING_REQUEST) && parse(datagram).is_some_and(|check| check.contains(ATTR_USE_CANDIDATE))
}

/// The answer to such a check of ours, as the peer would sign it.
pub(super) fn answer(check: &[u8], remote_password: &str) -> Option<Bytes> {
    let check = parse(check).filter(|check| check.contains(ATTR_USE_CANDIDATE))?;
    signed(&[Box::new(SUCCESS), Box::new(check.transaction_id)], remote_password)
}

/// The controlling peer's check as one that takes its pair; `None` where it is none, does so already, or is not signed.
pub(super) fn nomination(check: &[u8], local_password: &str) -> Option<Bytes> {
    let check = stun::signed_by(check, local_password)
        .filter(|check| check.contains(ATTR_ICE_CONTROLLING) && !check.contains(ATTR_USE_CANDIDATE))?;
    let mut parts: Vec<Box<dyn Setter>> = vec![Box::new(REQUEST), Box::new(check.transaction_id)];
    let signatures = [ATTR_MESSAGE_INTEGRITY, ATTR_FINGERPRINT];
    for attribute in check.attributes.0.into_iter().filter(|known| !signatures.contains(&known.typ)) {
        parts.push(Box::new(attribute));
    }
    parts.push(Box::new(RawAttribute { typ: ATTR_USE_CANDIDATE, ..RawAttribute::default() }));
    signed(&parts, local_password)
}

/// A message of these parts, with the peer's or our own password as the key (RFC 8489 section 9.1).
fn signed(parts: &[Box<dyn Setter>], password: &str) -> Option<Bytes> {
    let provider = default_provider().ok()?;
    let key = MessageIntegrity::new_short_term_integrity_with_provider(password.into(), provider.crypto());
    stun::signed(parts, &key)
}

/// A check with these attributes.
#[cfg(test)]
pub(super) fn check(attributes: &[rtc_stun::attributes::AttrType]) -> Option<Bytes> {
    use rtc_stun::{attributes::ATTR_USERNAME, message::TransactionId, textattrs::TextAttribute};
    let mut parts: Vec<Box<dyn Setter>> = vec![
        Box::new(REQUEST),
        Box::new(TransactionId([3; 12])),
        Box::new(TextAttribute::new(ATTR_USERNAME, "us:them".into())),
    ];
    for &typ in attributes {
        parts.push(Box::new(RawAttribute { typ, ..RawAttribute::default() }));
    }
    signed(&parts, "secret")
}

#[cfg(test)]
mod tests {
    use super::{super::stun::transaction, *};
    use rtc_stun::attributes::{ATTR_USERNAME, AttrType};
    use rtc_stun::fingerprint::FINGERPRINT;

    fn controlling(more: &[AttrType]) -> Bytes {
        check(&[&[ATTR_ICE_CONTROLLING], more].concat()).expect("a check")
    }

    fn is_signed(message: &[u8], password: &str) -> bool {
        stun::signed_by(message, password).is_some()
            && FINGERPRINT.check(&parse(message).expect("STUN")).is_ok()
    }

    #[test]
    fn a_nomination_is_answered_as_the_peer_would() {
        let check = controlling(&[ATTR_USE_CANDIDATE]);
        assert!(is_nomination(&check));
        let answer = answer(&check, "theirs").expect("an answer");
        assert_eq!(transaction(&answer, super::super::stun::BINDING_SUCCESS), Some([3; 12]));
        assert!(is_signed(&answer, "theirs") && !is_signed(&answer, "another"));
    }

    #[test]
    fn a_controlling_peers_check_becomes_a_nomination() {
        let nomination = nomination(&controlling(&[]), "secret").expect("a check");
        assert!(is_nomination(&nomination) && is_signed(&nomination, "secret"));
        let (before, after) = (parse(&controlling(&[])).expect("STUN"), parse(&nomination).expect("STUN"));
        assert_eq!(before.transaction_id, after.transaction_id);
        assert_eq!(after.get(ATTR_USERNAME).expect("a name"), b"us:them");
    }

    #[test]
    fn other_messages_are_left_alone() {
        assert!(!is_nomination(&controlling(&[])) && answer(&controlling(&[]), "x").is_none());
        assert!(nomination(&controlling(&[ATTR_USE_CANDIDATE]), "secret").is_none(), "is one");
        assert!(nomination(&check(&[]).expect("a check"), "secret").is_none(), "not the controlling end's");
        assert!(nomination(&controlling(&[]), "another").is_none(), "nobody knows whose");
        for end in 0..controlling(&[]).len() {
            assert!(nomination(&controlling(&[])[..end], "secret").is_none(), "cut off after {end}");
        }
        assert!(!is_nomination(b"") && !is_nomination(&[0, 1, 0, 0]));
    }
}
