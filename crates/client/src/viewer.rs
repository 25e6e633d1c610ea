//! Where pictures go: a window, a file, or nowhere.
use bytes::Bytes;
use eyeline_media::{
    codec::VideoCodec,
    frame::{AudioBlock, MediaTime, VideoFrame},
};
use tokio::sync::watch;

/// Takes pictures as they are due. Called on media threads: an implementation must not block.
pub trait Viewer: Send + Sync + 'static {
    /// In which form the other side's pictures are wanted, now and as it changes.
    fn remote_form(&self) -> watch::Receiver<RemoteForm>;
    /// How large the other side's pictures are drawn, in pixels of the screen, now and as it changes; 0 by 0 where nobody looks.
    /// `None` where it is not known: then they are as large as they can be.
    fn remote_view(&self) -> watch::Receiver<Option<(u32, u32)>> {
        watch::channel(None).1
    }
    /// The other side's picture, decoded, at the moment at which it is to be seen.
    fn remote_decoded(&self, frame: VideoFrame);
    /// The other side's picture, as it was encoded, at the moment at which it is to be decoded and seen.
    fn remote_encoded(&self, picture: EncodedPicture);
    /// This side's own picture.
    fn own(&self, frame: VideoFrame);
    /// 10 ms of the other side's sound; `captured_at` is when it is heard here.
    fn heard(&self, _block: &AudioBlock) {}
    /// A side's camera was turned off or the call ended: what was drawn last is no longer true.
    fn cleared(&self, side: Side);
}

/// Whose picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// This side's.
    Own,
    /// The other side's.
    Remote,
}

/// The form in which the other side's pictures are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteForm {
    /// Nobody looks: decode nothing.
    Nothing,
    /// As planar YUV.
    Decoded,
    /// As they were encoded; the viewer decodes.
    Encoded,
}

/// One encoded picture.
#[derive(Debug, Clone)]
pub struct EncodedPicture {
    /// VP8 frame (RFC 6386), or H.264 access unit in Annex B form.
    pub data: Bytes,
    /// What it is encoded with.
    pub codec: VideoCodec,
    /// Whether it can be decoded without any other.
    pub key_frame: bool,
    /// Whether a later picture has been there before it: it is to be decoded, and not to be seen.
    pub is_past: bool,
    /// When it is to be seen, by this process's capture clock.
    pub shown_at: MediaTime,
}

/// A viewer that does not look.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoViewer;

impl Viewer for NoViewer {
    fn remote_form(&self) -> watch::Receiver<RemoteForm> {
        watch::channel(RemoteForm::Nothing).1
    }
    fn remote_decoded(&self, _: VideoFrame) {}
    fn remote_encoded(&self, _: EncodedPicture) {}
    fn own(&self, _: VideoFrame) {}
    fn cleared(&self, _: Side) {}
}
