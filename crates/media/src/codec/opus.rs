//! Opus for speech: 48 kHz, mono, 20 to 60 ms a packet, in-band FEC, DTX.
use super::CodecError;
use opus::{Application, Bitrate, Channels, Decoder, Encoder};

const NAME: &str = "opus";
/// Samples in a millisecond.
const SAMPLES_MS: usize = 48;
/// Samples in 20 ms, the usual packet.
pub const FRAME_SAMPLES: usize = 20 * SAMPLES_MS;
/// Longest Opus packet of one frame (RFC 6716, section 3.4, rounded up).
const MAX_PACKET: usize = 1280;
/// A packet of at most this many bytes says only "still silent" and need not be sent (opus_encode's documentation).
const DTX_PACKET: usize = 2;
/// Longest that a packet may last, in samples (RFC 6716, section 2.1.4: 120 ms).
pub const MAX_PACKET_SAMPLES: usize = 5760;

/// How speech is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusSettings {
    /// Bits a second.
    pub bitrate_bps: u32,
    /// How long a packet lasts: 20, 40 or 60 ms. Longer ones weigh less by their headers, and take longer to fill.
    pub frame_ms: u32,
    /// Send (almost) nothing in silence.
    pub dtx: bool,
    /// Loss that in-band FEC is dimensioned for, in percent.
    pub expected_loss_pct: u8,
}

impl OpusSettings {
    /// Samples in a packet.
    #[must_use]
    pub fn frame_samples(&self) -> usize {
        self.frame_ms as usize * SAMPLES_MS
    }
}

impl Default for OpusSettings {
    fn default() -> Self {
        Self { bitrate_bps: 32_000, frame_ms: 20, dtx: true, expected_loss_pct: 10 }
    }
}

/// A speech encoder.
pub struct OpusEncoder {
    encoder: Encoder,
    settings: OpusSettings,
    packet: [u8; MAX_PACKET],
}

impl OpusEncoder {
    /// A new encoder.
    ///
    /// # Errors
    /// [`CodecError::Setup`].
    pub fn new(settings: OpusSettings) -> Result<Self, CodecError> {
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).map_err(setup)?;
        // 0.19 ms a frame (measured); 10 costs a third more for nothing that can be heard.
        encoder.set_complexity(9).map_err(setup)?;
        encoder.set_inband_fec(true).map_err(setup)?;
        let mut this = Self { encoder, settings, packet: [0; MAX_PACKET] };
        this.configure(settings)?;
        Ok(this)
    }

    /// Takes new settings.
    ///
    /// # Errors
    /// [`CodecError::Setup`].
    pub fn configure(&mut self, settings: OpusSettings) -> Result<(), CodecError> {
        let bitrate = i32::try_from(settings.bitrate_bps).unwrap_or(i32::MAX);
        self.encoder.set_bitrate(Bitrate::Bits(bitrate)).map_err(setup)?;
        self.encoder.set_dtx(settings.dtx).map_err(setup)?;
        self.encoder.set_packet_loss_perc(settings.expected_loss_pct.into()).map_err(setup)?;
        self.settings = settings;
        Ok(())
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> OpusSettings {
        self.settings
    }

    /// Encodes one packet's samples: 20, 40 or 60 ms; `None` where nothing need be sent.
    ///
    /// # Errors
    /// [`CodecError::Encode`], also for another number of samples.
    pub fn encode(&mut self, samples: &[f32]) -> Result<Option<&[u8]>, CodecError> {
        let length = self
            .encoder
            .encode_float(samples, &mut self.packet)
            .map_err(|error| CodecError::Encode { codec: NAME, reason: error.to_string() })?;
        Ok((length > DTX_PACKET).then_some(&self.packet[..length]))
    }
}

fn setup(error: opus::Error) -> CodecError {
    CodecError::Setup { codec: NAME, reason: error.to_string() }
}

/// A speech decoder; mono, whatever the sender's channel count.
pub struct OpusDecoder(Decoder);

impl OpusDecoder {
    /// A new decoder.
    ///
    /// # Errors
    /// [`CodecError::Setup`].
    pub fn new() -> Result<Self, CodecError> {
        Decoder::new(48_000, Channels::Mono).map(Self).map_err(setup)
    }

    /// Decodes a packet into `output`, and returns the number of samples.
    ///
    /// # Errors
    /// [`CodecError::Decode`].
    pub fn decode(
        &mut self,
        packet: &[u8],
        output: &mut [f32; MAX_PACKET_SAMPLES],
    ) -> Result<usize, CodecError> {
        self.0.decode_float(packet, output, false).map_err(decode)
    }

    /// Recovers the frame before `next` from the redundancy that `next` carries.
    ///
    /// # Errors
    /// [`CodecError::Decode`].
    pub fn recover(&mut self, next: &[u8], output: &mut [f32]) -> Result<usize, CodecError> {
        self.0.decode_float(next, output, true).map_err(decode)
    }

    /// Invents what a lost packet, or silence that was not sent, may have held; fades out by itself.
    ///
    /// # Errors
    /// [`CodecError::Decode`].
    pub fn conceal(&mut self, output: &mut [f32]) -> Result<usize, CodecError> {
        self.0.decode_float(&[], output, false).map_err(decode)
    }

    /// Samples that a packet lasts; 0 where it is malformed.
    #[must_use]
    pub fn duration(packet: &[u8]) -> usize {
        opus::packet::get_nb_samples(packet, 48_000).unwrap_or(0)
    }

    /// Whether a packet carries the one before it once more (RFC 6716 section 4.2.4: the LBRR flag of its first frame).
    /// Redundancy is SILK's: a packet of CELT has none.
    #[must_use]
    pub fn has_redundancy(packet: &[u8]) -> bool {
        let Some(&toc) = packet.first() else { return false };
        let (config, frames) = (toc >> 3, toc & 3);
        // Configurations 0 to 11 are SILK, 12 to 15 hybrid (section 3.1); in each group of SILK the last two are of 40 and
        // 60 ms, made of two and three frames of SILK.
        let silk_frames = match config {
            0..=11 => [1, 1, 2, 3][usize::from(config & 3)],
            12..=15 => 1,
            _ => return false,
        };
        let first = match (frames, packet.get(1)) {
            (0 | 1, _) => 1,
            // The first frame's length takes one byte, or two from 252 on (section 3.2.1).
            (2, Some(&length)) => {
                if length < 252 {
                    2
                } else {
                    3
                }
            }
            // Any number of frames, perhaps padded: nobody sends speech so.
            _ => return false,
        };
        packet.get(first).is_some_and(|byte| (byte >> (7 - silk_frames)) & 1 == 1)
    }
}

fn decode(error: opus::Error) -> CodecError {
    CodecError::Decode { codec: NAME, reason: error.to_string() }
}

/// Four syllables a second of a buzz with a moving pitch, which the encoder takes for speech and spends redundancy on;
/// a steady tone is noise to it.
#[cfg(test)]
pub(crate) fn speech_like(from: usize, samples: usize) -> Vec<f32> {
    let sample = |n: usize| {
        let syllable = (n as f32 / 12_000.0 * std::f32::consts::PI).sin().abs();
        let period = 320 + n / 4_800 % 40;
        0.5 * syllable * ((n % period) as f32 / period as f32 - 0.5)
    };
    (from..from + samples).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(frame: usize) -> [f32; FRAME_SAMPLES] {
        std::array::from_fn(|i| 0.3 * ((frame * FRAME_SAMPLES + i) as f32 * 0.0576).sin())
    }

    fn energy(samples: &[f32]) -> f32 {
        samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn tone_survives_encoding() {
        let mut encoder = OpusEncoder::new(OpusSettings::default()).unwrap();
        let mut decoder = OpusDecoder::new().unwrap();
        let mut output = [0.0; MAX_PACKET_SAMPLES];
        for frame in 0..20 {
            let packet = encoder.encode(&sine(frame)).unwrap().unwrap();
            assert_eq!(OpusDecoder::duration(packet), FRAME_SAMPLES);
            assert_eq!(decoder.decode(packet, &mut output).unwrap(), FRAME_SAMPLES);
        }
        let loudness = energy(&output[..FRAME_SAMPLES]) / energy(&sine(0));
        assert!((0.7..1.4).contains(&loudness), "{loudness}");
    }

    #[test]
    fn silence_is_not_sent() {
        let mut encoder = OpusEncoder::new(OpusSettings::default()).unwrap();
        let sent = (0..100).filter(|_| encoder.encode(&[0.0; FRAME_SAMPLES]).unwrap().is_some()).count();
        assert!(sent < 30, "{sent} of 100");
    }

    #[test]
    fn packets_last_as_long_as_they_are_set_to() {
        let mut encoder = OpusEncoder::new(OpusSettings::default()).unwrap();
        for (frame_ms, bitrate_bps) in [(60, 10_000), (40, 24_000), (20, 32_000)] {
            let settings = OpusSettings { frame_ms, bitrate_bps, ..OpusSettings::default() };
            encoder.configure(settings).unwrap();
            let samples: Vec<f32> = (0..3).flat_map(sine).take(settings.frame_samples()).collect();
            let bytes: usize = (0..50).map(|_| encoder.encode(&samples).unwrap().unwrap().len()).sum();
            let packet = encoder.encode(&samples).unwrap().unwrap();
            assert_eq!(OpusDecoder::duration(packet), settings.frame_samples());
            let bps = bytes as u32 * 8 * 1_000 / (50 * frame_ms);
            assert!(bps < bitrate_bps * 5 / 4, "{bps} bit/s for {bitrate_bps}");
        }
    }

    #[test]
    fn redundancy_is_seen_where_there_is_some() {
        let counts = [0, 25].map(|expected_loss_pct| {
            let settings = OpusSettings { bitrate_bps: 16_000, expected_loss_pct, ..OpusSettings::default() };
            let mut encoder = OpusEncoder::new(settings).unwrap();
            let voice = |frame: usize| speech_like(frame * FRAME_SAMPLES, FRAME_SAMPLES);
            let packets =
                (0..100).filter_map(|frame| encoder.encode(&voice(frame)).unwrap().map(<[u8]>::to_vec));
            packets.filter(|packet| OpusDecoder::has_redundancy(packet)).count()
        });
        assert_eq!(counts[0], 0);
        assert!(counts[1] > 50, "{counts:?}");
        assert!(!OpusDecoder::has_redundancy(&[]));
    }

    #[test]
    fn long_concealment_fades_out() {
        let mut encoder = OpusEncoder::new(OpusSettings::default()).unwrap();
        let mut decoder = OpusDecoder::new().unwrap();
        let mut output = [0.0; MAX_PACKET_SAMPLES];
        for frame in 0..20 {
            decoder.decode(encoder.encode(&sine(frame)).unwrap().unwrap(), &mut output).unwrap();
        }
        for _ in 0..50 {
            decoder.conceal(&mut output[..FRAME_SAMPLES]).unwrap();
        }
        assert!(energy(&output[..FRAME_SAMPLES]) < 1e-6);
    }
}
