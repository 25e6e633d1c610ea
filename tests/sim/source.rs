//! What encoders would do: packets of pictures and sound by the adaptation's word.
use super::{media_time, start, world::Ends};
use bytes::Bytes;
use eyeline_media::{
    adapt::{Adaptation, PACKET_OVERHEAD},
    codec::opus::OpusSettings,
    send::{Admission, Chains, FrameInfo, VideoTarget},
};
use eyeline_rtp::vp8;
use eyeline_transport::bwe::START_BPS;
use rtc::rtp;
use std::time::{Duration, Instant};

pub const AUDIO: u32 = 1;
pub const VIDEO: u32 = 10;
/// Pictures a second, and what encoding takes of each: nothing that would matter.
const CAMERA_FPS: u32 = 30;
const ENCODE: Duration = Duration::from_millis(5);
/// A key frame is so many times an ordinary picture, and no less than this for each pixel of 320x240.
const KEY: usize = 5;
const KEY_LEAST: usize = 3_000;
/// What a heavy picture takes at least, in bytes for each thousand pixels: VP8 at its coarsest, of a scene full of motion.
const HEAVY: usize = 4;
/// Pictures differ in size by so much, in percent; the next ones make up for each.
const WOBBLE: [usize; 7] = [100, 70, 130, 90, 110, 80, 120];

/// One camera and one microphone.
pub struct Source {
    pub adaptation: Adaptation,
    chains: Chains,
    pub hold: bool,
    pub key: bool,
    size: (u32, u32),
    heavy: bool,
    admission: Admission,
    next_picture: Instant,
    next_sound: Instant,
    video: u16,
    audio: u16,
    pub pictures: usize,
    /// Pictures left out.
    pub skipped: usize,
    /// When each packet of sound was made.
    pub said: Vec<Instant>,
}

impl Source {
    pub fn new(ends: Ends) -> Self {
        Self {
            adaptation: Adaptation::new(START_BPS as u64, None, media_time(start())),
            chains: Chains::default(),
            hold: false,
            key: true,
            size: (0, 0),
            heavy: ends.heavy,
            admission: Admission::default(),
            next_picture: start() + Duration::from_secs(ends.cameras_from),
            // Without a microphone, at the end of days.
            next_sound: start() + if ends.sound { Duration::ZERO } else { Duration::from_secs(1 << 30) },
            video: 65_000,
            audio: 100,
            pictures: 0,
            skipped: 0,
            said: Vec::new(),
        }
    }

    /// When the next picture or packet of sound is made.
    pub fn wakes(&self) -> Instant {
        self.next_picture.min(self.next_sound)
    }

    /// What was made until `now`.
    pub fn due(&mut self, now: Instant) -> Vec<rtp::Packet> {
        let mut packets = Vec::new();
        while self.next_sound <= now {
            let settings = self.adaptation.sound(OpusSettings::default());
            let mut payload = vec![0; (settings.bitrate_bps * settings.frame_ms / 8_000) as usize];
            // Wideband SILK of that length, one frame (RFC 6716 section 3.1).
            payload[0] = [72, 80, 88][settings.frame_ms as usize / 20 - 1];
            packets.push(packet(AUDIO, self.audio, elapsed_ms(self.next_sound) * 48, payload, false));
            self.said.push(self.next_sound);
            self.audio = self.audio.wrapping_add(1);
            self.next_sound += Duration::from_millis(settings.frame_ms.into());
        }
        while self.next_picture <= now {
            let at = self.next_picture;
            self.next_picture += Duration::from_secs(1) / CAMERA_FPS;
            let target = self.adaptation.picture().filter(|_| !self.hold);
            match (target, self.admission.admit(media_time(at), target, self.key)) {
                (Some(target), Some(admitted)) => {
                    self.key &= !admitted.key;
                    self.picture(at, target, admitted.key, &mut packets);
                }
                _ => self.skipped += 1,
            }
        }
        packets
    }

    fn picture(&mut self, at: Instant, target: VideoTarget, key: bool, packets: &mut Vec<rtp::Packet>) {
        // A picture of another size is a key frame.
        let key = key | (std::mem::replace(&mut self.size, target.max_size) != target.max_size);
        let ordinary = (target.bitrate_bps / target.max_fps / 8) as usize;
        let pixels = (target.max_size.0 * target.max_size.1) as usize;
        let size = match key {
            true => (ordinary * KEY).max(KEY_LEAST * pixels / (320 * 240)),
            false => ordinary * WOBBLE[self.pictures % WOBBLE.len()] / 100,
        };
        let size = if self.heavy { size.max(pixels * HEAVY / 1_000) } else { size };
        self.pictures += 1;
        let left_out = self.admission.on_encoded(media_time(at), size, key, target.bitrate_bps);
        let info = FrameInfo {
            captured_at: media_time(at),
            key,
            bytes: size,
            size: target.max_size,
            is_whole: target.max_size == (1280, 720),
            encode: ENCODE,
            left_out,
        };
        self.adaptation.on_encoded(&info, media_time(at));
        // The first bit of a frame tells whether it is a key frame (RFC 6386 section 9.1).
        let frame = vec![u8::from(!key); size.max(20)];
        let reference = self.chains.next(target.two_chains, key);
        let layer = self.chains.on_encoded(reference, target.two_chains, key);
        let payloads = vp8::packetize(&frame, self.pictures as u16, layer);
        let last = payloads.len() - 1;
        for (n, payload) in payloads.into_iter().enumerate() {
            packets.push(packet(VIDEO, self.video, elapsed_ms(at) * 90, payload, n == last));
            self.video = self.video.wrapping_add(1);
        }
    }
}

/// Bytes on the wire of what media get of a packet.
pub fn weight(payload: usize) -> usize {
    payload + PACKET_OVERHEAD as usize
}

/// When a picture or a packet of sound was made, from its RTP time.
pub fn made_at(rtp_time: u32, ticks_ms: u32) -> Instant {
    start() + Duration::from_millis((rtp_time / ticks_ms).into())
}

/// Milliseconds of the run, as RTP time that the viewer reads again.
fn elapsed_ms(at: Instant) -> u32 {
    (at - start()).as_millis() as u32
}

fn packet(ssrc: u32, sequence: u16, timestamp: u32, payload: impl Into<Bytes>, marker: bool) -> rtp::Packet {
    let mut packet = rtp::Packet { payload: payload.into(), ..Default::default() };
    packet.header.version = 2;
    packet.header.ssrc = ssrc;
    packet.header.payload_type = if ssrc == AUDIO { 111 } else { 96 };
    packet.header.sequence_number = sequence;
    packet.header.timestamp = timestamp;
    packet.header.marker = marker;
    packet
}
