//! What a person at the receiving end would get: which pictures, how late, how long it stood still.
use super::{
    media_time,
    source::{made_at, weight},
    start,
};
use eyeline_media::{
    codec::VideoCodec,
    receive::{Assembler, VideoTiming},
    rtp::RtpPacket,
};
use eyeline_transport::{MediaKind, ReceivedRtp};
use std::time::{Duration, Instant};

/// Counts what the media's own assembler makes of the packets.
pub struct Viewer {
    assembler: Assembler,
    timing: VideoTiming,
    pub pictures: Vec<Shown>,
    pub sound: Vec<Shown>,
    pub bytes: Vec<(Instant, usize)>,
}

/// A picture, or a packet of sound.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    pub made: Instant,
    pub at: Instant,
}

impl Viewer {
    /// Of pictures that come from one of our own programs, or from another.
    pub fn new(of_ours: bool) -> Self {
        let mut assembler = Assembler::default();
        assembler.trust_chains(of_ours);
        Self {
            assembler,
            timing: VideoTiming::default(),
            pictures: Vec::new(),
            sound: Vec::new(),
            bytes: Vec::new(),
        }
    }

    pub fn on_packet(&mut self, packet: ReceivedRtp, now: Instant) {
        self.bytes.push((now, weight(packet.payload.len())));
        if packet.kind == MediaKind::Audio {
            return self.sound.push(Shown { made: made_at(packet.timestamp, 48), at: now });
        }
        let ReceivedRtp { marker, sequence, timestamp, payload, .. } = packet;
        let packet = RtpPacket { marker, sequence, timestamp, payload };
        self.assembler.push(VideoCodec::Vp8, packet, media_time(now));
        while let Some(frame) = self.assembler.pop(media_time(now)) {
            if frame.is_past {
                continue;
            }
            let due = self.timing.due(frame.rtp_time, frame.complete_at);
            let last = self.pictures.last().map_or(now, |shown| shown.at);
            let at = (now + (due - media_time(now))).max(last);
            self.pictures.push(Shown { made: made_at(frame.rtp_timestamp, 90), at });
        }
    }

    pub fn wants_key_frame(&mut self, now: Instant) -> bool {
        self.assembler.poll_key_frame_request(media_time(now))
    }

    /// When a key frame may have to be asked for.
    pub fn wakes(&self) -> Option<Instant> {
        let micros = self.assembler.request_due()?.0;
        Some(start() + Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    pub fn set_round_trip(&mut self, rtt: Duration) {
        self.assembler.set_round_trip(rtt);
    }
}
