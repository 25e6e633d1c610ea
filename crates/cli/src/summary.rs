//! The figures of a call: one object at its end, and one a second while it lasts. A figure that is not known is null.
use crate::instrument::Meters;
use eyeline_client::stats::CallStats;
use eyeline_media::{
    clock::MediaClock,
    frame::MediaTime,
    measure::{Percentiles, Samples},
};
use eyeline_protocol::rest::EndReason;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// The last line of the instrument's output.
#[derive(Debug, Serialize)]
pub struct Summary {
    begun_unix_ms: Option<i64>,
    setup_ms: Option<u64>,
    first_frame_ms: Option<u64>,
    frames: u64,
    fps: Option<f64>,
    latency_ms: Option<Spread>,
    gap_ms: Option<Gaps>,
    sizes: BTreeMap<String, u64>,
    freeze_count: u32,
    freeze_s: f64,
    audio_concealed_pct: Option<f64>,
    audio_delay_ms: Option<Spread>,
    av_skew_ms: Option<Spread>,
    kbps_in: Option<f64>,
    kbps_out: Option<f64>,
    target_kbps: Option<f64>,
    rtt_ms: Option<f64>,
    protocol: Option<String>,
    relayed: Option<bool>,
    codec: Option<String>,
    encoder: Option<String>,
    decoder: Option<String>,
    reconnects: u32,
    end_reason: Option<EndReason>,
}

/// A spread of figures, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Spread {
    p50: f32,
    p95: f32,
    n: usize,
}

#[derive(Debug, Serialize)]
struct Gaps {
    max: f64,
    over200: u32,
}

impl From<Percentiles> for Spread {
    fn from(p: Percentiles) -> Self {
        Self { p50: p.p50, p95: p.p95, n: p.n }
    }
}

/// What happened when, beside what was measured.
#[derive(Debug, Default)]
pub struct Course {
    /// When the call was placed (or accepted): times of the stats lines count from there.
    pub begun: Option<MediaTime>,
    /// From placing the call (or from accepting it) until media could flow.
    pub setup: Option<Duration>,
    /// From the accept until the first picture.
    pub first_frame: Option<Duration>,
    /// Times that the path was lost and found again.
    pub reconnects: u32,
    /// How it ended.
    pub end_reason: Option<EndReason>,
    /// Means of the stats lines.
    pub means: Means,
    /// The newest stats.
    pub last: CallStats,
}

/// Means over the call's seconds.
#[derive(Debug, Default)]
pub struct Means {
    kbps_in: Mean,
    kbps_out: Mean,
    rtt_ms: Mean,
    audio_delay_ms: Samples,
}

#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    n: u32,
}

impl Mean {
    fn push(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.n += 1;
        }
    }

    fn get(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / f64::from(self.n))
    }
}

impl Course {
    /// Takes one second's figures.
    pub fn second(&mut self, stats: &CallStats) {
        self.means.kbps_in.push(stats.kbps_in);
        self.means.kbps_out.push(stats.kbps_out);
        self.means.rtt_ms.push(stats.rtt_ms);
        if let Some(delay) = stats.audio_delay_ms {
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a call")]
            self.means.audio_delay_ms.push(delay as f32);
        }
        self.last = stats.clone();
    }

    /// The object of the last line.
    pub fn summary(&self, meters: &Meters) -> Summary {
        let gaps = || Gaps {
            max: meters.freezes.longest_gap().as_secs_f64() * 1000.0,
            over200: meters.freezes.gaps_over_200_ms(),
        };
        Summary {
            begun_unix_ms: self.begun.map(|at| MediaClock::unix_us(at) / 1000),
            setup_ms: self.setup.map(ms),
            first_frame_ms: self.first_frame.map(ms),
            frames: meters.frames,
            fps: fps(meters),
            latency_ms: meters.latency.percentiles().map(Spread::from),
            gap_ms: (meters.frames > 1).then(gaps),
            sizes: meters.sizes.clone(),
            freeze_count: meters.freezes.freezes(),
            freeze_s: meters.freezes.frozen().as_secs_f64(),
            audio_concealed_pct: self.last.audio_concealed_pct,
            audio_delay_ms: self.means.audio_delay_ms.percentiles().map(Spread::from),
            av_skew_ms: meters.skew.percentiles().map(Spread::from),
            kbps_in: self.means.kbps_in.get(),
            kbps_out: self.means.kbps_out.get(),
            target_kbps: self.last.target_kbps,
            rtt_ms: self.means.rtt_ms.get(),
            protocol: self.last.protocol.clone(),
            relayed: self.last.relayed,
            codec: self.last.codec.clone(),
            encoder: self.last.encoder.clone(),
            decoder: self.last.decoder.clone(),
            reconnects: self.reconnects,
            end_reason: self.end_reason,
        }
    }
}

/// Pictures a second from the first to the last.
#[expect(clippy::cast_precision_loss, reason = "pictures of one call")]
fn fps(meters: &Meters) -> Option<f64> {
    let (first, last) = meters.rendered?;
    let seconds = (last - first).as_secs_f64();
    (seconds > 0.0).then(|| (meters.frames - 1) as f64 / seconds)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
