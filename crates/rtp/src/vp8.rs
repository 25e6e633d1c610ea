//! VP8 in RTP (RFC 7741).
use crate::{MAX_PAYLOAD, PayloadWriter, chunks};
use bytes::Bytes;

/// X (extended) and S (start of a partition) of the first octet; I (picture id follows), L (TL0PICIDX) and T and K (the
/// octet of TID, Y and KEYIDX) of the extension.
const EXTENDED: u8 = 0x80;
const START: u8 = 0x10;
const PARTITION: u8 = 0x07;
const PICTURE_ID: u8 = 0x80;
const TL0_INDEX: u8 = 0x40;
const TEMPORAL: u8 = 0x20;
const TEMPORAL_OR_KEY: u8 = 0x30;
/// Y, in the octet of TID.
const SYNC: u8 = 0x20;

/// Where a frame stands among the temporal layers (RFC 7741, section 4.2). The base layer refers to itself only.
///
/// In two chains of our own, a frame of layer 1 that is no sync refers to layer 1 only; and with a frame of the base layer that
/// is marked as sync, as key frames are, layer 1 begins anew: no frame of it from before is of any use then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// TID, 0 to 3: 0 is the base layer.
    pub index: u8,
    /// TL0PICIDX: which frame of the base layer this is, or comes after, modulo 256.
    pub base: u8,
    /// Y: refers to that frame of the base layer only.
    pub is_sync: bool,
}

/// Cuts one encoded frame into payloads, each with a descriptor that carries the 15-bit picture id, and the layer.
#[must_use]
pub fn packetize(frame: &[u8], picture_id: u16, layer: Option<Layer>) -> Vec<Bytes> {
    let [high, low] = (picture_id | 0x8000).to_be_bytes();
    let mut descriptor = vec![EXTENDED, PICTURE_ID, high, low];
    if let Some(Layer { index, base, is_sync }) = layer {
        descriptor[1] |= TL0_INDEX | TEMPORAL;
        descriptor.extend([base, index << 6 | if is_sync { SYNC } else { 0 }]);
    }
    let limit = MAX_PAYLOAD - descriptor.len();
    let count = frame.len().div_ceil(limit);
    let mut writer = PayloadWriter::with_capacity(frame.len() + count * descriptor.len());
    for (index, chunk) in chunks(frame, limit).enumerate() {
        descriptor[0] = EXTENDED | if index == 0 { START } else { 0 };
        writer.push(&descriptor, chunk);
    }
    writer.payloads
}

/// One payload without its descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Whether a frame starts here.
    pub starts_frame: bool,
    /// Its frame's layer, where it is told.
    pub layer: Option<Layer>,
    /// VP8 data.
    pub data: Bytes,
}

impl Payload {
    /// Whether a key frame starts here.
    #[must_use]
    pub fn begins_key_frame(&self) -> bool {
        self.starts_frame && is_key(&self.data)
    }
}

/// Reads a descriptor of any of the allowed shapes; `None` where it is cut short.
#[must_use]
pub fn parse(payload: &Bytes) -> Option<Payload> {
    let first = *payload.first()?;
    let (mut at, mut layer) = (1, None);
    if first & EXTENDED != 0 {
        let extension = *payload.get(at)?;
        at += 1;
        if extension & PICTURE_ID != 0 {
            // M: the picture id has 15 bits in two octets.
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        if extension & (TL0_INDEX | TEMPORAL) == TL0_INDEX | TEMPORAL {
            let (base, octet) = (*payload.get(at)?, payload.get(at + 1)?);
            layer = Some(Layer { index: octet >> 6, base, is_sync: octet & SYNC != 0 });
        }
        at += usize::from(extension & TL0_INDEX != 0);
        at += usize::from(extension & TEMPORAL_OR_KEY != 0);
    }
    (at < payload.len()).then(|| Payload {
        starts_frame: first & START != 0 && first & PARTITION == 0,
        layer,
        data: payload.slice(at..),
    })
}

/// What stands between a key frame's first octets and its size (RFC 6386, section 9.1).
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];

/// Width and height that a key frame says it has, in pixels; `None` of any other frame.
#[must_use]
pub fn size(frame: &[u8]) -> Option<(u32, u32)> {
    if !is_key(frame) || frame.get(3..6) != Some(&START_CODE) {
        return None;
    }
    // Two bits above each say how to scale what is shown.
    let side = |at: usize| {
        let octets = frame.get(at..at + 2)?.first_chunk().copied()?;
        Some(u32::from(u16::from_le_bytes(octets) & 0x3fff))
    };
    Some((side(6)?, side(8)?))
}

/// Whether a frame is a key frame: the inverse of its first bit (RFC 6386, section 9.1).
#[must_use]
pub fn is_key(frame: &[u8]) -> bool {
    frame.first().is_some_and(|octet| octet & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frame_survives_packets(
            frame in prop::collection::vec(any::<u8>(), 1..9000),
            id in 0_u16..0x8000,
            layer in prop::option::of((0_u8..4, any::<u8>(), any::<bool>())),
        ) {
            let layer = layer.map(|(index, base, is_sync)| Layer { index, base, is_sync });
            let payloads = packetize(&frame, id, layer);
            prop_assert!(payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
            let parsed: Vec<_> = payloads.iter().map(|payload| parse(payload).unwrap()).collect();
            prop_assert!(parsed[0].starts_frame && parsed[1..].iter().all(|payload| !payload.starts_frame));
            prop_assert!(parsed.iter().all(|payload| payload.layer == layer));
            let joined: Vec<u8> = parsed.iter().flat_map(|payload| payload.data.to_vec()).collect();
            prop_assert_eq!(joined, frame);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = size(&bytes);
            let _ = parse(&Bytes::from(bytes));
        }
    }

    #[test]
    fn a_key_frame_says_its_size() {
        let key = [0x10, 2, 0, 0x9d, 0x01, 0x2a, 0x00, 0x45, 0xd0, 0x02, 0];
        assert_eq!(size(&key), Some((1_280, 720)), "scaled by 5/4 across");
        assert_eq!(size(&key[..9]), None);
        assert_eq!(size(&[&[0x11], &key[1..]].concat()), None, "no key frame");
    }

    #[test]
    fn a_key_frame_begins_with_the_first_partition() {
        for (payload, key) in [
            (&[0x10, 0x00][..], true),
            (&[0x10, 0x01], false),
            // Not the start of the frame, or of another partition.
            (&[0x00, 0x00], false),
            (&[0x11, 0x00], false),
            // A long picture id, TL0PICIDX and TID.
            (&[0x90, 0xf0, 0x81, 0x23, 0x01, 0x20, 0x00], true),
            (&[0x90, 0xf0, 0x81, 0x23, 0x01, 0x20, 0x01], false),
            (&[0x90, 0x80, 0x05, 0x00], true),
            (&[0x90, 0x80], false),
            (&[], false),
        ] {
            let parsed = parse(&Bytes::from_static(payload));
            assert_eq!(parsed.is_some_and(|payload| payload.begins_key_frame()), key, "{payload:?}");
        }
    }

    #[test]
    fn every_extension_is_skipped() {
        let all = Bytes::from_static(&[0x90, 0xf0, 0x81, 0x02, 7, 0x20, 0xaa]);
        let layer = Some(Layer { index: 0, base: 7, is_sync: true });
        assert_eq!(
            parse(&all).unwrap(),
            Payload { starts_frame: true, layer, data: Bytes::from_static(&[0xaa]) }
        );
        let short_id = Bytes::from_static(&[0x90, 0x80, 0x11, 0xbb]);
        assert_eq!(parse(&short_id).unwrap().data, Bytes::from_static(&[0xbb]));
    }
}
