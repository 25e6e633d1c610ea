//! Where packets leave the chain: media and its clocks to the application, everything counted.
use crate::{
    Event, EventSink, MediaKind, ReceivedRtp, VideoFormats,
    formats::Current,
    plug::{Out, Stage},
    stats::{SharedStats, StreamStats},
};
use rtc::{
    interceptor::{Packet, StreamInfo, TaggedPacket},
    rtcp::{
        self,
        payload_feedbacks::{
            full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
        },
        sender_report::SenderReport,
        transport_feedbacks::transport_layer_nack::TransportLayerNack,
    },
    rtp,
};
use std::collections::{BTreeMap, BTreeSet};

/// The application's end: hands received media and reports to the [`EventSink`]. Packets end here: rtc's own way to
/// the application is a queue that drops and a task for each track.
pub struct AppTap {
    sink: EventSink,
    stats: SharedStats,
    formats: VideoFormats,
    remote: BTreeMap<u32, (MediaKind, Current)>,
    /// SSRCs of retransmissions.
    repairs: BTreeSet<u32>,
    local: BTreeMap<u32, MediaKind>,
}

impl AppTap {
    /// Hands over to `sink`; knows the peer's payload types by `formats`.
    pub fn new(sink: EventSink, formats: VideoFormats, stats: SharedStats) -> Self {
        Self {
            sink,
            stats,
            formats,
            remote: BTreeMap::new(),
            repairs: BTreeSet::new(),
            local: BTreeMap::new(),
        }
    }

    fn media(&mut self, packet: rtp::Packet) {
        let ssrc = packet.header.ssrc;
        let Some((kind, format)) = self.remote.get_mut(&ssrc) else {
            return;
        };
        let kind = *kind;
        if kind == MediaKind::Video && format.follow(packet.header.payload_type, &self.formats) {
            let mime_type = format.mime_type().to_owned();
            (self.sink)(Event::RemoteStream { kind, mime_type, ssrc });
        }
        (self.sink)(Event::Rtp(ReceivedRtp {
            kind,
            payload_type: packet.header.payload_type,
            marker: packet.header.marker,
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            payload: packet.payload,
        }));
    }

    fn control(&self, packet: &dyn rtcp::Packet) {
        let any = packet.as_any();
        if let Some(report) = any.downcast_ref::<SenderReport>() {
            if let Some(&(kind, _)) = self.remote.get(&report.ssrc) {
                (self.sink)(Event::SenderReport { kind, ntp: report.ntp_time, rtp: report.rtp_time });
            }
        } else if any.is::<PictureLossIndication>() || any.is::<FullIntraRequest>() {
            (self.sink)(Event::KeyFrameRequested);
        }
        for &(ssrc, count) in &requests(packet) {
            if let Some(&kind) = self.local.get(&ssrc) {
                self.stats.update(|s| count(s.outgoing(kind)));
            }
        }
    }
}

impl Stage for AppTap {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        match tagged.message.packet {
            Packet::Rtp(packet) => self.media(packet),
            Packet::Rtcp(ref packets) => {
                for packet in packets {
                    self.control(packet.as_ref());
                }
                to_app.push_back(tagged);
            }
            // The enum is rtc's and open.
            _ => to_app.push_back(tagged),
        }
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
            // The newest of a kind counts: another one before it has ended, whether its end was told or not.
            self.remote.retain(|_, (known, _)| *known != kind);
            self.remote.insert(stream.ssrc, (kind, Current::of(stream)));
            (self.sink)(Event::RemoteStream { kind, mime_type: stream.mime_type.clone(), ssrc: stream.ssrc });
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.remote.remove(&stream.ssrc);
    }
}

/// The wire's end, on the way out: counts the requests that the chain itself makes, which never pass [`AppTap`], and
/// those of the application.
pub struct WireTap {
    stats: SharedStats,
    remote: BTreeMap<u32, MediaKind>,
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
            for (ssrc, count) in packets.iter().flat_map(|packet| requests(packet.as_ref())) {
                if let Some(&kind) = self.remote.get(&ssrc) {
                    self.stats.update(|s| count(s.incoming(kind)));
                }
            }
        }
        to_wire.push_back(tagged);
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        if let Some(kind) = MediaKind::of(&stream.mime_type) {
            self.remote.insert(stream.ssrc, kind);
        }
    }
}

/// What counts a request.
type Count = fn(&mut StreamStats);

/// What a control packet asks for, by the stream that it asks it of.
fn requests(packet: &dyn rtcp::Packet) -> Vec<(u32, Count)> {
    let any = packet.as_any();
    if let Some(nack) = any.downcast_ref::<TransportLayerNack>() {
        vec![(nack.media_ssrc, |stream| stream.nacks += 1)]
    } else if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
        vec![(pli.media_ssrc, |stream| stream.plis += 1)]
    } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
        let count: Count = |stream| stream.firs += 1;
        fir.fir.iter().map(|entry| (entry.ssrc, count)).collect()
    } else {
        Vec::new()
    }
}
