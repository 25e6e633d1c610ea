//! Microphone clean-up: echo cancellation, noise suppression, gain control (sonora: WebRTC's processing in Rust).
//!
//! The canceller must hear what the speaker plays: [`RenderTap`] carries it from the playout thread, or from the speaker
//! itself, to the capture thread.
use crate::{
    frame::{AudioBlock, BLOCK_SAMPLES},
    slot::lock,
};
use sonora::{
    AudioProcessing, Config, StreamConfig,
    config::{
        AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, NoiseSuppression,
        NoiseSuppressionLevel,
    },
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// Blocks kept for a capture thread that is late: 200 ms, more than any scheduling hiccup that echo cancellation survives.
const RENDER_BLOCKS: usize = 20;

/// Cleans up what the microphone delivers, in place.
pub trait AudioProcessor: Send {
    /// Hears 10 ms that the speaker plays.
    fn render(&mut self, block: &AudioBlock);
    /// Cleans 10 ms from the microphone.
    fn capture(&mut self, block: &mut AudioBlock);
}

/// What is to be cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessingSettings {
    /// Remove what the speaker plays.
    pub echo_cancellation: bool,
    /// Remove steady noise.
    pub noise_suppression: bool,
    /// Bring speech to an even level.
    pub auto_gain: bool,
}

impl ProcessingSettings {
    /// All of it: right for real devices.
    pub const ALL: Self = Self { echo_cancellation: true, noise_suppression: true, auto_gain: true };
    /// None of it: right for synthetic ones.
    pub const NONE: Self = Self { echo_cancellation: false, noise_suppression: false, auto_gain: false };
}

/// Carries what is played to whoever cancels its echo. Clones share one queue.
#[derive(Debug, Clone, Default)]
pub struct RenderTap(Arc<Mutex<VecDeque<AudioBlock>>>);

impl RenderTap {
    /// Adds 10 ms; the oldest are dropped where nobody listens.
    pub fn push(&self, block: &AudioBlock) {
        let mut blocks = lock(&self.0);
        if blocks.len() == RENDER_BLOCKS {
            blocks.pop_front();
        }
        blocks.push_back(block.clone());
    }

    /// Takes the oldest 10 ms.
    #[must_use]
    pub fn pop(&self) -> Option<AudioBlock> {
        lock(&self.0).pop_front()
    }
}

/// [`AudioProcessor`] by sonora.
pub struct SonoraProcessor(AudioProcessing);

impl SonoraProcessor {
    /// A processor that does what `settings` say; `None` where they say nothing.
    #[must_use]
    pub fn new(settings: ProcessingSettings) -> Option<Self> {
        if settings == ProcessingSettings::NONE {
            return None;
        }
        let gain = GainController2 {
            // sonora's own start of +15 dB lifts residual echo before the canceller has converged (measured).
            adaptive_digital: Some(AdaptiveDigital { initial_gain_db: 0.0, ..AdaptiveDigital::default() }),
            ..GainController2::default()
        };
        let noise = NoiseSuppression { level: NoiseSuppressionLevel::High, ..NoiseSuppression::default() };
        let config = Config {
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: settings.echo_cancellation.then(EchoCanceller::default),
            noise_suppression: settings.noise_suppression.then_some(noise),
            gain_controller2: settings.auto_gain.then_some(gain),
            ..Config::default()
        };
        let stream = StreamConfig::new(48_000, 1);
        Some(Self(
            AudioProcessing::builder().config(config).capture_config(stream).render_config(stream).build(),
        ))
    }
}

impl AudioProcessor for SonoraProcessor {
    fn render(&mut self, block: &AudioBlock) {
        let mut ignored = [0.0; BLOCK_SAMPLES];
        if let Err(error) = self.0.process_render_f32(&[&block.samples], &mut [&mut ignored]) {
            tracing::debug!(?error, "echo reference not taken");
        }
    }

    fn capture(&mut self, block: &mut AudioBlock) {
        let input = block.samples;
        if let Err(error) = self.0.process_capture_f32(&[&input], &mut [&mut block.samples]) {
            tracing::debug!(?error, "microphone block not processed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MediaTime;

    fn energy(samples: &[f32]) -> f32 {
        samples.iter().map(|sample| sample * sample).sum()
    }

    #[test]
    fn echo_of_the_speaker_is_removed() {
        let settings = ProcessingSettings { echo_cancellation: true, ..ProcessingSettings::NONE };
        let mut processor = SonoraProcessor::new(settings).unwrap();
        let mut random = 1_u32;
        let mut previous = AudioBlock::silence(MediaTime(0));
        let (mut echo, mut left) = (0.0, 0.0);
        for block in 0..400 {
            let mut played = AudioBlock::silence(MediaTime(0));
            for sample in &mut played.samples {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = (random >> 16) as f32 / 65_536.0 * 0.4 - 0.2;
            }
            processor.render(&played);
            let mut heard = previous.clone();
            heard.samples.iter_mut().for_each(|sample| *sample *= 0.5);
            let before = energy(&heard.samples);
            processor.capture(&mut heard);
            if block >= 300 {
                echo += before;
                left += energy(&heard.samples);
            }
            previous = played;
        }
        assert!(left < echo / 100.0, "{left} of {echo} is left");
    }

    #[test]
    fn render_tap_keeps_the_newest() {
        let tap = RenderTap::default();
        (0..100).for_each(|at| tap.push(&AudioBlock::silence(MediaTime(at))));
        assert_eq!(tap.pop().unwrap().captured_at, MediaTime(80));
    }
}
