//! What arrives.
use super::MediaKind;

object! {
    /// `RTCInboundRtpStreamStats`: a stream that is received.
    InboundRtp {
        /// Sound or picture.
        kind: MediaKind,
        /// Synchronisation source.
        ssrc: u32,
        /// The `id` of its codec.
        codec_id: String,
        /// RTP packets, retransmissions included.
        packets_received: u64,
        /// Packets lost, repaired or not (RFC 3550 section 6.4.1).
        packets_lost: i64,
        /// Interarrival jitter, in seconds.
        jitter: f64,
        /// Bytes of payload.
        bytes_received: u64,
        /// Bytes of headers and padding.
        header_bytes_received: u64,
        /// Packets that were sent again (RFC 4588) and were of use.
        retransmitted_packets_received: u64,
        /// Their bytes of payload.
        retransmitted_bytes_received: u64,
        /// Packets that other packets carried along (RFC 2198).
        fec_packets_received: u64,
        /// Those of them that were not needed.
        fec_packets_discarded: u64,
        /// Packets that came too late to be played or shown, or twice.
        packets_discarded: u64,
        /// Messages that asked for packets (RFC 4585).
        nack_count: u64,
        /// Requests for a key frame (RFC 4585).
        pli_count: u64,
        /// Requests for a key frame (RFC 5104).
        fir_count: u64,
        /// Whole pictures.
        frames_received: u64,
        /// Pictures decoded.
        frames_decoded: u64,
        /// Key frames among them.
        key_frames_decoded: u64,
        /// Pictures that were dropped before they were shown.
        frames_dropped: u64,
        /// Pictures shown.
        frames_rendered: u64,
        /// Width of the last picture, in pixels.
        frame_width: u32,
        /// Its height.
        frame_height: u32,
        /// Pictures decoded in the last second.
        frames_per_second: f64,
        /// Time spent decoding, in seconds.
        total_decode_time: f64,
        /// Gaps between pictures that show: over three times the mean, and over the mean and 150 ms.
        freeze_count: u64,
        /// Their length together, in seconds.
        total_freezes_duration: f64,
        /// Gaps of more than five seconds, and those in which the camera was off.
        pause_count: u64,
        /// Their length together, in seconds.
        total_pauses_duration: f64,
        /// Samples of sound played, made-up ones included.
        total_samples_received: u64,
        /// Samples made up for missing ones.
        concealed_samples: u64,
        /// Times that samples began to be made up.
        concealment_events: u64,
        /// Samples put in to play slower.
        inserted_samples_for_deceleration: u64,
        /// Samples left out to play faster.
        removed_samples_for_acceleration: u64,
        /// Time in the jitter buffer, of all samples or pictures that left it together, in seconds.
        jitter_buffer_delay: f64,
        /// How long they were to be there, in seconds.
        jitter_buffer_target_delay: f64,
        /// How many left it.
        jitter_buffer_emitted_count: u64,
        /// Loudness of the last 10 ms played, RMS, 0 to 1.
        audio_level: f64,
        /// Name of the decoder.
        decoder_implementation: String,
    }
}
