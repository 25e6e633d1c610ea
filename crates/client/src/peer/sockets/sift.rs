//! Datagrams that webrtc-rs is not to hear of, taken out of what a socket has received.
use std::{io::IoSliceMut, net::SocketAddr};
use webrtc::runtime::RecvMeta;

/// Keeps those of the first `count` buffers' datagrams that are wanted, in order; how many buffers these are. The system
/// may have put several datagrams into one, all as long as the first but the last, which may be shorter.
pub(super) fn sift(
    buffers: &mut [IoSliceMut<'_>],
    meta: &mut [RecvMeta],
    count: usize,
    mut wanted: impl FnMut(SocketAddr, &[u8]) -> bool,
) -> usize {
    let mut kept = 0;
    for at in 0..count.min(buffers.len()).min(meta.len()) {
        let length = keep(&mut buffers[at], meta[at], &mut wanted);
        if length == 0 {
            continue;
        }
        meta[at].len = length;
        if kept < at {
            let (before, from_here) = buffers.split_at_mut(at);
            before[kept][..length].copy_from_slice(&from_here[0][..length]);
            meta[kept] = meta[at];
        }
        kept += 1;
    }
    kept
}

/// Keeps those of one buffer's datagrams that are wanted, at its beginning; their length.
fn keep(buffer: &mut [u8], meta: RecvMeta, wanted: &mut impl FnMut(SocketAddr, &[u8]) -> bool) -> usize {
    let (length, stride) = (meta.len.min(buffer.len()), meta.stride.max(1));
    let mut kept = 0;
    for begin in (0..length).step_by(stride) {
        let end = (begin + stride).min(length);
        if wanted(meta.addr, &buffer[begin..end]) {
            // Mostly all are wanted, and stay where they are.
            if kept < begin {
                buffer.copy_within(begin..end, kept);
            }
            kept += end - begin;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn what_is_not_wanted_is_gone_and_the_rest_closes_up() {
        let mut datagrams = [*b"one.", *b"two.", *b"no..", *b"four"];
        let mut buffers: Vec<IoSliceMut<'_>> =
            datagrams.iter_mut().map(|bytes| IoSliceMut::new(bytes)).collect();
        let mut meta = vec![RecvMeta::default(); 4];
        for (port, meta) in (1..).zip(&mut meta) {
            (meta.addr, meta.len, meta.stride) = (([192, 0, 2, 1], port).into(), 4, 4);
        }
        let kept = sift(&mut buffers, &mut meta, 4, |from, bytes| from.port() != 2 && bytes[..2] != *b"no");
        assert_eq!(kept, 2);
        assert_eq!((&buffers[0][..], &buffers[1][..]), (&b"one."[..], &b"four"[..]));
        assert_eq!((meta[0].addr.port(), meta[1].addr.port()), (1, 4));
        (meta[1].stride, meta[1].len) = (3, 4);
        assert_eq!(sift(&mut buffers, &mut meta, 2, |_, bytes| bytes == b"r"), 1, "the end of one");
        assert_eq!((buffers[0][0], meta[0].len, meta[0].stride), (b'r', 1, 3));
        let seen = Cell::new(0);
        let none = |_, _: &[u8]| {
            seen.set(seen.get() + 1);
            false
        };
        (meta[0].len, meta[0].stride) = (4, 1);
        assert_eq!(sift(&mut buffers, &mut meta, 1, none), 0);
        assert_eq!(seen.get(), 4, "each is looked at");
    }
}
