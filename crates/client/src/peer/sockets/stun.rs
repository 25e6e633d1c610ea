//! STUN messages as they pass, read and made (RFC 8489).
use bytes::Bytes;
use rtc_stun::{
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{Message, Setter},
};
use webrtc::peer_connection::crypto::default_provider;

/// Length of a header.
const HEADER: usize = 20;
/// Types of a binding request and its success response.
pub(super) const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
pub(super) const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];

/// Says which response belongs to which request.
pub(super) type TransactionId = [u8; 12];

/// Whether a datagram is a message of that type.
pub(super) fn is(datagram: &[u8], kind: [u8; 2]) -> bool {
    transaction(datagram, kind).is_some()
}

/// The transaction of a message of that type; `None` for anything else.
pub(super) fn transaction(datagram: &[u8], kind: [u8; 2]) -> Option<TransactionId> {
    let header = datagram.get(..HEADER)?;
    if header.starts_with(&kind) { header.last_chunk().copied() } else { None }
}

/// The whole message; `None` for anything else.
pub(super) fn parse(datagram: &[u8]) -> Option<Message> {
    let mut message = Message { raw: datagram.to_vec(), ..Message::default() };
    message.decode().ok().map(|()| message)
}

/// The whole message, where it is signed with this password (section 9.1).
pub(super) fn signed_by(datagram: &[u8], password: &str) -> Option<Message> {
    let (mut message, provider) = (parse(datagram)?, default_provider().ok()?);
    MessageIntegrity::check(&mut message, password.as_bytes(), provider.crypto()).ok().map(|()| message)
}

/// A message of these parts with both signatures (sections 14.5 and 14.7).
pub(super) fn signed(parts: &[Box<dyn Setter>], key: &MessageIntegrity<'_>) -> Option<Bytes> {
    let mut message = Message::new();
    message.build(parts).and_then(|()| key.add_to(&mut message)).ok()?;
    FINGERPRINT.add_to(&mut message).ok()?;
    Some(Bytes::from(message.raw))
}

/// Such a message, without attributes.
#[cfg(test)]
pub(super) fn message(kind: [u8; 2], id: u8) -> Vec<u8> {
    [&kind[..], &[0, 0, 0x21, 0x12, 0xa4, 0x42], &[id; 12]].concat()
}
