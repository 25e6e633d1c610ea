//! Our receiver reports, and our own account of what arrives.
//!
//! The built-in generator takes RTP time that wraps for hours of jitter, and a packet that is late across a report for
//! lost for ever.
use super::arrivals::Arrivals;
use crate::{
    MediaKind,
    plug::{Out, Stage, rtcp_out},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Packet, StreamInfo, TaggedPacket},
    rtcp::{receiver_report::ReceiverReport, reception_report::ReceptionReport, sender_report::SenderReport},
    rtp,
    shared::marshal::MarshalSize,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Time between two reports.
const INTERVAL: Duration = Duration::from_secs(1);
/// Losses that fit the 24 bits with a sign.
const LOST_MAX: u64 = (1 << 23) - 1;

struct Stream {
    /// Absent for a stream that repairs another: it is reported on, but its losses are not the media's.
    account: Option<MediaKind>,
    arrivals: Arrivals,
    /// Middle 32 bits of the NTP time of the newest sender report, and when it came.
    sender: Option<(u32, Instant)>,
}

/// The stage. It sits before retransmissions are unwrapped: a repaired loss is still reported as a loss.
pub struct ReceiverReports {
    stats: SharedStats,
    streams: BTreeMap<u32, Stream>,
    /// The media that an SSRC of repairs belongs to.
    repairs: BTreeMap<u32, MediaKind>,
    /// Who we are in what we report: ours where we send.
    sender_ssrc: u32,
    next: Option<Instant>,
}

impl ReceiverReports {
    /// Counts into `stats`.
    pub fn new(stats: SharedStats) -> Self {
        Self { stats, streams: BTreeMap::new(), repairs: BTreeMap::new(), sender_ssrc: 1, next: None }
    }

    fn on_packet(&mut self, packet: &rtp::Packet, now: Instant) {
        let rtp::Packet { header, payload } = packet;
        let Some(stream) = self.streams.get_mut(&header.ssrc) else { return };
        self.next.get_or_insert(now + INTERVAL);
        stream.arrivals.on_packet(header.sequence_number, header.timestamp, now);
        let all = packet.marshal_size();
        if let Some(&kind) = self.repairs.get(&header.ssrc) {
            // Padding, unless its payload turns out to be of use.
            self.stats.update(|s| s.incoming(kind).add(all, 0));
        } else if let Some(kind) = stream.account {
            let arrivals = &stream.arrivals;
            self.stats.update(|s| {
                let counted = s.incoming(kind);
                counted.add(all.saturating_sub(payload.len()), payload.len());
                counted.expected = arrivals.expected();
                counted.lost = arrivals.lost().try_into().unwrap_or(i64::MAX);
                counted.jitter = arrivals.jitter_time();
            });
        }
    }

    fn report(ssrc: u32, stream: &mut Stream, now: Instant) -> (ReceptionReport, Option<f64>) {
        let loss = stream.arrivals.take_loss();
        let since = |at: Instant| now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
        let report = ReceptionReport {
            ssrc,
            fraction_lost: loss.unwrap_or(0),
            total_lost: u32::try_from(stream.arrivals.lost().min(LOST_MAX)).unwrap_or(0),
            last_sequence_number: stream.arrivals.newest(),
            jitter: stream.arrivals.jitter().unwrap_or(0.0) as u32,
            last_sender_report: stream.sender.map_or(0, |(middle, _)| middle),
            delay: stream.sender.map_or(0, |(_, at)| since(at) as u32),
        };
        (report, loss.map(|loss| f64::from(loss) / 256.0))
    }
}

impl Stage for ReceiverReports {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        match &tagged.message.packet {
            Packet::Rtp(packet) => self.on_packet(packet, tagged.now),
            Packet::Rtcp(packets) => {
                for report in packets.iter().filter_map(|p| p.as_any().downcast_ref::<SenderReport>()) {
                    if let Some(stream) = self.streams.get_mut(&report.ssrc) {
                        stream.sender = Some(((report.ntp_time >> 16) as u32, tagged.now));
                    }
                }
            }
            // The enum is rtc's and open.
            _ => {}
        }
        to_app.push_back(tagged);
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + INTERVAL);
        let heard = self.streams.iter_mut().filter(|(_, stream)| stream.arrivals.expected() > 0);
        for (&ssrc, stream) in heard {
            let (report, loss) = Self::report(ssrc, stream, now);
            if let Some(kind) = stream.account {
                self.stats.update(|s| s.incoming(kind).loss = loss);
            }
            // One packet for each stream, as rtc's own would be.
            let report =
                ReceiverReport { ssrc: self.sender_ssrc, reports: vec![report], ..ReceiverReport::default() };
            to_wire.push_back(rtcp_out(now, Box::new(report)));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.next
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        self.sender_ssrc = stream.ssrc;
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        let kind = MediaKind::of(&stream.mime_type);
        // rtc gives a stream of repairs the format of what it repairs.
        if let (Some(repairs), Some(kind)) = (stream.ssrc_rtx, kind) {
            self.repairs.insert(repairs, kind);
            if let Some(known) = self.streams.get_mut(&repairs) {
                known.account = None;
            }
        }
        let account = kind.filter(|_| !self.repairs.contains_key(&stream.ssrc));
        // The newest of a kind counts, as in `AppTap`.
        self.streams
            .retain(|ssrc, known| account.is_none() || known.account != account || *ssrc == stream.ssrc);
        // An ICE restart binds a stream anew that has never paused.
        match self.streams.get_mut(&stream.ssrc) {
            Some(known) if known.arrivals.is_of(stream.clock_rate) => known.account = account,
            Some(_) | None => {
                let arrivals = Arrivals::new(stream.clock_rate);
                self.streams.insert(stream.ssrc, Stream { account, arrivals, sender: None });
            }
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.streams.remove(&stream.ssrc);
        if let Some(repairs) = stream.ssrc_rtx {
            self.repairs.remove(&repairs);
        }
    }
}

#[cfg(test)]
mod tests;
