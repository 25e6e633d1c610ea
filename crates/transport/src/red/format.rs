//! The payload (RFC 2198 section 3): headers of the redundant blocks, oldest first, of the primary one, then all data.
use bytes::{BufMut, Bytes, BytesMut};

/// A redundant block must fit the 14 bits of its offset and the 10 of its length.
const OFFSET_MAX: u32 = (1 << 14) - 1;
const LENGTH_MAX: usize = (1 << 10) - 1;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it would have been sent by.
    pub payload_type: u8,
    /// How much earlier than the packet it was made, in RTP time; 0 for the primary one.
    pub offset: u32,
    /// Its payload.
    pub data: Bytes,
}

/// Whether a block can be a redundant one.
pub fn fits(block: &Block) -> bool {
    block.offset <= OFFSET_MAX && block.data.len() <= LENGTH_MAX
}

/// Encodes the blocks, the primary one last.
pub fn encode(blocks: &[Block]) -> Bytes {
    let mut payload = BytesMut::new();
    let Some((primary, redundant)) = blocks.split_last() else { return payload.freeze() };
    for block in redundant {
        payload.put_u8(0x80 | block.payload_type);
        // The length fits 10 bits: see `fits`.
        let place = (block.offset << 10) | block.data.len() as u32;
        payload.put_slice(&place.to_be_bytes()[1..]);
    }
    payload.put_u8(primary.payload_type);
    blocks.iter().for_each(|block| payload.put_slice(&block.data));
    payload.freeze()
}

/// Decodes to blocks, the primary one last; `None` for garbage.
pub fn decode(mut payload: Bytes) -> Option<Vec<Block>> {
    let mut heads = Vec::new();
    loop {
        let first = *payload.first()?;
        let payload_type = first & 0x7f;
        if first & 0x80 == 0 {
            let _head = payload.split_to(1);
            heads.push((payload_type, 0, None));
            break;
        }
        let &[_, a, b, c] = payload.first_chunk()?;
        let place = u32::from_be_bytes([0, a, b, c]);
        let _head = payload.split_to(4);
        heads.push((payload_type, place >> 10, Some((place & 0x3ff) as usize)));
    }
    let block = |(payload_type, offset, length): (u8, u32, Option<usize>)| {
        let length = length.unwrap_or(payload.len());
        let data = (length <= payload.len()).then(|| payload.split_to(length))?;
        Some(Block { payload_type, offset, data })
    };
    heads.into_iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_survive(sizes in prop::collection::vec((0_usize..1_000, 1_u32..16_000), 0..4), last in 0_usize..1_500) {
            let redundant = sizes.iter().map(|(size, offset)| (*size, *offset)).chain([(last, 0)]);
            let blocks: Vec<Block> = redundant
                .enumerate()
                .map(|(n, (size, offset))| Block { payload_type: 111, offset, data: vec![n as u8; size].into() })
                .collect();
            prop_assert_eq!(decode(encode(&blocks)), Some(blocks));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _blocks = decode(bytes.into());
        }
    }
}
