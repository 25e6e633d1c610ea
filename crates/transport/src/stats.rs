//! What the transport counts, in one place that every stage writes to and the application reads.
use crate::MediaKind;
use rtc::rtcp::reception_report::ReceptionReport;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Counters since the connection was made. Rates are for the reader to derive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TransportStats {
    /// Audio that we send.
    pub audio_out: StreamStats,
    /// Video that we send, without retransmissions.
    pub video_out: StreamStats,
    /// Audio that arrives.
    pub audio_in: StreamStats,
    /// Video that arrives, repaired packets included, duplicates not.
    pub video_in: StreamStats,
    /// Packets that we sent again.
    pub retransmits_sent: u64,
    /// Packets that came again, by RFC 4588.
    pub retransmits_received: u64,
    /// Lost packets of sound that a later packet carried once more.
    pub audio_made_good: u64,
    /// Packets that came although we had them.
    pub duplicates: u64,
    /// Packets that we asked for, each request counted.
    pub nacks_sent: u64,
    /// Packets that the peer asked for.
    pub nacks_received: u64,
    /// Key frames that we asked for.
    pub plis_sent: u64,
    /// Key frames that the peer asked for (PLI and FIR).
    pub plis_received: u64,
    /// Packets given up: asked for as often as is sensible, and never seen.
    pub packets_abandoned: u64,
    /// Packets that the pacer threw away because they had waited too long.
    pub pacer_dropped: u64,
    /// How long the oldest packet has waited in the pacer.
    pub pacer_queue: Duration,
    /// Round trip by RTCP (RFC 3550 section 6.4.1), smoothed.
    pub rtt: Option<Duration>,
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

/// Counters of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamStats {
    /// Packets.
    pub packets: u64,
    /// Bytes of RTP payload.
    pub bytes: u64,
    /// Packets lost on the way for good or until repaired, by the receiver's own account.
    pub lost: u64,
    /// The receiver's newest account of lost packets, 0 to 1.
    pub loss: Option<f64>,
    /// The receiver's newest account of interarrival jitter.
    pub jitter: Option<Duration>,
}

impl StreamStats {
    /// Counts one packet.
    pub(crate) fn add(&mut self, payload: usize) {
        self.packets += 1;
        self.bytes += payload as u64;
    }

    /// Takes over what a receiver says of this stream, whose RTP clock runs at `rate`.
    pub(crate) fn set_report(&mut self, report: &ReceptionReport, rate: u32) {
        self.lost = u64::from(report.total_lost);
        self.loss = Some(f64::from(report.fraction_lost) / 256.0);
        self.jitter = Some(Duration::from_secs_f64(f64::from(report.jitter) / f64::from(rate.max(1))));
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

    /// Takes in one measured round trip; smoothed by 1/8 as in RFC 6298.
    pub fn add_rtt(&self, sample: Duration) {
        self.update(|s| s.rtt = Some(s.rtt.map_or(sample, |old| (old * 7 + sample) / 8)));
    }
}
