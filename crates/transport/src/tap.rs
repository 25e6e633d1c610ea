//! Where packets leave the chain: media and its clocks to the application, everything counted.
use crate::{
    Event, EventSink, MediaKind, ReceivedRtp,
    plug::{Out, Stage},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Packet, StreamInfo, TaggedPacket},
    rtcp::{
        self,
        payload_feedbacks::{
            full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
        },
        receiver_report::ReceiverReport,
        sender_report::SenderReport,
        transport_feedbacks::transport_layer_nack::TransportLayerNack,
    },
    rtp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

/// The application's end: hands received media and reports to the [`EventSink`]. Packets end here: rtc's own way to
/// the application is a queue that drops and a task for each track.
pub struct AppTap {
    sink: EventSink,
    stats: SharedStats,
    remote: BTreeMap<u32, MediaKind>,
    /// SSRCs of retransmissions.
    repairs: BTreeSet<u32>,
    local: BTreeMap<u32, MediaKind>,
}

impl AppTap {
    /// Hands over to `sink`.
    pub fn new(sink: EventSink, stats: SharedStats) -> Self {
        Self { sink, stats, remote: BTreeMap::new(), repairs: BTreeSet::new(), local: BTreeMap::new() }
    }

    fn media(&self, packet: rtp::Packet, arrival: Instant) {
        let Some(&kind) = self.remote.get(&packet.header.ssrc) else {
            return;
        };
        self.stats.update(|s| s.incoming(kind).add(packet.payload.len()));
        (self.sink)(Event::Rtp(ReceivedRtp {
            kind,
            payload_type: packet.header.payload_type,
            marker: packet.header.marker,
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            payload: packet.payload,
            arrival,
        }));
    }

    fn control(&self, packet: &dyn rtcp::Packet, arrival: Instant) {
        let any = packet.as_any();
        if let Some(report) = any.downcast_ref::<SenderReport>() {
            if let Some(&kind) = self.remote.get(&report.ssrc) {
                (self.sink)(Event::SenderReport {
                    kind,
                    ntp: report.ntp_time,
                    rtp: report.rtp_time,
                    arrival,
                });
            }
        } else if let Some(nack) = any.downcast_ref::<TransportLayerNack>() {
            let packets: usize = nack.nacks.iter().map(|pair| pair.packet_list().len()).sum();
            self.stats.update(|s| s.nacks_received += packets as u64);
        } else if any.is::<PictureLossIndication>() || any.is::<FullIntraRequest>() {
            self.stats.update(|s| s.plis_received += 1);
            (self.sink)(Event::KeyFrameRequested);
        }
    }
}

impl Stage for AppTap {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        match tagged.message.packet {
            Packet::Rtp(packet) => self.media(packet, tagged.now),
            Packet::Rtcp(ref packets) => {
                for packet in packets {
                    self.control(packet.as_ref(), tagged.now);
                }
                to_app.push_back(tagged);
            }
            // The enum is rtc's and open.
            _ => to_app.push_back(tagged),
        }
    }

    fn write(&mut self, tagged: TaggedPacket, to_wire: &mut Out) {
        if let Packet::Rtp(packet) = &tagged.message.packet
            && let Some(&kind) = self.local.get(&packet.header.ssrc)
        {
            self.stats.update(|s| s.outgoing(kind).add(packet.payload.len()));
        }
        to_wire.push_back(tagged);
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        if let Some(kind) = MediaKind::of(&stream.mime_type) {
            self.local.insert(stream.ssrc, kind);
        }
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        self.repairs.extend(stream.ssrc_rtx);
        // rtc gives a stream of repairs the format of what it repairs.
        if let Some(kind) = MediaKind::of(&stream.mime_type)
            && !self.repairs.contains(&stream.ssrc)
        {
            self.remote.insert(stream.ssrc, kind);
            (self.sink)(Event::RemoteStream { kind, mime_type: stream.mime_type.clone(), ssrc: stream.ssrc });
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.remote.remove(&stream.ssrc);
    }
}

/// The wire's end, on the way out: sees what the chain itself made, which never passes [`AppTap`].
pub struct WireTap {
    stats: SharedStats,
    /// Kind and RTP clock rate of what we receive.
    remote: BTreeMap<u32, (MediaKind, u32)>,
}

impl WireTap {
    /// Counts into `stats`.
    pub fn new(stats: SharedStats) -> Self {
        Self { stats, remote: BTreeMap::new() }
    }
}

impl Stage for WireTap {
    fn write(&mut self, tagged: TaggedPacket, to_wire: &mut Out) {
        if let Packet::Rtcp(packets) = &tagged.message.packet {
            let ours = packets.iter().filter_map(|p| p.as_any().downcast_ref::<ReceiverReport>());
            for report in ours.flat_map(|rr| &rr.reports) {
                if let Some(&(kind, rate)) = self.remote.get(&report.ssrc) {
                    self.stats.update(|s| s.incoming(kind).set_report(report, rate));
                }
            }
        }
        to_wire.push_back(tagged);
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        if let Some(kind) = MediaKind::of(&stream.mime_type) {
            self.remote.insert(stream.ssrc, (kind, stream.clock_rate));
        }
    }
}
