//! What crosses the feed's socket: pictures to the UI as binary messages, wishes from the UI as JSON text.
//!
//! A binary message is a 24-byte header, little-endian, and the picture:
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | u8 | kind: 0 cleared (no picture follows), 1 encoded picture, 2 I420 |
//! | 1 | u8 | codec: 0 none, 1 VP8, 2 H.264 in Annex B form |
//! | 2 | u8 | flags: bit 0 key frame; bit 1 past: to be decoded for those that refer to it, and not to be seen |
//! | 3 | u8 | 0 |
//! | 4 | u16 | width in pixels; 0 where only the bit stream knows |
//! | 6 | u16 | height in pixels; 0 where only the bit stream knows |
//! | 8 | u64 | microseconds by the capture clock: when it is to be seen (encoded) or was captured (I420) |
//! | 16 | u64 | 0 |
//!
//! I420: the planes Y, U, V without padding, chroma of half width and half height.
use eyeline_client::viewer::EncodedPicture;
use eyeline_media::{
    codec::VideoCodec,
    frame::{I420, MediaTime},
};
use serde::Deserialize;

/// Length of the header, in bytes.
pub const HEADER_LEN: usize = 24;

const KIND_CLEARED: u8 = 0;
const KIND_ENCODED: u8 = 1;
const KIND_I420: u8 = 2;
const FLAG_KEY_FRAME: u8 = 1;
const FLAG_PAST: u8 = 2;

/// A codec of which the UI may have a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// RFC 6386.
    Vp8,
    /// ITU-T H.264, Annex B.
    H264,
    /// One that this program never sends.
    #[serde(other)]
    Unknown,
}

impl Codec {
    fn byte(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Vp8 => 1,
            Self::H264 => 2,
        }
    }
}

impl From<VideoCodec> for Codec {
    fn from(codec: VideoCodec) -> Self {
        match codec {
            VideoCodec::Vp8 => Self::Vp8,
            VideoCodec::H264 => Self::H264,
        }
    }
}

/// In which form the UI wants pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As they were encoded, for the codecs named; I420 for all others.
    Encoded,
    /// As planar YUV.
    I420,
}

/// How the UI wants pictures. Sent on opening, and whenever the drawn size or the ability to decode changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Want {
    /// Form.
    pub mode: Mode,
    /// What it can decode by itself.
    #[serde(default)]
    pub codecs: Vec<Codec>,
    /// Width at which the picture is drawn, in device pixels; no I420 picture is wider. 0: nothing is drawn.
    pub width: u32,
    /// Height at which the picture is drawn, in device pixels; no I420 picture is higher. 0: nothing is drawn.
    pub height: u32,
}

impl Want {
    /// Whether pictures of this codec are to be sent as they were encoded.
    #[must_use]
    pub fn takes_encoded(&self, codec: Codec) -> bool {
        self.mode == Mode::Encoded && codec != Codec::Unknown && self.codecs.contains(&codec)
    }

    /// Whether anything is drawn at all.
    #[must_use]
    pub fn looks(&self) -> bool {
        self.width > 0 && self.height > 0
    }
}

/// What the UI says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromUi {
    /// How pictures are wanted from now on.
    Want(Want),
    /// The last I420 picture has been taken; the next may come.
    Ready,
    /// The decoder cannot go on without a key frame.
    KeyFrame,
}

/// The message that says: what was drawn last is no longer true.
#[must_use]
pub fn cleared() -> Vec<u8> {
    header(KIND_CLEARED, 0, 0, (0, 0), MediaTime(0)).to_vec()
}

/// The message that carries an encoded picture.
#[must_use]
pub fn encoded(picture: &EncodedPicture) -> Vec<u8> {
    let flags = (u8::from(picture.key_frame) * FLAG_KEY_FRAME) | (u8::from(picture.is_past) * FLAG_PAST);
    let head = header(KIND_ENCODED, Codec::from(picture.codec).byte(), flags, (0, 0), picture.shown_at);
    [&head, picture.data.as_ref()].concat()
}

/// The message that carries a decoded picture.
#[must_use]
pub fn i420(image: &I420, captured_at: MediaTime) -> Vec<u8> {
    let head = header(KIND_I420, 0, 0, (image.width(), image.height()), captured_at);
    [&head, image.as_bytes()].concat()
}

fn header(kind: u8, codec: u8, flags: u8, size: (u32, u32), at: MediaTime) -> [u8; HEADER_LEN] {
    let [width, height] = [size.0, size.1].map(|pixels| u16::try_from(pixels).unwrap_or(u16::MAX));
    let mut head = [0; HEADER_LEN];
    head[..3].copy_from_slice(&[kind, codec, flags]);
    head[4..6].copy_from_slice(&width.to_le_bytes());
    head[6..8].copy_from_slice(&height.to_le_bytes());
    head[8..16].copy_from_slice(&u64::try_from(at.0).unwrap_or(0).to_le_bytes());
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn parse(text: &str) -> Option<FromUi> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn an_encoded_picture_has_these_very_bytes() {
        let picture = EncodedPicture {
            data: Bytes::from_static(&[0xaa, 0xbb]),
            codec: VideoCodec::H264,
            key_frame: true,
            is_past: false,
            shown_at: MediaTime(0x0102_0304_0506),
        };
        let mut want = vec![1, 2, 1, 0, 0, 0, 0, 0, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        want.extend([0xaa, 0xbb]);
        assert_eq!(encoded(&picture), want);
        let delta = EncodedPicture { codec: VideoCodec::Vp8, key_frame: false, ..picture };
        assert_eq!(encoded(&delta)[..4], [1, 1, 0, 0]);
        assert_eq!(encoded(&EncodedPicture { is_past: true, ..delta })[..4], [1, 1, 2, 0]);
    }

    #[test]
    fn a_decoded_picture_has_these_very_bytes() {
        let message = i420(&I420::black(4, 2), MediaTime(258));
        let mut want = vec![2, 0, 0, 0, 4, 0, 2, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        want.extend([16; 8]);
        want.extend([128; 4]);
        assert_eq!(message, want);
    }

    #[test]
    fn cleared_is_a_header_of_zeros() {
        assert_eq!(cleared(), [0; HEADER_LEN]);
    }

    #[test]
    fn a_time_before_the_clock_began_is_sent_as_its_beginning() {
        assert_eq!(i420(&I420::black(2, 2), MediaTime(-5))[8..16], [0; 8]);
    }

    #[test]
    fn the_wishes_of_the_ui_are_read() {
        let text = r#"{"type":"want","mode":"encoded","codecs":["vp8","av1"],"width":640,"height":480}"#;
        let Some(FromUi::Want(want)) = parse(text) else { panic!("not a want: {text}") };
        assert!(want.looks() && want.takes_encoded(Codec::Vp8));
        assert!(!want.takes_encoded(Codec::H264) && !want.takes_encoded(Codec::Unknown));
        assert_eq!(parse(r#"{"type":"ready"}"#), Some(FromUi::Ready));
        assert_eq!(parse(r#"{"type":"key_frame"}"#), Some(FromUi::KeyFrame));
    }

    #[test]
    fn in_i420_mode_no_codec_is_sent_encoded() {
        let text = r#"{"type":"want","mode":"i420","codecs":["vp8"],"width":1,"height":1}"#;
        let Some(FromUi::Want(want)) = parse(text) else { panic!("not a want: {text}") };
        assert!(!want.takes_encoded(Codec::Vp8));
    }

    #[test]
    fn what_is_not_a_wish_is_refused() {
        for text in
            ["", "{}", r#"{"type":"format_disk"}"#, r#"{"type":"want","mode":"i420","width":-1,"height":1}"#]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
