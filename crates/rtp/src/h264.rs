//! H.264 in RTP (RFC 6184, packetization-mode 1): single NAL units and FU-A both ways, STAP-A read.
//!
//! Frames are byte streams with start codes (H.264 annex B) on both sides.
use crate::{MAX_PAYLOAD, PayloadWriter, chunks};
use bytes::Bytes;

const TYPE: u8 = 0x1f;
const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FU_START: u8 = 0x80;
const FU_END: u8 = 0x40;
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// Bytes of a length in an aggregate.
const LENGTH: usize = 2;

/// Cuts one access unit into payloads.
#[must_use]
pub fn packetize(frame: &[u8]) -> Vec<Bytes> {
    let mut writer = PayloadWriter::with_capacity(frame.len() + 2 * (frame.len() / MAX_PAYLOAD + 4));
    for nal in nal_units(frame) {
        let Some((header, body)) = nal.split_first() else {
            continue;
        };
        if nal.len() <= MAX_PAYLOAD {
            writer.push(&[*header], body);
            continue;
        }
        let pieces = chunks(body, MAX_PAYLOAD - 2);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.enumerate() {
            let position = if index == 0 { FU_START } else { 0 } | if index == last { FU_END } else { 0 };
            writer.push(&[(header & !TYPE) | FU_A, position | (header & TYPE)], piece);
        }
    }
    writer.payloads
}

/// The NAL units of a byte stream, without start codes.
pub fn nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = find_start(stream).map_or(&[][..], |(_, body)| &stream[body..]);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (nal, next) = match find_start(rest) {
            Some((end, body)) => (&rest[..end], &rest[body..]),
            None => (rest, &[][..]),
        };
        rest = next;
        Some(nal)
    })
    .filter(|nal| !nal.is_empty())
}

/// Where the first start code begins (with the zero before it, if any) and where it ends.
fn find_start(stream: &[u8]) -> Option<(usize, usize)> {
    let at = stream.windows(3).position(|window| window == [0, 0, 1])?;
    let begin = if at > 0 && stream[at - 1] == 0 { at - 1 } else { at };
    Some((begin, at + 3))
}

/// Appends one payload to a byte stream; `false` where it makes no sense.
pub fn append(payload: &[u8], stream: &mut Vec<u8>) -> bool {
    let Some((header, body)) = payload.split_first() else {
        return false;
    };
    match header & TYPE {
        STAP_A => append_aggregate(body, stream),
        FU_A => {
            let Some((fragment, piece)) = body.split_first() else {
                return false;
            };
            if fragment & FU_START != 0 {
                stream.extend_from_slice(&START_CODE);
                stream.push((header & !TYPE) | (fragment & TYPE));
            }
            stream.extend_from_slice(piece);
            true
        }
        1..=23 => {
            stream.extend_from_slice(&START_CODE);
            stream.extend_from_slice(payload);
            true
        }
        _ => false,
    }
}

fn append_aggregate(body: &[u8], stream: &mut Vec<u8>) -> bool {
    let mut read = 0;
    for nal in aggregated(body) {
        stream.extend_from_slice(&START_CODE);
        stream.extend_from_slice(nal);
        read += LENGTH + nal.len();
    }
    read == body.len()
}

/// The NAL units of a STAP-A behind its header (RFC 6184 section 5.7.1), as far as they are whole.
fn aggregated(mut body: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = body.split_first_chunk::<LENGTH>()?;
        let (nal, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        body = rest;
        (!nal.is_empty()).then_some(nal)
    })
}

/// Whether a decoder can begin with this payload: a sequence parameter set, alone or in an aggregate, where a delimiter or
/// SEI may go before it.
#[must_use]
pub fn starts_sequence(payload: &[u8]) -> bool {
    match payload.split_first() {
        Some((header, _)) if header & TYPE == SPS => true,
        Some((header, body)) if header & TYPE == STAP_A => {
            aggregated(body).any(|nal| nal.first().is_some_and(|header| header & TYPE == SPS))
        }
        Some(_) | None => false,
    }
}

/// Whether an access unit is a key frame: it holds an IDR slice.
#[must_use]
pub fn is_key(frame: &[u8]) -> bool {
    nal_units(frame).any(|nal| nal[0] & TYPE == IDR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(nals: &[Vec<u8>]) -> Vec<u8> {
        nals.iter().flat_map(|nal| START_CODE.iter().chain(nal).copied()).collect()
    }

    /// A NAL unit of a plain type whose bytes imitate no start code.
    fn nal() -> impl Strategy<Value = Vec<u8>> {
        (1_u8..=23, prop::collection::vec(1_u8.., 1..4000)).prop_map(|(kind, mut body)| {
            body.insert(0, 0x60 | kind);
            body
        })
    }

    proptest! {
        #[test]
        fn access_unit_survives_packets(nals in prop::collection::vec(nal(), 1..4)) {
            let frame = stream(&nals);
            let payloads = packetize(&frame);
            prop_assert!(payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
            let mut joined = Vec::new();
            prop_assert!(payloads.iter().all(|payload| append(payload, &mut joined)));
            prop_assert_eq!(joined, frame);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            append(&bytes, &mut Vec::new());
            let _ = (starts_sequence(&bytes), is_key(&bytes));
        }
    }

    #[test]
    fn aggregate_of_parameter_sets_is_read() {
        let aggregate = [0x78, 0, 2, 0x67, 1, 0, 1, 0x68];
        let mut joined = Vec::new();
        assert!(append(&aggregate, &mut joined));
        assert_eq!(joined, stream(&[vec![0x67, 1], vec![0x68]]));
        assert!(starts_sequence(&aggregate));
        let cut_off = &aggregate[..aggregate.len() - 1];
        assert!(!append(cut_off, &mut Vec::new()));
    }

    #[test]
    fn nothing_but_parameter_sets_starts_a_sequence() {
        for payload in [&[0x65, 0x88][..], &[0x7c, 0x85], &[0x78, 0x00], &[]] {
            assert!(!starts_sequence(payload), "{payload:?}");
        }
    }

    #[test]
    fn a_delimiter_may_go_before_the_parameter_sets() {
        assert!(starts_sequence(&[0x78, 0, 2, 0x09, 0x10, 0, 2, 0x67, 1]));
        assert!(!starts_sequence(&[0x78, 0, 2, 0x09, 0x10, 0, 2, 0x61, 1]));
    }

    #[test]
    fn idr_slice_makes_a_key_frame() {
        assert!(is_key(&stream(&[vec![0x67, 1], vec![0x65, 9]])));
        assert!(!is_key(&stream(&[vec![0x61, 9]])));
    }
}
