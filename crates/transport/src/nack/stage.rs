//! The [`NackTracker`] of each received stream, plugged into the chain: requests out, duplicates dropped.
use super::{Arrival, NackTracker};
use crate::{
    MediaKind, VideoFormats,
    fec::Fec,
    formats::Current,
    key_frame,
    plug::{Out, Stage, rtcp_out},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Attribute, Packet, StreamInfo, TaggedPacket},
    rtcp::{
        payload_feedbacks::picture_loss_indication::PictureLossIndication,
        transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers},
    },
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Shortest time between two requests for a key frame: one must have had time to come.
const KEY_FRAME_EVERY: Duration = Duration::from_millis(300);

struct Stream {
    /// MIME type that it was bound with.
    bound: String,
    format: Current,
    tracker: NackTracker,
}

/// Our NACK generator. It takes the built-in one's slot.
pub struct NackStage {
    streams: BTreeMap<u32, Stream>,
    formats: VideoFormats,
    fec: Fec,
    stats: SharedStats,
    /// Who we are in the feedback we send: any SSRC will do (RFC 4585 section 6.1), ours where we send.
    sender_ssrc: u32,
    key_frame_asked: Option<Instant>,
}

impl NackStage {
    /// Knows the peer's payload types by `formats`, and by `fec` whether its pictures are protected; paces by the round trip in
    /// `stats`, and counts into it.
    pub fn new(formats: VideoFormats, fec: Fec, stats: SharedStats) -> Self {
        Self { streams: BTreeMap::new(), formats, fec, stats, sender_ssrc: 1, key_frame_asked: None }
    }

    fn may_ask_for_key_frame(&mut self, now: Instant) -> bool {
        let due = self.key_frame_asked.is_none_or(|at| now.saturating_duration_since(at) >= KEY_FRAME_EVERY);
        if due {
            self.key_frame_asked = Some(now);
        }
        due
    }
}

fn wants_nack(stream: &StreamInfo) -> bool {
    let is_nack = |f: &rtc::interceptor::RTCPFeedback| f.typ == "nack" && f.parameter.is_empty();
    stream.rtcp_feedback.iter().any(is_nack)
}

impl Stage for NackStage {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        if let Packet::Rtp(packet) = &tagged.message.packet
            && let Some(Stream { format, tracker, .. }) = self.streams.get_mut(&packet.header.ssrc)
        {
            format.follow(packet.header.payload_type, &self.formats);
            if key_frame::begins(format.mime_type(), &packet.payload) {
                tracker.on_key_frame(packet.header.sequence_number);
            }
            let resent = tagged.message.has(&Attribute::Retransmission);
            let made = tagged.message.has(&Attribute::RecoveredByFec);
            tracker.expect_parity(self.fec.comes());
            match tracker.on_packet(packet.header.sequence_number, resent || made, tagged.now) {
                Arrival::New | Arrival::Repaired if resent || made => {
                    let payload = packet.payload.len();
                    if let Some(kind) = MediaKind::of(format.mime_type()) {
                        self.stats.update(|s| {
                            let stream = s.incoming(kind);
                            // Until now it, or the parity that it was made from, counted as padding.
                            stream.header_bytes = stream.header_bytes.saturating_sub(payload as u64);
                            stream.bytes += payload as u64;
                            if resent {
                                stream.add_repair(payload);
                            }
                        });
                    }
                }
                Arrival::New | Arrival::Repaired => {}
                // Senders also probe for bandwidth with packets that we have.
                Arrival::Duplicate => return,
            }
        }
        to_app.push_back(tagged);
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        let rtt = self.stats.request_time();
        let mut key_frames = Vec::new();
        for (&media_ssrc, stream) in &mut self.streams {
            let requests = stream.tracker.poll(now, rtt);
            if requests.key_frame {
                key_frames.push(media_ssrc);
            }
            self.stats.update(|s| {
                s.nacks_sent += requests.nack.len() as u64;
                s.packets_abandoned += requests.abandoned;
            });
            if !requests.nack.is_empty() {
                let nack = TransportLayerNack {
                    sender_ssrc: self.sender_ssrc,
                    media_ssrc,
                    nacks: nack_pairs_from_sequence_numbers(&requests.nack),
                };
                to_wire.push_back(rtcp_out(now, Box::new(nack)));
            }
        }
        for media_ssrc in key_frames {
            if self.may_ask_for_key_frame(now) {
                let pli = PictureLossIndication { sender_ssrc: self.sender_ssrc, media_ssrc };
                to_wire.push_back(rtcp_out(now, Box::new(pli)));
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.streams.values().filter_map(|stream| stream.tracker.deadline()).min()
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        self.sender_ssrc = stream.ssrc;
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        // An ICE restart binds a stream anew that has never paused.
        let is_known = self.streams.get(&stream.ssrc).is_some_and(|known| known.bound == stream.mime_type);
        if wants_nack(stream) && !is_known {
            let (bound, format) = (stream.mime_type.clone(), Current::of(stream));
            self.streams.insert(stream.ssrc, Stream { bound, format, tracker: NackTracker::default() });
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.streams.remove(&stream.ssrc);
    }
}
