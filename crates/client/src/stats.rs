//! How a call's media fares, once a second. What is not known is `None`, never zero.
use crate::snapshot::Quality;
use eyeline_protocol::stats::WebRtcStats;
use serde::Serialize;

/// One second of a call. Rates and percentages are of that second, the rest is as of now.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CallStats {
    /// Pictures rendered (or handed on encoded), a second.
    pub fps: Option<f64>,
    /// Times that the picture has stood still since the call's start (W3C's `freezeCount`).
    pub freeze_count: Option<u64>,
    /// For how long altogether, in seconds.
    pub freeze_s: Option<f64>,
    /// Size of the received picture, in pixels.
    pub size: Option<(u32, u32)>,
    /// Name of the received video codec, as in SDP.
    pub codec: Option<String>,
    /// Name of the video encoder at work.
    pub encoder: Option<String>,
    /// Name of the video decoder at work.
    pub decoder: Option<String>,
    /// Received sound and pictures, what was repaired or made from parity included, without any headers and padding, in kbit/s.
    pub kbps_in: Option<f64>,
    /// Sent, likewise, what was sent again included.
    pub kbps_out: Option<f64>,
    /// Everything that was received on the path, connectivity checks included, in kbit/s.
    pub path_kbps_in: Option<f64>,
    /// What the congestion control lets us send, in kbit/s.
    pub target_kbps: Option<f64>,
    /// Round-trip time of the path in use, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// RTP packets that were due and did not come, repaired or not, in percent.
    pub loss_pct: Option<f64>,
    /// Interarrival jitter of the audio (RFC 3550 section 6.4.1), in milliseconds.
    pub jitter_ms: Option<f64>,
    /// Sound waiting to be played, in milliseconds.
    pub jitter_buffer_ms: Option<f64>,
    /// From the audio's capture by its sender to its playing, where the sender's clock is known, in milliseconds.
    pub audio_delay_ms: Option<f64>,
    /// Audio samples made up for lost ones, of all samples played since the call's start, in percent.
    pub audio_concealed_pct: Option<f64>,
    /// Packets waiting to be sent, as time at the present rate, in milliseconds.
    pub pacer_queue_ms: Option<f64>,
    /// State of the ICE agent (`RTCIceConnectionState`).
    pub ice_state: Option<String>,
    /// Types of the candidates in use, local and remote (RFC 8445 section 5.1.1).
    pub candidates: Option<(String, String)>,
    /// What carries the path between this machine and the peer, or its relay: `udp`, `tcp`, or `tls`.
    pub protocol: Option<String>,
    /// Whether media goes through a TURN server.
    pub relayed: Option<bool>,
    /// Packets that the other side asked for again, since the call's start.
    pub retransmitted: Option<u64>,
    /// What keeps the sent picture from being as good as the camera's (`RTCQualityLimitationReason`).
    pub quality_limitation: Option<String>,
    /// Whether no picture is sent, since the path has no room for any.
    pub video_paused: Option<bool>,
    /// The same and more in the words of W3C's webrtc-stats.
    pub webrtc: WebRtcStats,
}

impl CallStats {
    /// For people.
    #[must_use]
    pub fn quality(&self) -> Quality {
        Quality {
            bars: self.bars(),
            rtt_ms: self.rtt_ms,
            loss_pct: self.loss_pct,
            kbps_in: self.kbps_in,
            kbps_out: self.kbps_out,
            fps: self.fps,
            size: self.size,
            codec: self.codec.clone(),
            encoder: self.encoder.clone(),
            decoder: self.decoder.clone(),
            jitter_ms: self.jitter_ms,
            jitter_buffer_ms: self.jitter_buffer_ms,
            concealed_pct: self.audio_concealed_pct,
            freeze_count: self.freeze_count,
            freeze_s: self.freeze_s,
            limitation: self.quality_limitation.clone(),
            candidates: self.candidates.clone(),
            protocol: self.protocol.clone(),
            relayed: self.relayed,
        }
    }

    /// 0 (nothing comes) to 4. The steps are those at which conversation suffers: ITU-T G.114 for the delay (150 and
    /// 400 ms one way), and losses of 2, 5 and 15 %.
    fn bars(&self) -> u8 {
        if self.path_kbps_in.is_some_and(|kbps| kbps < 1.0) {
            return 0;
        }
        let by = |value: Option<f64>, steps: [f64; 3]| {
            let passed = value.map_or(0, |v| steps.iter().filter(|step| v > **step).count());
            4 - u8::try_from(passed).unwrap_or(3)
        };
        by(self.loss_pct, [2.0, 5.0, 15.0]).min(by(self.rtt_ms, [200.0, 400.0, 800.0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(loss_pct: f64, rtt_ms: f64, kbps_in: f64) -> u8 {
        let stats = CallStats {
            loss_pct: Some(loss_pct),
            rtt_ms: Some(rtt_ms),
            path_kbps_in: Some(kbps_in),
            ..CallStats::default()
        };
        stats.quality().bars
    }

    #[test]
    fn bars_follow_the_worse_of_loss_and_delay() {
        assert_eq!(bars(0.0, 20.0, 500.0), 4);
        assert_eq!(bars(3.0, 20.0, 500.0), 3);
        assert_eq!(bars(0.0, 500.0, 500.0), 2);
        assert_eq!(bars(20.0, 1_000.0, 500.0), 1);
        assert_eq!(bars(0.0, 20.0, 0.0), 0);
    }
}
