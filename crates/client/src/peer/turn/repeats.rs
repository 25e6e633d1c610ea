//! Requests that webrtc-rs repeats because it believes that it speaks over UDP.
use std::collections::VecDeque;

/// Requests that are remembered: a client has a few under way, and repeats each for seconds.
const REMEMBERED: usize = 32;
/// Bits of the message type that are clear in a request, and in nothing else (RFC 8489 section 5); the upper two bits
/// are clear in every STUN message.
const NOT_A_REQUEST: [u8; 2] = [0xc1, 0x10];
/// Length of a STUN header.
const HEADER: usize = 20;

/// What has gone over one connection. A stream loses nothing, so nothing is to be repeated on it (RFC 8489 section
/// 6.2.2), and some servers answer a second Allocate with an error.
#[derive(Debug, Default)]
pub struct Requests {
    sent: VecDeque<Box<[u8]>>,
}

impl Requests {
    /// Whether this STUN request was given before, to the byte; else it is remembered. One that has another nonce is another.
    pub fn is_repeat(&mut self, datagram: &[u8]) -> bool {
        if !is_request(datagram) {
            return false;
        }
        let repeat = self.sent.iter().any(|sent| **sent == *datagram);
        if !repeat {
            self.sent.truncate(REMEMBERED - 1);
            self.sent.push_front(datagram.into());
        }
        repeat
    }
}

fn is_request(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER && datagram[0] & NOT_A_REQUEST[0] == 0 && datagram[1] & NOT_A_REQUEST[1] == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, id: u8) -> Vec<u8> {
        let mut message = kind.to_be_bytes().to_vec();
        message.extend_from_slice(&[0, 0, 0x21, 0x12, 0xa4, 0x42]);
        message.extend_from_slice(&[id; 12]);
        message
    }

    #[test]
    fn only_a_request_that_went_before_is_a_repeat() {
        let mut requests = Requests::default();
        let (allocate, refresh, send_indication) =
            (message(0x0003, 1), message(0x0004, 2), message(0x0016, 3));
        assert!(!requests.is_repeat(&allocate));
        assert!(!requests.is_repeat(&refresh));
        assert!(requests.is_repeat(&allocate));
        let with_another_nonce = [&allocate[..], &[0, 0x15, 0, 0]].concat();
        assert!(!requests.is_repeat(&with_another_nonce));
        assert!(!requests.is_repeat(&send_indication) && !requests.is_repeat(&send_indication));
        let media = [&[0x40, 0x01][..], &[7; 30]].concat();
        assert!(!requests.is_repeat(&media) && !requests.is_repeat(&media));
        assert!(!requests.is_repeat(&[0]) && !requests.is_repeat(&[]));
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let mut requests = Requests::default();
        for id in 0..=u8::try_from(REMEMBERED).expect("small") {
            assert!(!requests.is_repeat(&message(0x0003, id)));
        }
        assert_eq!(requests.sent.len(), REMEMBERED);
        assert!(requests.is_repeat(&message(0x0003, 1)));
        assert!(!requests.is_repeat(&message(0x0003, 0)));
    }
}
