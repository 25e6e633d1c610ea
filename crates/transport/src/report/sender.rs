//! Our sender reports, and what the peer's receiver reports say about us.
//!
//! The built-in generator takes the moment a packet was written for the moment it was captured, which puts the time
//! of encoding into lip-sync; this one asks the capture clock.
use super::{SenderClocks, WallClock, clock::advance};
use crate::{
    MediaKind,
    plug::{Out, Stage, rtcp_out},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Packet, StreamInfo, TaggedPacket},
    rtcp::{receiver_report::ReceiverReport, reception_report::ReceptionReport, sender_report::SenderReport},
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// Time between two reports.
const INTERVAL: Duration = Duration::from_secs(1);
/// From the first packet to the first report: lip-sync starts with it.
const FIRST: Duration = Duration::from_millis(100);
/// Reports whose answer is awaited: receiver reports come every second or so, so the last few suffice.
const AWAITED_MAX: usize = 8;

struct Stream {
    kind: MediaKind,
    rate: u32,
    /// Packets and bytes of its kind that had left before it.
    before: (u64, u64),
    /// RTP time of the newest packet and when it was written: the clock where none was set.
    newest: Option<(u32, Instant)>,
}

/// The stage that makes sender reports and reads receiver reports. It takes the built-in generator's slot.
pub struct SenderReports {
    wall: WallClock,
    clocks: SenderClocks,
    stats: SharedStats,
    streams: BTreeMap<u32, Stream>,
    /// Middle 32 bits of the NTP time of reports sent, and when.
    awaited: VecDeque<(u32, Instant)>,
    next: Option<Instant>,
}

impl SenderReports {
    /// Reports `clocks` against `wall`; what comes back goes to `stats`.
    pub fn new(wall: WallClock, clocks: SenderClocks, stats: SharedStats) -> Self {
        Self { wall, clocks, stats, streams: BTreeMap::new(), awaited: VecDeque::new(), next: None }
    }

    fn take_reports(&self, reports: &[ReceptionReport], now: Instant) {
        for report in reports {
            let Some(stream) = self.streams.get(&report.ssrc) else {
                continue;
            };
            if let Some(rtt) = self.round_trip(report, now) {
                self.stats.add_rtt(rtt);
                self.stats.update(|s| s.outgoing(stream.kind).add_rtt(rtt));
            }
            self.stats.update(|s| s.outgoing(stream.kind).set_report(report, stream.rate));
        }
    }

    /// RFC 3550 section 6.4.1: now, less when the report was sent, less how long the peer held it.
    fn round_trip(&self, report: &ReceptionReport, now: Instant) -> Option<Duration> {
        let (_, sent) = self.awaited.iter().find(|(mid, _)| *mid == report.last_sender_report)?;
        let held = Duration::from_secs_f64(f64::from(report.delay) / 65_536.0);
        now.saturating_duration_since(*sent).checked_sub(held)
    }
}

impl Stage for SenderReports {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        if let Packet::Rtcp(packets) = &tagged.message.packet {
            for packet in packets {
                let packet = packet.as_any();
                if let Some(rr) = packet.downcast_ref::<ReceiverReport>() {
                    self.take_reports(&rr.reports, tagged.now);
                } else if let Some(sr) = packet.downcast_ref::<SenderReport>() {
                    self.take_reports(&sr.reports, tagged.now);
                }
            }
        }
        to_app.push_back(tagged);
    }

    fn write(&mut self, tagged: TaggedPacket, to_wire: &mut Out) {
        if let Packet::Rtp(packet) = &tagged.message.packet
            && let Some(stream) = self.streams.get_mut(&packet.header.ssrc)
        {
            stream.newest = Some((packet.header.timestamp, tagged.now));
            self.next.get_or_insert(tagged.now + FIRST);
        }
        to_wire.push_back(tagged);
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + INTERVAL);
        let ntp_time = self.wall.ntp(now);
        for (&ssrc, stream) in &self.streams {
            let Some((rtp, written)) = stream.newest else {
                continue;
            };
            // What the pacer throws away was never sent, and what goes with sound once more was.
            let (packets, octets) = self.stats.get().outgoing(stream.kind).first_sent();
            let clock = self.clocks.rtp_at(stream.kind, now, stream.rate);
            let report = SenderReport {
                ssrc,
                ntp_time,
                rtp_time: clock.unwrap_or_else(|| advance(rtp, written, now, stream.rate)),
                packet_count: packets.wrapping_sub(stream.before.0) as u32,
                octet_count: octets.wrapping_sub(stream.before.1) as u32,
                ..SenderReport::default()
            };
            to_wire.push_back(rtcp_out(now, Box::new(report)));
        }
        if self.awaited.len() == AWAITED_MAX {
            self.awaited.pop_front();
        }
        self.awaited.push_back(((ntp_time >> 16) as u32, now));
    }

    fn deadline(&self) -> Option<Instant> {
        self.next
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        let Some(kind) = MediaKind::of(&stream.mime_type) else {
            return;
        };
        let before = self.stats.get().outgoing(kind).first_sent();
        // Bound anew, it goes on.
        self.streams.entry(stream.ssrc).or_insert(Stream {
            kind,
            rate: stream.clock_rate,
            before,
            newest: None,
        });
    }
}

#[cfg(test)]
mod tests;
