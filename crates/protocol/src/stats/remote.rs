//! What the receiver says of what is sent.
use super::MediaKind;

object! {
    /// `RTCRemoteInboundRtpStreamStats`: the peer's newest report on a stream of ours (RFC 3550 section 6.4.2).
    RemoteInboundRtp {
        /// Sound or picture.
        kind: MediaKind,
        /// The newest round trip, in seconds.
        round_trip_time: f64,
        /// All round trips together, in seconds.
        total_round_trip_time: f64,
        /// How many they were.
        round_trip_time_measurements: u64,
        /// Part of the packets that was lost since the report before, 0 to 1.
        fraction_lost: f64,
        /// Packets lost.
        packets_lost: i64,
        /// Interarrival jitter, in seconds.
        jitter: f64,
    }
}
