//! Datagrams that webrtc-rs is not to hear of, taken out of what a socket has received.
use std::{io::IoSliceMut, net::SocketAddr};
use webrtc::runtime::RecvMeta;

/// Keeps those of the first `count` that are wanted, in order; how many these are. What the system has put together into
/// one buffer is kept or left out together: kept where any of it is wanted.
pub(super) fn sift(
    buffers: &mut [IoSliceMut<'_>],
    meta: &mut [RecvMeta],
    count: usize,
    wanted: impl Fn(SocketAddr, &[u8]) -> bool,
) -> usize {
    let mut kept = 0;
    for at in 0..count.min(buffers.len()).min(meta.len()) {
        let (before, from_here) = buffers.split_at_mut(at);
        let Some(buffer) = from_here.first() else { break };
        let length = meta[at].len.min(buffer.len());
        let mut datagrams = buffer[..length].chunks(meta[at].stride.max(1));
        if !datagrams.any(|datagram| wanted(meta[at].addr, datagram)) {
            continue;
        }
        if kept < at {
            before[kept][..length].copy_from_slice(&buffer[..length]);
            meta[kept] = meta[at];
        }
        kept += 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

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
        meta[1].stride = 2;
        assert_eq!(sift(&mut buffers, &mut meta, 2, |_, bytes| bytes == b"ur"), 1, "half of one");
        assert_eq!(sift(&mut buffers, &mut meta, 2, |_, _| false), 0);
    }
}
