//! The encode stage: one captured picture in, the packets of one encoded picture out.
use super::{
    admission::{Admission, Admitted},
    chains::Chains,
};
use crate::{
    clock::MediaClock,
    codec::{CodecError, EncoderSettings, VideoCodec, VideoEncoder},
    frame::{I420, MediaTime, VideoFrame},
    pool::FramePool,
    rtp::{RtpPacket, Sequencer, clock::SenderClock},
    scale,
    slot::lock,
    stats::{VideoSendCounters, us},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the encoder works towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoTarget {
    /// Bits a second, of encoded pictures.
    pub bitrate_bps: u32,
    /// Pictures are scaled down, never up, to fit into this many pixels.
    pub max_size: (u32, u32),
    /// Frames a second, at most.
    pub max_fps: u32,
    /// Whether to send two chains, where the codec can.
    pub two_chains: bool,
}

impl Default for VideoTarget {
    /// 640x480 at 30 frames a second in 1 Mbit/s.
    fn default() -> Self {
        Self { bitrate_bps: 1_000_000, max_size: (640, 480), max_fps: 30, two_chains: false }
    }
}

/// About one encoded picture.
#[derive(Debug, Clone, Copy)]
pub struct FrameInfo {
    /// When it was captured.
    pub captured_at: MediaTime,
    /// Whether it is a key frame.
    pub key: bool,
    /// Encoded size in bytes.
    pub bytes: usize,
    /// Pixels.
    pub size: (u32, u32),
    /// Whether those are all that the camera's picture has.
    pub is_whole: bool,
    /// Time that encoding took.
    pub encode: Duration,
    /// Pictures before it that were left out because those before them had weighed too much.
    pub left_out: u32,
}

/// What the handle tells the encode stage.
pub(super) struct Control {
    pub(super) codec: VideoCodec,
    /// Absent while no picture is worth sending.
    pub(super) target: Option<VideoTarget>,
    pub(super) key_frame: bool,
    /// Pictures are left out for a moment.
    pub(super) hold: bool,
    /// Whether there is somebody to send to.
    pub(super) sending: bool,
}

impl Control {
    pub(super) fn new(codec: VideoCodec, target: Option<VideoTarget>) -> Self {
        Self { codec, target, key_frame: false, hold: false, sending: false }
    }
}

/// Scales, encodes and packetizes.
pub(super) struct EncodeStage<F> {
    clock: SenderClock,
    out: F,
    encoder: Option<(VideoCodec, EncoderSettings, Box<dyn VideoEncoder>)>,
    pool: FramePool,
    sequencer: Sequencer,
    picture_id: u16,
    admission: Admission,
    chains: Chains,
}

impl<F: FnMut(Vec<RtpPacket>, FrameInfo)> EncodeStage<F> {
    pub(super) fn new(clock: SenderClock, out: F) -> Self {
        Self {
            clock,
            out,
            encoder: None,
            pool: FramePool::default(),
            sequencer: Sequencer::default(),
            picture_id: rand::random::<u16>() >> 1,
            admission: Admission::default(),
            chains: Chains::default(),
        }
    }

    pub(super) fn run(
        &mut self,
        frame: &VideoFrame,
        control: &Mutex<Control>,
        counters: &VideoSendCounters,
    ) -> Result<(), CodecError> {
        let at = frame.captured_at;
        let (codec, target, asked) = {
            let control = lock(control);
            if !control.sending {
                return Ok(());
            }
            (control.codec, control.target.filter(|_| !control.hold), control.key_frame)
        };
        let (Some(target), Some(Admitted { key, time })) = (target, self.admission.admit(at, target, asked))
        else {
            counters.frames_dropped.add(1);
            return Ok(());
        };
        if key {
            lock(control).key_frame = false;
        }
        let started = MediaClock::now();
        let (width, height) = scale::fit((frame.image.width(), frame.image.height()), target.max_size);
        let image = self.scaled(&frame.image, width, height);
        let settings =
            EncoderSettings { width, height, bitrate_bps: target.bitrate_bps, fps: target.max_fps.max(1) };
        let encoder = match prepare(&mut self.encoder, codec, settings) {
            Ok(encoder) => encoder,
            Err(error) => {
                self.encoder = None;
                return Err(error);
            }
        };
        let two_chains = target.two_chains && codec.makes_chains();
        let reference = self.chains.next(two_chains, key);
        let encoded = match encoder.encode(&image, time, reference) {
            Ok(Some(encoded)) => encoded,
            Ok(None) => {
                counters.frames_dropped.add(1);
                lock(control).key_frame |= key;
                return Ok(());
            }
            Err(error) => {
                self.encoder = None;
                return Err(error);
            }
        };
        let layer = self.chains.on_encoded(reference, two_chains, encoded.key);
        let payloads = match codec {
            VideoCodec::Vp8 => eyeline_rtp::vp8::packetize(encoded.data, self.picture_id, layer),
            VideoCodec::H264 => eyeline_rtp::h264::packetize(encoded.data),
        };
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        let bytes = encoded.data.len();
        let info = FrameInfo {
            captured_at: at,
            key: encoded.key,
            bytes,
            size: (width, height),
            is_whole: (width, height) == (frame.image.width(), frame.image.height()),
            encode: MediaClock::now() - started,
            left_out: self.admission.on_encoded(at, bytes, encoded.key, target.bitrate_bps),
        };
        if info.key {
            counters.key_frames.add(1);
        }
        let packets = self.sequencer.picture(payloads, self.clock.rtp(at));
        counters.frames_encoded.add(1);
        counters.packets.add(packets.len());
        counters.bytes.add(packets.iter().map(|packet| packet.payload.len()).sum());
        counters.encode_ms.average(info.encode);
        counters.encode_us.add(us(info.encode));
        counters.size.set(width, height);
        (self.out)(packets, info);
        Ok(())
    }

    fn scaled(&mut self, image: &Arc<I420>, width: u32, height: u32) -> Arc<I420> {
        if (image.width(), image.height()) == (width, height) {
            return Arc::clone(image);
        }
        self.pool.fill(width, height, |smaller| scale::scale(image, smaller))
    }
}

/// The encoder for `codec` with `settings` in force.
fn prepare(
    slot: &mut Option<(VideoCodec, EncoderSettings, Box<dyn VideoEncoder>)>,
    codec: VideoCodec,
    settings: EncoderSettings,
) -> Result<&mut dyn VideoEncoder, CodecError> {
    match slot {
        Some((present, in_force, encoder)) if *present == codec => {
            if *in_force != settings {
                encoder.configure(settings)?;
                *in_force = settings;
            }
        }
        Some(_) | None => *slot = Some((codec, settings, codec.encoder(settings)?)),
    }
    match slot {
        Some((_, _, encoder)) => Ok(&mut **encoder),
        None => Err(CodecError::Missing(codec.name())),
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
