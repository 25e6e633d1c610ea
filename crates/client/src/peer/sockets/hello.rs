//! The ClientHello that carries a cookie, without the round trip that asks for it (`peer/cookie.rs`).
//!
//! ```text
//!   client's rtc-dtls   its socket          server's socket     server's rtc-dtls
//!     hello ----------> (kept)
//!          <----------- asks for the cookie
//!     hello, cookie --------------------->  makes the first ----> hello
//!                                                           <---- asks for the cookie
//!                                                          -----> hello, cookie
//! ```
//!
//! The server's own request goes out and is dropped by the client: its record's number has been used.
//!
//! Only the second hello counts for the handshake's checksum (RFC 6347 section 4.2.1), so that the first may be made up.
use super::flights::{HANDSHAKE, RECORD_HEADER as RECORD};
use bytes::{BufMut, Bytes, BytesMut};

/// Length of the header of a handshake message (RFC 6347 section 4.2.2).
const MESSAGE: usize = 12;
/// Version, time and random bytes, before the session's name.
const BEFORE_SESSION: usize = 2 + 32;
/// Which message of a handshake is meant.
const CLIENT_HELLO: u8 = 1;
const HELLO_VERIFY_REQUEST: u8 = 3;
/// DTLS 1.2 on the wire.
const VERSION: [u8; 2] = [254, 253];

/// Where a ClientHello's cookie is, in a datagram of nothing else.
struct Hello<'a> {
    datagram: &'a [u8],
    /// Of the byte that says how long it is.
    cookie_at: usize,
}

impl<'a> Hello<'a> {
    fn parse(datagram: &'a [u8]) -> Option<Self> {
        let body = datagram.get(RECORD + MESSAGE..)?;
        let length = usize::from(u16::from_be_bytes([datagram[11], datagram[12]]));
        let is_hello = datagram[0] == HANDSHAKE
            && datagram[1] == VERSION[0]
            && datagram[3..5] == [0, 0]
            && datagram[RECORD] == CLIENT_HELLO;
        // In one piece: the length of the message is that of its fragment, and no other record follows.
        let is_whole = datagram[RECORD + 1..][..3] == datagram[RECORD + 9..][..3]
            && datagram.len() == RECORD + length
            && length >= MESSAGE;
        if !is_hello || !is_whole {
            return None;
        }
        let session = usize::from(*body.get(BEFORE_SESSION)?);
        let cookie_at = RECORD + MESSAGE + BEFORE_SESSION + 1 + session;
        let hello = Self { datagram, cookie_at };
        hello.datagram.get(cookie_at + 1..)?.get(..hello.cookie_length())?;
        Some(hello)
    }

    fn cookie_length(&self) -> usize {
        usize::from(self.datagram[self.cookie_at])
    }

    fn cookie(&self) -> &'a [u8] {
        &self.datagram[self.cookie_at + 1..][..self.cookie_length()]
    }
}

/// The request for `cookie` that answers this datagram, where it is a ClientHello without one.
pub(super) fn request(datagram: &[u8], cookie: &[u8]) -> Option<Bytes> {
    Hello::parse(datagram).filter(|hello| hello.cookie().is_empty())?;
    let length = u8::try_from(cookie.len()).ok()?;
    let mut body = BytesMut::with_capacity(3 + cookie.len());
    body.put_slice(&VERSION);
    body.put_u8(length);
    body.put_slice(cookie);
    Some(message(HELLO_VERIFY_REQUEST, &body))
}

/// The first hello of the client whose second this is, where it carries `cookie`.
pub(super) fn first(datagram: &[u8], cookie: &[u8]) -> Option<Bytes> {
    let hello = Hello::parse(datagram).filter(|hello| hello.cookie() == cookie)?;
    let body =
        [&datagram[RECORD + MESSAGE..hello.cookie_at], &[0], &datagram[hello.cookie_at + 1 + cookie.len()..]];
    Some(message(CLIENT_HELLO, &body.concat()))
}

/// A datagram with one message in it, which is its sender's first.
fn message(kind: u8, body: &[u8]) -> Bytes {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let record = u16::try_from(MESSAGE + body.len()).unwrap_or(u16::MAX).to_be_bytes();
    let parts: [&[u8]; 10] = [
        &[HANDSHAKE],
        &VERSION,
        // Epoch and number of the record.
        &[0; 8],
        &record,
        &[kind],
        &length,
        // Number of the message, and where its only fragment begins.
        &[0; 2],
        &[0; 3],
        &length,
        body,
    ];
    Bytes::from(parts.concat())
}

/// Such a hello.
#[cfg(test)]
pub(super) fn hello(cookie: &[u8]) -> Bytes {
    let length = u8::try_from(cookie.len()).unwrap_or(u8::MAX);
    let body = [&VERSION, &[7; 32][..], &[2, 8, 8], &[length], cookie, &[0, 2, 0xc0, 0x2b, 1, 0]].concat();
    message(CLIENT_HELLO, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_without_a_cookie_is_asked_for_one() {
        let request = request(&hello(&[]), &[5; 20]).expect("a hello");
        assert_eq!(request[0], HANDSHAKE);
        assert_eq!(request[RECORD], HELLO_VERIFY_REQUEST);
        assert_eq!(&request[RECORD + MESSAGE..], [&VERSION[..], &[20], &[5; 20]].concat());
        assert_eq!(usize::from(request[12]), request.len() - RECORD);
        assert_eq!(super::request(&hello(&[5; 20]), &[5; 20]), None, "has it");
        assert_eq!(super::request(&hello(&[]), &[5; 300]), None, "no cookie is so long");
    }

    #[test]
    fn the_first_hello_is_the_second_without_its_cookie() {
        assert_eq!(first(&hello(&[5; 20]), &[5; 20]), Some(hello(&[])));
        assert_eq!(first(&hello(&[6; 20]), &[5; 20]), None, "another one's");
        assert_eq!(first(&hello(&[]), &[5; 20]), None);
    }

    #[test]
    fn anything_else_is_no_hello() {
        let hello = hello(&[5; 20]);
        for end in 0..hello.len() {
            assert_eq!(first(&hello[..end], &[5; 20]), None, "cut off after {end}");
        }
        for at in [0, 1, 3, 4, 11, 12, RECORD, RECORD + 3, RECORD + 11] {
            let mut other = hello.to_vec();
            other[at] ^= 1;
            assert_eq!(first(&other, &[5; 20]), None, "byte {at}");
        }
        let mut long = hello.to_vec();
        long[RECORD + MESSAGE + BEFORE_SESSION] = 255;
        assert_eq!(first(&long, &[5; 20]), None, "a session's name beyond the end");
        assert_eq!(first(&[&hello[..], &hello].concat(), &[5; 20]), None, "two");
    }
}
