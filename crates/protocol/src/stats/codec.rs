//! What the streams are encoded with.

object! {
    /// `RTCCodecStats`.
    Codec {
        /// Names it to its streams.
        id: String,
        /// Such as `video/VP8`.
        mime_type: String,
        /// RTP payload type.
        payload_type: u8,
        /// Rate of the RTP clock, in Hz.
        clock_rate: u32,
        /// Channels of sound.
        channels: u16,
    }
}
