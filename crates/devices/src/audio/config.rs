//! How to talk to an audio device: rate, channels, sample format, buffer.
use super::{host::Direction, sample};
use cpal::{BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange};
use eyeline_media::frame::SAMPLE_RATE_HZ;

/// A choice of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) config: StreamConfig,
    pub(super) format: SampleFormat,
}

/// The best of what `device` offers: 48 kHz where it can, its own channels, at most two, floating point.
pub(super) fn choose(device: &cpal::Device, direction: Direction) -> Result<Choice, cpal::Error> {
    let native = direction.default_config(device)?;
    let offered = direction.configs(device)?;
    // A sound server is a program among others: it, we, and it again must run within a period, on a busy machine.
    // (Measured at a load of 4 a processor: with 10 ms, sound is lost in two of three runs; Chromium asks for 20, too.)
    let period_ms = if super::host::is_sound_server(device) { 20 } else { 10 };
    let best = best_of(&offered, native.channels(), period_ms);
    Ok(best.unwrap_or_else(|| Choice { config: native.config(), format: native.sample_format() }))
}

fn best_of(offered: &[SupportedStreamConfigRange], native_channels: u16, period_ms: u32) -> Option<Choice> {
    let wanted_channels = native_channels.clamp(1, 2);
    let best = offered
        .iter()
        .filter(|range| range.try_with_sample_rate(SAMPLE_RATE_HZ).is_some())
        .filter(|range| sample::rank(range.sample_format()).is_some())
        .min_by_key(|r| (r.channels().abs_diff(wanted_channels), sample::rank(r.sample_format())))?;
    let mut config = best.with_sample_rate(SAMPLE_RATE_HZ).config();
    config.buffer_size = period(period_ms, *best.buffer_size());
    Some(Choice { config, format: best.sample_format() })
}

/// The buffer size nearest to a period. Smaller buffers cost wake-ups, larger ones delay.
fn period(ms: u32, size: SupportedBufferSize) -> BufferSize {
    match size {
        SupportedBufferSize::Range { min, max } => {
            BufferSize::Fixed((SAMPLE_RATE_HZ * ms / 1000).max(min).min(max))
        }
        SupportedBufferSize::Unknown => BufferSize::Default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(channels: u16, rates: (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
        let size = SupportedBufferSize::Range { min: 1, max: 9_999 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, size, format)
    }

    #[test]
    fn native_channels_at_48_khz_in_floating_point_with_10_ms_buffers() {
        let offered = [
            offer(1, (8_000, 96_000), SampleFormat::F32),
            offer(2, (44_100, 44_100), SampleFormat::F32),
            offer(2, (8_000, 96_000), SampleFormat::I16),
            offer(2, (8_000, 96_000), SampleFormat::F32),
            offer(6, (48_000, 48_000), SampleFormat::F32),
        ];
        let stereo = best_of(&offered, 2, 10).unwrap();
        assert_eq!((stereo.config.channels, stereo.format), (2, SampleFormat::F32));
        assert_eq!((stereo.config.sample_rate, stereo.config.buffer_size), (48_000, BufferSize::Fixed(480)));
        assert_eq!(best_of(&offered, 1, 10).unwrap().config.channels, 1);
        assert_eq!(best_of(&offered, 6, 10).unwrap().config.channels, 2);
    }

    #[test]
    fn a_device_without_48_khz_is_left_to_its_own_default() {
        assert_eq!(best_of(&[offer(1, (16_000, 16_000), SampleFormat::I16)], 1, 10), None);
    }
}
