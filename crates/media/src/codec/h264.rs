//! H.264 by openh264: constrained baseline, one slice a picture.
use super::{CodecError, Encoded, EncoderSettings, Reference, VideoDecoder, VideoEncoder, copy_plane};
use crate::{
    frame::{I420, MediaTime},
    pool::FramePool,
};
use openh264::{
    OpenH264API, Timestamp,
    decoder::Decoder,
    encoder::{BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, Profile, RateControlMode},
    formats::YUVSource,
};
use std::sync::Arc;

const NAME: &str = "H264";

/// An openh264 encoder.
pub(super) struct H264Encoder {
    encoder: Encoder,
    settings: EncoderSettings,
    output: Vec<u8>,
}

impl H264Encoder {
    pub(super) fn new(settings: EncoderSettings) -> Result<Self, CodecError> {
        Ok(Self { encoder: open(settings)?, settings, output: Vec::new() })
    }
}

fn open(settings: EncoderSettings) -> Result<Encoder, CodecError> {
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(settings.bitrate_bps))
        .max_frame_rate(FrameRate::from_hz(settings.fps as f32))
        .rate_control_mode(RateControlMode::Bitrate)
        .skip_frames(true)
        .profile(Profile::Baseline)
        .complexity(Complexity::Low)
        // A scene change would make a key frame of its own accord: a burst that nobody asked for.
        .scene_change_detect(false)
        .num_threads(1);
    Encoder::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| CodecError::Setup { codec: NAME, reason: error.to_string() })
}

impl VideoEncoder for H264Encoder {
    fn configure(&mut self, settings: EncoderSettings) -> Result<(), CodecError> {
        if (settings.width, settings.height) != (self.settings.width, self.settings.height) {
            self.encoder = open(settings)?;
        } else if settings != self.settings {
            set_rate(&mut self.encoder, settings);
        }
        self.settings = settings;
        Ok(())
    }

    fn encode(
        &mut self,
        image: &I420,
        at: MediaTime,
        reference: Reference,
    ) -> Result<Option<Encoded<'_>>, CodecError> {
        if reference == Reference::Nothing {
            self.encoder.force_intra_frame();
        }
        let at = Timestamp::from_millis(u64::try_from(at.0 / 1000).unwrap_or(0));
        let stream = self
            .encoder
            .encode_at(&Picture(image), at)
            .map_err(|error| CodecError::Encode { codec: NAME, reason: error.to_string() })?;
        if matches!(stream.frame_type(), FrameType::Skip | FrameType::Invalid) {
            return Ok(None);
        }
        self.output.clear();
        stream.write_vec(&mut self.output);
        let key = eyeline_rtp::h264::is_key(&self.output);
        Ok((!self.output.is_empty()).then_some(Encoded { data: &self.output, key }))
    }
}

/// openh264 answers 1 where a raised bitrate had to be cut to its level's limit, and raises it all the same (measured):
/// the status says nothing.
fn set_rate(encoder: &mut Encoder, settings: EncoderSettings) {
    use openh264_sys2::{
        ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE, ENCODER_OPTION_MAX_BITRATE, SPATIAL_LAYER_ALL,
        TagBitrateInfo,
    };
    let bitrate = i32::try_from(settings.bitrate_bps).unwrap_or(i32::MAX);
    let mut info = TagBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: bitrate };
    let mut fps = settings.fps as f32;
    // SAFETY: each option points to a value of the type that it takes, which lives during the call.
    unsafe {
        let api = encoder.raw_api();
        api.set_option(ENCODER_OPTION_MAX_BITRATE, (&raw mut info).cast());
        api.set_option(ENCODER_OPTION_BITRATE, (&raw mut info).cast());
        api.set_option(ENCODER_OPTION_FRAME_RATE, (&raw mut fps).cast());
    }
}

struct Picture<'a>(&'a I420);

impl YUVSource for Picture<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.0.width() as usize, self.0.height() as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        let width = self.0.width() as usize;
        (width, width / 2, width / 2)
    }

    fn y(&self) -> &[u8] {
        self.0.planes()[0]
    }

    fn u(&self) -> &[u8] {
        self.0.planes()[1]
    }

    fn v(&self) -> &[u8] {
        self.0.planes()[2]
    }
}

/// An openh264 decoder.
pub(super) struct H264Decoder {
    decoder: Decoder,
    pool: FramePool,
}

impl H264Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let decoder =
            Decoder::new().map_err(|error| CodecError::Setup { codec: NAME, reason: error.to_string() })?;
        Ok(Self { decoder, pool: FramePool::default() })
    }
}

impl VideoDecoder for H264Decoder {
    fn decode(&mut self, frame: &[u8]) -> Result<Option<Arc<I420>>, CodecError> {
        let picture = self
            .decoder
            .decode(frame)
            .map_err(|error| CodecError::Decode { codec: NAME, reason: error.to_string() })?;
        let Some(picture) = picture else { return Ok(None) };
        let ((width, height), strides) = (picture.dimensions(), picture.strides());
        let size = |side| u32::try_from(side).unwrap_or(0);
        let image = self.pool.fill(size(width), size(height), |image| {
            let width = image.width() as usize;
            let [y, u, v] = image.planes_mut();
            copy_plane(picture.y(), strides.0, y, width);
            copy_plane(picture.u(), strides.1, u, width / 2);
            copy_plane(picture.v(), strides.2, v, width / 2);
        });
        Ok(Some(image))
    }
}
