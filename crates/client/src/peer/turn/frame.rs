//! STUN messages and ChannelData on a byte stream: where each begins and ends (RFC 8489 section 6.2.2, RFC 8656
//! section 12.5).
use bytes::{Bytes, BytesMut};

/// Longest message on a stream: what the 16-bit length of either kind can say, and no UDP relay sends more.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// What every STUN message carries behind its type and length (RFC 8489 section 5).
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Length of a STUN header, which its length field does not count.
const STUN_HEADER: usize = 20;
/// Length of a ChannelData header, which its length field does not count.
const CHANNEL_HEADER: usize = 4;
/// On a stream ChannelData is filled up to a multiple of this.
const CHANNEL_ALIGNMENT: usize = 4;

/// Why bytes are no message of TURN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Neither a STUN message nor ChannelData begins like this.
    #[error("this is neither a STUN message nor ChannelData")]
    NotTurn,
    /// Longer than 64 KiB.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// A datagram holds less than its header says.
    #[error("a datagram ends before its message does")]
    CutShort,
}

/// How long one message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// As a datagram.
    message: usize,
    /// On a stream, with padding.
    on_stream: usize,
}

impl Shape {
    /// By as much of the message as is there; `None` where that is too little to tell.
    fn read(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some(&[first, _, high, low]) = bytes.first_chunk() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let shape = match first >> 6 {
            0b00 if length % 4 == 0 && cookie_may_be_there(bytes) => {
                Self { message: STUN_HEADER + length, on_stream: STUN_HEADER + length }
            }
            0b01 => {
                let message = CHANNEL_HEADER + length;
                Self { message, on_stream: message.next_multiple_of(CHANNEL_ALIGNMENT) }
            }
            _ => return Err(FrameError::NotTurn),
        };
        if shape.on_stream > MESSAGE_MAX {
            Err(FrameError::TooLong(shape.on_stream))
        } else {
            Ok(Some(shape))
        }
    }
}

fn cookie_may_be_there(bytes: &[u8]) -> bool {
    bytes.iter().skip(4).zip(MAGIC_COOKIE).all(|(&byte, cookie)| byte == cookie)
}

/// Appends one datagram as it goes over a stream. Bytes behind its message, such as padding, are left out.
///
/// # Errors
/// Where the datagram is not one whole message; nothing is appended then.
pub fn encode(datagram: &[u8], stream: &mut BytesMut) -> Result<(), FrameError> {
    let shape = Shape::read(datagram)?.ok_or(FrameError::CutShort)?;
    let message = datagram.get(..shape.message).ok_or(FrameError::CutShort)?;
    stream.extend_from_slice(message);
    stream.resize(stream.len() + shape.on_stream - shape.message, 0);
    Ok(())
}

/// Takes a stream in pieces and gives whole messages. It holds one unfinished message and the newest piece at most, if
/// [`Decoder::next`] is called until it has no more.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    /// What is not yet given out: a stream's newest bytes are appended here.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole message, without padding; `None` until more has come.
    ///
    /// # Errors
    /// Where the stream is not TURN, or no longer: nothing more can be read from it.
    pub fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(shape) = Shape::read(&self.buffer)? else {
            return Ok(None);
        };
        if self.buffer.len() < shape.on_stream {
            return Ok(None);
        }
        let mut message = self.buffer.split_to(shape.on_stream);
        message.truncate(shape.message);
        Ok(Some(message.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stun(body: &[u8]) -> Vec<u8> {
        let mut message = vec![0x00, 0x01];
        message.extend_from_slice(&(body.len() as u16).to_be_bytes());
        message.extend_from_slice(&MAGIC_COOKIE);
        message.extend_from_slice(b"transaction!");
        message.extend_from_slice(body);
        message
    }

    fn channel_data(data: &[u8]) -> Vec<u8> {
        let mut message = vec![0x40, 0x01];
        message.extend_from_slice(&(data.len() as u16).to_be_bytes());
        message.extend_from_slice(data);
        message
    }

    fn decoded(stream: &[u8]) -> Result<Vec<Bytes>, FrameError> {
        let mut decoder = Decoder::default();
        decoder.buffer().extend_from_slice(stream);
        std::iter::from_fn(|| decoder.next().transpose()).collect()
    }

    #[test]
    fn channel_data_is_padded_on_the_stream_and_not_beyond_it() {
        let mut stream = BytesMut::new();
        encode(&channel_data(b"hello"), &mut stream).expect("whole");
        assert_eq!(stream[..], [&channel_data(b"hello")[..], &[0, 0, 0]].concat());
        assert_eq!(decoded(&stream), Ok(vec![Bytes::from(channel_data(b"hello"))]));
    }

    #[test]
    fn padding_that_came_with_a_datagram_does_not_count_twice() {
        let mut stream = BytesMut::new();
        encode(&[&channel_data(b"hello")[..], &[0, 0, 0]].concat(), &mut stream).expect("whole");
        assert_eq!(stream.len(), 12);
    }

    #[test]
    fn garbage_is_refused_as_soon_as_it_shows() {
        assert_eq!(decoded(b"HTTP/1.1 400 Bad Request"), Ok(vec![]), "channel 0x4854, 21,584 bytes, so far");
        assert_eq!(decoded(&[0x16, 0x03, 0x01, 0x02]), Err(FrameError::NotTurn), "a TLS record");
        assert_eq!(decoded(&[0x80, 0, 0, 0]), Err(FrameError::NotTurn));
        assert_eq!(decoded(&[0, 1, 0, 3]), Err(FrameError::NotTurn), "STUN lengths are multiples of four");
        assert_eq!(decoded(&[0, 1, 0, 4, 0x21, 0x13]), Err(FrameError::NotTurn), "no cookie");
        assert_eq!(decoded(&[0x40, 1, 0xff, 0xff]), Err(FrameError::TooLong(65_540)));
    }

    #[test]
    fn a_datagram_that_is_not_one_message_is_not_sent() {
        let mut stream = BytesMut::new();
        assert_eq!(encode(&[], &mut stream), Err(FrameError::CutShort));
        assert_eq!(encode(&channel_data(b"hello")[..8], &mut stream), Err(FrameError::CutShort));
        assert_eq!(encode(&[0xff; 32], &mut stream), Err(FrameError::NotTurn));
        assert!(stream.is_empty());
    }

    fn any_message() -> impl Strategy<Value = Vec<u8>> {
        let data = prop::collection::vec(any::<u8>(), 0..1_500);
        prop_oneof![
            data.clone().prop_map(|mut data| {
                data.truncate(data.len() / 4 * 4);
                stun(&data)
            }),
            data.prop_map(|data| channel_data(&data)),
        ]
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_the_stream_is_cut(
            messages in prop::collection::vec(any_message(), 0..8),
            piece in 1_usize..700,
        ) {
            let mut stream = BytesMut::new();
            for message in &messages {
                encode(message, &mut stream).expect("whole");
            }
            let mut decoder = Decoder::default();
            let mut out = Vec::new();
            for piece in stream.chunks(piece) {
                decoder.buffer().extend_from_slice(piece);
                while let Some(message) = decoder.next().expect("what was encoded") {
                    out.push(message.to_vec());
                }
            }
            prop_assert_eq!(out, messages);
            prop_assert!(decoder.buffer().is_empty());
        }

        #[test]
        fn any_bytes_are_messages_or_refused_and_no_more_than_one_is_held_back(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2_000), 0..80),
        ) {
            let mut decoder = Decoder::default();
            'stream: for piece in pieces {
                decoder.buffer().extend_from_slice(&piece);
                loop {
                    match decoder.next() {
                        Ok(Some(message)) => prop_assert!(message.len() <= MESSAGE_MAX),
                        Ok(None) => break,
                        Err(_) => break 'stream,
                    }
                }
                prop_assert!(decoder.buffer().len() < MESSAGE_MAX);
            }
        }
    }
}
