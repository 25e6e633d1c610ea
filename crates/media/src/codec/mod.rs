//! Encoders and decoders behind two small traits; each runs on its pipeline's own OS thread.
#[cfg(feature = "h264")]
mod h264;
pub mod opus;
#[cfg(feature = "vp8")]
mod vp8;

use crate::frame::{I420, MediaTime};
use std::sync::Arc;
use thiserror::Error;

/// Most pixels of a picture that is decoded: 4096x2304. VP8 has a place for 268 million, which take a decoder 1.6 GB.
const PIXELS_MAX: u64 = 4096 * 2304;

/// A video coding format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    /// RFC 6386.
    Vp8,
    /// Constrained baseline, packetization-mode 1.
    H264,
}

impl VideoCodec {
    /// What this build can encode and decode, the preferred one first.
    pub const AVAILABLE: &'static [Self] = &[
        #[cfg(feature = "vp8")]
        Self::Vp8,
        #[cfg(feature = "h264")]
        Self::H264,
    ];

    /// Name in SDP (`a=rtpmap`), compared without case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::H264 => "H264",
        }
    }

    /// Implementation that is behind the traits.
    #[must_use]
    pub fn implementation(self) -> &'static str {
        match self {
            Self::Vp8 => "libvpx",
            Self::H264 => "OpenH264",
        }
    }

    /// Whether a frame from the network says that its picture has more pixels than any that is decoded. H.264's decoder
    /// keeps to its own bound, which is the same (level 5.2).
    #[must_use]
    pub fn is_too_large(self, frame: &[u8]) -> bool {
        let size = if self == Self::Vp8 { eyeline_rtp::vp8::size(frame) } else { None };
        size.is_some_and(|(width, height)| u64::from(width) * u64::from(height) > PIXELS_MAX)
    }

    /// Whether its pictures can be sent in two chains.
    #[must_use]
    pub fn makes_chains(self) -> bool {
        self == Self::Vp8
    }

    /// A new encoder.
    ///
    /// # Errors
    /// [`CodecError`], also where this build lacks the codec.
    pub fn encoder(self, settings: EncoderSettings) -> Result<Box<dyn VideoEncoder>, CodecError> {
        match self {
            #[cfg(feature = "vp8")]
            Self::Vp8 => Ok(Box::new(vp8::Vp8Encoder::new(settings)?)),
            #[cfg(feature = "h264")]
            Self::H264 => Ok(Box::new(h264::H264Encoder::new(settings)?)),
            #[cfg(not(all(feature = "vp8", feature = "h264")))]
            missing => {
                let _ = settings;
                Err(CodecError::Missing(missing.name()))
            }
        }
    }

    /// A new decoder.
    ///
    /// # Errors
    /// As [`Self::encoder`].
    pub fn decoder(self) -> Result<Box<dyn VideoDecoder>, CodecError> {
        match self {
            #[cfg(feature = "vp8")]
            Self::Vp8 => Ok(Box::new(vp8::Vp8Decoder::new()?)),
            #[cfg(feature = "h264")]
            Self::H264 => Ok(Box::new(h264::H264Decoder::new()?)),
            #[cfg(not(all(feature = "vp8", feature = "h264")))]
            missing => Err(CodecError::Missing(missing.name())),
        }
    }
}

/// What an encoder works towards; all of it may change at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Bits a second.
    pub bitrate_bps: u32,
    /// Frames a second that will be given in, at most.
    pub fps: u32,
}

/// One picture, encoded; borrowed from the encoder until its next call.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    /// A VP8 frame, or an H.264 access unit with start codes.
    pub data: &'a [u8],
    /// Whether decoding can begin here.
    pub key: bool,
}

/// What a picture may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Nothing: a key frame.
    Nothing,
    /// Whatever the encoder likes.
    Any,
    /// The last picture of the first of two chains, to which this one belongs.
    First,
    /// The last one of the second chain.
    Second,
    /// The last one of the first chain, and both chains go on from this one.
    Parting,
}

/// A real-time video encoder.
pub trait VideoEncoder: Send {
    /// Takes new settings; a new size makes the next picture a key frame.
    ///
    /// # Errors
    /// [`CodecError`]: the old settings stay.
    fn configure(&mut self, settings: EncoderSettings) -> Result<(), CodecError>;

    /// Encodes a picture of the configured size; `None` where rate control drops it. An encoder that makes no chains
    /// ([`VideoCodec::makes_chains`]) is only told whether it is to be a key frame.
    ///
    /// # Errors
    /// [`CodecError`].
    fn encode(
        &mut self,
        image: &I420,
        at: MediaTime,
        reference: Reference,
    ) -> Result<Option<Encoded<'_>>, CodecError>;
}

/// A video decoder. Frames must be whole, and in order.
pub trait VideoDecoder: Send {
    /// Decodes one frame; `None` where it shows nothing.
    ///
    /// # Errors
    /// [`CodecError`]: a key frame is needed to go on.
    fn decode(&mut self, frame: &[u8]) -> Result<Option<Arc<I420>>, CodecError>;
}

/// What a codec can complain about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodecError {
    /// Built without it.
    #[error("this build has no {0}")]
    Missing(&'static str),
    /// It could not be set up.
    #[error("{codec} cannot be set up: {reason}")]
    Setup {
        /// Which codec.
        codec: &'static str,
        /// Its own words.
        reason: String,
    },
    /// A picture could not be encoded.
    #[error("{codec} cannot encode: {reason}")]
    Encode {
        /// Which codec.
        codec: &'static str,
        /// Its own words.
        reason: String,
    },
    /// A frame could not be decoded.
    #[error("{codec} cannot decode: {reason}")]
    Decode {
        /// Which codec.
        codec: &'static str,
        /// Its own words.
        reason: String,
    },
}

/// Copies a plane with padded rows into a packed one.
#[cfg(any(feature = "vp8", feature = "h264"))]
fn copy_plane(from: &[u8], stride: usize, to: &mut [u8], width: usize) {
    if width == 0 || stride == 0 {
        return;
    }
    for (row, packed) in from.chunks(stride).zip(to.chunks_exact_mut(width)) {
        packed.copy_from_slice(&row[..width]);
    }
}

#[cfg(test)]
mod tests;
