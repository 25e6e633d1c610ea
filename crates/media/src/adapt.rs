//! What to send over a path of a given rate: how good the sound, how large the picture and how often, or none.
//!
//! ```text
//! total rate --> Sound: bitrate, packet length, redundancy
//!          rest --> Picture: size, frame rate, or a pause <-- Load <-- encoding times
//! ```
//! Pure: time is an argument. The sound comes first: what it takes is not there for pictures.
mod load;
mod parting;
mod picture;
mod sound;

use crate::{
    codec::opus::OpusSettings,
    frame::MediaTime,
    send::{FrameInfo, VideoTarget},
};
use load::Load;
use parting::Parting;
use picture::Picture;
use sound::Sound;
use std::time::Duration;

/// Part of what a call begins with, a guess, that pictures use, in percent: on a narrow path the first one is there sooner, and
/// on a long one more of them leave before anything has been heard of the first.
const CAREFUL_PCT: u64 = 70;
/// More is not visible at 720p (RingRTC's cap is the same), in bit/s.
pub const CAP_BPS: u64 = 2_000_000;
/// Headers of one packet: IPv4 20, UDP 8, RTP with extensions 24, authentication 10 to 16, in bytes.
pub const PACKET_OVERHEAD: u64 = 70;

/// What keeps the picture from being as good as the camera's (`RTCQualityLimitationReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limitation {
    /// Nothing.
    #[default]
    None,
    /// Encoding takes too long on this machine.
    Cpu,
    /// The path is too narrow.
    Bandwidth,
}

impl Limitation {
    /// The standard's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cpu => "cpu",
            Self::Bandwidth => "bandwidth",
        }
    }
}

/// Remembers what is in force, so that a rate near a border does not flicker.
#[derive(Debug, Clone)]
pub struct Adaptation {
    max_bps: u64,
    /// What the path carries, and what of it is used.
    path_bps: u64,
    total_bps: u64,
    /// Whether it is more than a guess.
    is_known: bool,
    sound: Sound,
    picture: Picture,
    load: Load,
    parting: Parting,
    /// Whether the newest picture was as large as the camera's.
    is_whole: bool,
}

impl Adaptation {
    /// At `guess_bps`, as long as nothing is known of the path, and never over `max_bps` or [`CAP_BPS`].
    #[must_use]
    pub fn new(guess_bps: u64, max_bps: Option<u64>, now: MediaTime) -> Self {
        let max_bps = max_bps.map_or(CAP_BPS, |max_bps| max_bps.min(CAP_BPS));
        let total_bps = guess_bps.min(max_bps);
        let sound = Sound::new(total_bps);
        let picture = Picture::new(total_bps.saturating_sub(sound.bps()), now);
        Self {
            max_bps,
            path_bps: total_bps,
            total_bps,
            is_known: false,
            sound,
            picture,
            load: Load::default(),
            parting: Parting::default(),
            is_whole: false,
        }
    }

    /// The path carries so much, sound and picture and all headers, in bit/s: is known to, or guessed.
    pub fn set_total(&mut self, bps: u64, is_known: bool, now: MediaTime) {
        self.is_known |= is_known;
        (self.path_bps, self.total_bps) = (bps, bps.min(self.max_bps));
        self.sound.set_total(self.total_bps);
        self.update(now);
    }

    /// Whether nothing is heard of what is sent.
    pub fn set_silence(&mut self, is_silent: bool, now: MediaTime) {
        self.sound.set_silence(is_silent);
        self.update(now);
    }

    /// Whether the peer understands packets that carry earlier sound once more.
    pub fn allow_copies(&mut self, allowed: bool) {
        self.sound.allow_copies(allowed);
    }

    /// Whether the peer can go on with one of two chains of pictures.
    pub fn allow_two_chains(&mut self, allowed: bool) {
        self.parting.allow(allowed);
    }

    /// The round trip, where it is known.
    pub fn set_round_trip(&mut self, rtt: Option<Duration>) {
        self.parting.set_round_trip(rtt);
    }

    /// The part of our packets that the path loses, 0 to 1; to be told once a second.
    pub fn set_loss(&mut self, loss: f64, now: MediaTime) {
        self.sound.set_loss(loss);
        self.parting.set_loss(loss);
        self.update(now);
    }

    /// How many later packets are to carry each packet of sound once more.
    #[must_use]
    pub fn sound_copies(&self) -> u8 {
        self.sound.copies()
    }

    /// The peer draws our picture into so many pixels, width by height; into none, where nobody looks.
    pub fn set_view(&mut self, view: (u32, u32)) {
        self.picture.set_view(view);
    }

    /// A picture was encoded.
    pub fn on_encoded(&mut self, info: &FrameInfo, now: MediaTime) {
        self.is_whole = info.is_whole;
        self.load.on_encoded(info.captured_at, info.encode, self.picture.step(), now);
        self.picture.on_encoded(info.left_out, now);
        self.update(now);
    }

    /// Whether pictures are left out for want of a wider path, and not because the person wants it so.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        self.picture().is_none() && self.path_bps < self.max_bps
    }

    /// For the sound's encoder; what else it is set to is `base`'s.
    #[must_use]
    pub fn sound(&self, base: OpusSettings) -> OpusSettings {
        self.sound.settings(base)
    }

    /// For the encoder of pictures; `None` where the path has no room for any.
    #[must_use]
    pub fn picture(&self) -> Option<VideoTarget> {
        self.target().map(|target| VideoTarget { two_chains: self.parting.is_on(), ..target })
    }

    /// What keeps the picture small, slow or away.
    #[must_use]
    pub fn limitation(&self) -> Limitation {
        if self.is_whole && self.picture.is_frequent() {
            return Limitation::None;
        }
        match (self.picture.is_limited(), self.load.lowered_by()) {
            (true, _) => Limitation::Bandwidth,
            (false, lowered_by) if lowered_by > self.picture.beyond_view() => Limitation::Cpu,
            (false, _) => Limitation::None,
        }
    }

    fn update(&mut self, now: MediaTime) {
        self.picture.update(self.left(), self.load.lowered_by(), now);
        self.parting.update(self.target());
    }

    fn target(&self) -> Option<VideoTarget> {
        let left = self.left();
        self.picture.target(if self.is_known { left } else { left * CAREFUL_PCT / 100 })
    }

    fn left(&self) -> u64 {
        self.total_bps.saturating_sub(self.sound.bps())
    }
}

#[cfg(test)]
mod tests;
