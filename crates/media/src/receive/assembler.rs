//! Packets -> whole frames, in order, none without what it refers to.
//!
//! A frame is released when every packet since the last released frame has arrived, or when it is a key frame. This needs
//! no knowledge of the codec's references. Where the sender makes chains of frames that do not refer to one another, a frame
//! of a whole chain is released although packets of the other one are missing; what is repaired later is released after
//! it, to be decoded and not to be shown. A stream may go over to another codec: from there on it waits for a key frame,
//! as at the start.
use super::chains::Chains;
use crate::{codec::VideoCodec, frame::MediaTime, rtp::RtpPacket};
use bytes::Bytes;
use eyeline_rtp::{
    Unwrapper, h264,
    vp8::{self, Layer},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Packets kept: four seconds at 2 Mbit/s. A gap that lasts longer is past repair, a key frame is quicker.
const MAX_PACKETS: usize = 1024;
/// How long reordering on the network may make a stream look as if its first key frame were missing.
const REORDER_WAIT: Duration = Duration::from_millis(30);
/// A request for a key frame is repeated after a round trip and a half, between these: an answer takes a round trip and the
/// encoding of a large picture.
const REQUEST_INTERVAL: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));
/// Repair by retransmission is waited for between these, depending on the round trip.
const REPAIR_WAIT: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1500));

/// One whole encoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// What it is encoded with.
    pub codec: VideoCodec,
    /// A VP8 frame, or an H.264 access unit with start codes.
    pub data: Bytes,
    /// Whether decoding can begin here.
    pub key: bool,
    /// RTP time, 90 kHz, modulo 2^32.
    pub rtp_timestamp: u32,
    /// RTP time that never wraps, from an arbitrary start.
    pub rtp_time: i64,
    /// When its last packet arrived.
    pub complete_at: MediaTime,
    /// A later frame has been released before it: it is decoded for those that refer to it, and not shown.
    pub is_past: bool,
}

struct Packet {
    codec: VideoCodec,
    rtp_timestamp: u32,
    rtp_time: i64,
    marker: bool,
    /// Of the frame that begins with it.
    layer: Option<Layer>,
    /// Without the payload descriptor; empty for padding, and where it has been released.
    data: Bytes,
    arrival: MediaTime,
}

/// Puts frames together. Time is an argument.
pub struct Assembler {
    packets: BTreeMap<i64, Packet>,
    key_starts: BTreeSet<i64>,
    sequences: Unwrapper,
    timestamps: Unwrapper,
    /// Sequence number after the last released frame; unknown until a key frame is found.
    next: Option<i64>,
    /// Of the last released frame.
    codec: Option<VideoCodec>,
    chains: Chains,
    trusts_chains: bool,
    /// RTP time of the newest released frame.
    newest: Option<i64>,
    blocked_since: Option<MediaTime>,
    last_request: Option<MediaTime>,
    repair_wait: Duration,
    request_interval: Duration,
    released: Vec<u8>,
}

impl Default for Assembler {
    fn default() -> Self {
        Self {
            packets: BTreeMap::new(),
            key_starts: BTreeSet::new(),
            sequences: Unwrapper::default(),
            timestamps: Unwrapper::default(),
            next: None,
            codec: None,
            chains: Chains::default(),
            trusts_chains: false,
            newest: None,
            blocked_since: None,
            last_request: None,
            repair_wait: REPAIR_WAIT.0 * 2,
            request_interval: REQUEST_INTERVAL.0,
            released: Vec::new(),
        }
    }
}

impl Assembler {
    /// Takes a packet; `false` where it is of no use: seen before, or too late.
    pub fn push(&mut self, codec: VideoCodec, packet: RtpPacket, arrival: MediaTime) -> bool {
        let sequence = self.sequences.sequence(packet.sequence);
        let rtp_time = self.timestamps.timestamp(packet.timestamp);
        if self.next.is_some_and(|next| sequence < next) || self.packets.contains_key(&sequence) {
            return false;
        }
        if self.packets.len() >= MAX_PACKETS {
            self.require_key_frame();
            self.packets.clear();
            self.key_starts.clear();
        }
        let (data, starts_key, layer) = match codec {
            VideoCodec::Vp8 => match vp8::parse(&packet.payload) {
                Some(payload) => {
                    let key = payload.begins_key_frame();
                    (payload.data, key, payload.layer.filter(|_| payload.starts_frame))
                }
                None => (Bytes::new(), false, None),
            },
            VideoCodec::H264 => {
                let key = h264::starts_sequence(&packet.payload);
                (packet.payload, key, None)
            }
        };
        if starts_key {
            self.key_starts.insert(sequence);
        }
        let RtpPacket { marker, timestamp: rtp_timestamp, .. } = packet;
        self.packets
            .insert(sequence, Packet { codec, rtp_timestamp, rtp_time, marker, layer, data, arrival });
        true
    }

    /// The next frame that can be decoded.
    pub fn pop(&mut self, now: MediaTime) -> Option<EncodedFrame> {
        while let Some((start, end)) = self.in_order().or_else(|| self.key_frame()) {
            self.blocked_since = None;
            self.packets = self.packets.split_off(&start);
            let rest = self.packets.split_off(&(end + 1));
            let packets = std::mem::replace(&mut self.packets, rest);
            self.key_starts = self.key_starts.split_off(&(end + 1));
            self.next = Some(end + 1);
            let layer = packets.get(&start).and_then(|packet| packet.layer);
            if !layer.is_some_and(|layer| self.chains.are_past(layer, start)) {
                return self.join(start, packets.into_values().collect());
            }
        }
        if self.has_gap() {
            self.blocked_since.get_or_insert(now);
        } else {
            self.blocked_since = None;
        }
        let (start, end) = self.of_whole_chain()?;
        let taken = self.packets.range_mut(start..=end);
        // What is left of each is stepped over like padding.
        let packets = taken.map(|(_, packet)| Packet { data: std::mem::take(&mut packet.data), ..*packet });
        let packets = packets.collect();
        self.join(start, packets)
    }

    /// Whether a key frame must be asked for now; says so at most twice a second, and once in a round trip and a half.
    pub fn poll_key_frame_request(&mut self, now: MediaTime) -> bool {
        if self.request_due().is_none_or(|due| now < due) {
            return false;
        }
        self.last_request = Some(now);
        true
    }

    /// When [`Self::poll_key_frame_request`] may have something to say.
    #[must_use]
    pub fn request_due(&self) -> Option<MediaTime> {
        let nothing_to_begin_with = self.next.is_none() && self.key_starts.is_empty();
        let wait = if nothing_to_begin_with { REORDER_WAIT } else { self.repair_wait };
        let due = self.blocked_since?.plus(wait);
        Some(self.last_request.map_or(due, |last| due.max(last.plus(self.request_interval))))
    }

    /// Says that nothing can be decoded before the next key frame.
    pub fn require_key_frame(&mut self) {
        self.next = None;
    }

    /// Adapts the wait for retransmissions: several may be needed, and each takes a round trip. A key frame is no way out
    /// of much loss: it is hit itself.
    pub fn set_round_trip(&mut self, rtt: Duration) {
        self.repair_wait = (rtt * 5 + Duration::from_millis(100)).clamp(REPAIR_WAIT.0, REPAIR_WAIT.1);
        self.request_interval = (rtt * 3 / 2).clamp(REQUEST_INTERVAL.0, REQUEST_INTERVAL.1);
    }

    /// Whether the sender is one of ours, whose second layer does not refer to the first one (VP8's layers may).
    pub fn trust_chains(&mut self, ours: bool) {
        self.trusts_chains = ours;
    }

    /// Another stream follows, with numbers and times of its own, over the same path.
    pub fn begin_anew(&mut self) {
        let Self { repair_wait, request_interval, last_request, trusts_chains, .. } = *self;
        *self = Self { repair_wait, request_interval, last_request, trusts_chains, ..Self::default() };
    }

    /// First and last packet of the frame after the last one, if it is whole.
    fn in_order(&mut self) -> Option<(i64, i64)> {
        self.skip_padding();
        if self.has_other_codec() {
            self.require_key_frame();
        }
        let next = self.next?;
        Some((next, self.end_of_frame(next).ok()?))
    }

    /// First and last packet of the first frame whose chain is whole.
    fn of_whole_chain(&self) -> Option<(i64, i64)> {
        let ahead = self.packets.range(self.next.filter(|_| self.trusts_chains)?..);
        let follows = |(start, packet): (&i64, &Packet)| {
            let layer = packet.layer.filter(|_| !packet.data.is_empty())?;
            self.chains.lead_to(layer, *start).then_some(*start)
        };
        self.first_whole(ahead.filter_map(follows))
    }

    /// Steps over packets without content: padding, which a sender may use to probe.
    fn skip_padding(&mut self) {
        while let Some(next) = self.next
            && self.packets.get(&next).is_some_and(|packet| packet.data.is_empty())
        {
            self.packets.remove(&next);
            self.next = Some(next + 1);
        }
    }

    /// Whether what follows the last released frame is in another codec, and so refers to nothing before it.
    fn has_other_codec(&self) -> bool {
        let next = self.next.and_then(|next| self.packets.get(&next));
        next.is_some_and(|packet| self.codec.is_some_and(|codec| codec != packet.codec))
    }

    /// First and last packet of the first whole key frame.
    fn key_frame(&self) -> Option<(i64, i64)> {
        self.first_whole(self.key_starts.iter().copied())
    }

    /// First and last packet of the first of these frames that is whole; in order.
    fn first_whole(&self, starts: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
        let mut seen = i64::MIN;
        for start in starts {
            // One that begins in a frame without an end has none either.
            if start > seen {
                match self.end_of_frame(start) {
                    Ok(end) => return Some((start, end)),
                    Err(last) => seen = last,
                }
            }
        }
        None
    }

    /// Last packet of the frame that starts at `start`, if all of it is here; else the last before what is missing.
    fn end_of_frame(&self, start: i64) -> Result<i64, i64> {
        let first = self.packets.get(&start).ok_or(start)?;
        for (expected, (sequence, packet)) in (start..).zip(self.packets.range(start..)) {
            if *sequence != expected {
                return Err(expected - 1);
            }
            if (packet.rtp_time, packet.codec) != (first.rtp_time, first.codec) {
                return Ok(sequence - 1);
            }
            if packet.marker {
                return Ok(*sequence);
            }
        }
        Err(i64::MAX)
    }

    /// Whether something is missing, rather than still on its way.
    fn has_gap(&self) -> bool {
        let Some(((first, _), (last, _))) = self.packets.first_key_value().zip(self.packets.last_key_value())
        else {
            return false;
        };
        let Some(start) = self.next.or_else(|| self.key_starts.first().copied()) else {
            return true;
        };
        let expected = last - start.min(*first) + 1;
        usize::try_from(expected).is_ok_and(|expected| expected > self.packets.len())
    }

    fn join(&mut self, start: i64, packets: Vec<Packet>) -> Option<EncodedFrame> {
        let first = packets.first()?;
        let (codec, rtp_timestamp, rtp_time) = (first.codec, first.rtp_timestamp, first.rtp_time);
        let complete_at = packets.iter().map(|packet| packet.arrival).max()?;
        self.codec = Some(codec);
        self.released.clear();
        for packet in &packets {
            match codec {
                VideoCodec::Vp8 => self.released.extend_from_slice(&packet.data),
                VideoCodec::H264 => {
                    if !h264::append(&packet.data, &mut self.released) {
                        tracing::debug!(rtp_time, "payload of an unknown form");
                    }
                }
            }
        }
        let data = Bytes::copy_from_slice(&self.released);
        let key = match codec {
            VideoCodec::Vp8 => vp8::is_key(&data),
            VideoCodec::H264 => h264::is_key(&data),
        };
        self.chains.release(first.layer, key, start);
        let is_past = !key && first.layer.is_some() && self.newest.is_some_and(|newest| rtp_time < newest);
        if !is_past {
            self.newest = Some(rtp_time);
        }
        Some(EncodedFrame { codec, data, key, rtp_timestamp, rtp_time, complete_at, is_past })
    }
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "chains_tests.rs"]
mod chains_tests;
