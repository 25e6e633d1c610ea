//! What the transport counts, in one place that every stage writes to and the application reads.
use crate::MediaKind;
use rtc::rtcp::reception_report::ReceptionReport;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A round trip, until one was measured.
const RTT_UNKNOWN: Duration = Duration::from_millis(100);

/// Counters since the connection was made. Rates are for the reader to derive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TransportStats {
    /// Audio that we send.
    pub audio_out: StreamStats,
    /// Video that we send.
    pub video_out: StreamStats,
    /// Audio that arrives.
    pub audio_in: StreamStats,
    /// Video that arrives.
    pub video_in: StreamStats,
    /// Packets that we sent again.
    pub retransmits_sent: u64,
    /// Lost packets of sound that a later packet carried once more.
    pub audio_made_good: u64,
    /// Packets that we asked for, each request counted.
    pub nacks_sent: u64,
    /// Packets given up: asked for as often as is sensible, and never seen.
    pub packets_abandoned: u64,
    /// Packets that the pacer threw away because they had waited too long.
    pub pacer_dropped: u64,
    /// How long the oldest packet has waited in the pacer.
    pub pacer_queue: Duration,
    /// Round trip by RTCP (RFC 3550 section 6.4.1), smoothed.
    pub rtt: Option<Duration>,
    /// Round trip by transport-wide feedback, with what queues on the way to the peer just now: so long takes a repair of
    /// ours.
    pub repair_time: Option<Duration>,
    /// Target of the congestion control, in bit/s.
    pub target_bps: Option<u64>,
}

impl TransportStats {
    /// The counters of what we send.
    pub fn outgoing(&mut self, kind: MediaKind) -> &mut StreamStats {
        match kind {
            MediaKind::Audio => &mut self.audio_out,
            MediaKind::Video => &mut self.video_out,
        }
    }

    /// The counters of what arrives.
    pub fn incoming(&mut self, kind: MediaKind) -> &mut StreamStats {
        match kind {
            MediaKind::Audio => &mut self.audio_in,
            MediaKind::Video => &mut self.video_in,
        }
    }
}

/// Counters of one stream, its retransmissions included. What is said of losses is the receiver's account: our own of
/// what arrives, the peer's newest report of what we send.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamStats {
    /// RTP packets on the wire: retransmissions and padding included.
    pub packets: u64,
    /// Bytes of RTP payload, retransmitted ones included, padding not.
    pub bytes: u64,
    /// Bytes of RTP headers and of padding.
    pub header_bytes: u64,
    /// Packets that were sent again (RFC 4588). Of what arrives, those that were of use.
    pub retransmitted_packets: u64,
    /// Their bytes of payload.
    pub retransmitted_bytes: u64,
    /// Packets of padding, and of parity; of what we send only.
    pub padding_packets: u64,
    /// Packets of sound that another packet carried along (RFC 2198), and packets of parity over pictures; of what arrives only.
    pub fec_packets: u64,
    /// Those of them that were not needed.
    pub fec_discarded: u64,
    /// Packets that the stream consists of up to the newest that arrived; of what arrives only.
    pub expected: u64,
    /// Packets lost on the way, repaired or not (RFC 3550 section 6.4.1).
    pub lost: i64,
    /// Part of the packets that was lost between the newest two reports, 0 to 1.
    pub loss: Option<f64>,
    /// Interarrival jitter (RFC 3550 section 6.4.1).
    pub jitter: Option<Duration>,
    /// Messages that asked for packets (RFC 4585 section 6.2.1): ours of what arrives, the peer's of what we send.
    pub nacks: u64,
    /// Requests for a key frame (RFC 4585 section 6.3.1), likewise.
    pub plis: u64,
    /// Requests for a key frame (RFC 5104 section 4.3.1), likewise.
    pub firs: u64,
    /// The newest round trip that the peer's reports on this stream gave; of what we send only.
    pub rtt: Option<Duration>,
    /// All such round trips together.
    pub rtt_total: Duration,
    /// How many there were.
    pub rtt_count: u64,
}

impl StreamStats {
    /// Counts one packet on the wire.
    pub(crate) fn add(&mut self, header: usize, payload: usize) {
        self.packets += 1;
        self.bytes += payload as u64;
        self.header_bytes += header as u64;
    }

    /// Counts one packet that repeats another.
    pub(crate) fn add_repair(&mut self, payload: usize) {
        self.retransmitted_packets += 1;
        self.retransmitted_bytes += payload as u64;
    }

    /// Packets and bytes of media themselves, sent for the first time.
    pub(crate) fn first_sent(&self) -> (u64, u64) {
        let again = self.retransmitted_packets + self.padding_packets;
        (self.packets.saturating_sub(again), self.bytes.saturating_sub(self.retransmitted_bytes))
    }

    /// Takes over what the peer says of this stream, whose RTP clock runs at `rate`.
    pub(crate) fn set_report(&mut self, report: &ReceptionReport, rate: u32) {
        // 24 bits with a sign: duplicates can make it negative.
        self.lost = i64::from((report.total_lost << 8).cast_signed() >> 8);
        self.loss = Some(f64::from(report.fraction_lost) / 256.0);
        self.jitter = Some(Duration::from_secs_f64(f64::from(report.jitter) / f64::from(rate.max(1))));
    }

    /// Takes in one measured round trip.
    pub(crate) fn add_rtt(&mut self, sample: Duration) {
        self.rtt = Some(sample);
        self.rtt_total += sample;
        self.rtt_count += 1;
    }
}

/// The counters, shared. Held for a few instructions at a time.
#[derive(Debug, Clone, Default)]
pub struct SharedStats(Arc<Mutex<TransportStats>>);

impl SharedStats {
    /// A copy of all counters.
    #[must_use]
    pub fn get(&self) -> TransportStats {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the counters.
    pub fn update(&self, change: impl FnOnce(&mut TransportStats)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How long a repair of ours takes to the peer, and the next request for it back.
    #[must_use]
    pub fn repair_time(&self) -> Duration {
        let stats = self.get();
        stats.repair_time.or(stats.rtt).unwrap_or(RTT_UNKNOWN)
    }

    /// How long a repair takes to come from the peer: what queues on its way here shows in reports only.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        let stats = self.get();
        stats.repair_time.max(stats.rtt).unwrap_or(RTT_UNKNOWN)
    }

    /// Takes in one measured round trip; smoothed by 1/8 as in RFC 6298.
    pub fn add_rtt(&self, sample: Duration) {
        self.update(|s| s.rtt = Some(s.rtt.map_or(sample, |old| (old * 7 + sample) / 8)));
    }
}
