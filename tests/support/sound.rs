//! Judges sound: beeps in it, and whether it is another sound, delayed.
use std::path::Path;

const RATE_HZ: u32 = 48_000;
/// A window of 10 ms: ten waves of the beep.
const WINDOW: usize = RATE_HZ as usize / 100;
const BEEP_HZ: f32 = 1000.0;

/// The samples of a WAV file, mono, 48 kHz.
pub fn read(path: &Path) -> Vec<f32> {
    let mut file = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let spec = file.spec();
    assert_eq!(spec.sample_rate, RATE_HZ, "{}", path.display());
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Int => {
            file.samples::<i16>().flatten().map(|s| f32::from(s) / 32_768.0).collect()
        }
        hound::SampleFormat::Float => file.samples::<f32>().flatten().collect(),
    };
    samples.chunks(spec.channels.into()).map(|frame| frame[0]).collect()
}

/// How many beeps of 1 kHz there are.
pub fn beeps(samples: &[f32]) -> usize {
    let beeping: Vec<bool> = samples.chunks_exact(WINDOW).map(is_beep).collect();
    beeping.windows(2).filter(|pair| !pair[0] && pair[1]).count()
}

/// Whether most of a window's power is at 1 kHz (Goertzel's algorithm).
fn is_beep(window: &[f32]) -> bool {
    let turn = 2.0 * (std::f32::consts::TAU * BEEP_HZ / RATE_HZ as f32).cos();
    let (last, before) = window.iter().fold((0.0, 0.0), |(last, before), x| (x + turn * last - before, last));
    let at_pitch = (last * last + before * before - turn * last * before) * 2.0 / window.len() as f32;
    let all: f32 = window.iter().map(|x| x * x).sum();
    all / window.len() as f32 > 1e-4 && at_pitch > 0.7 * all
}

/// How much `heard` is like `said` from some delay on, and that delay in windows of 10 ms: the correlation of their
/// loudness over time. The phases of the wave are not compared: filters against rumble and noise turn them.
pub fn likeness(said: &[f32], heard: &[f32]) -> (f32, usize) {
    let (said, heard) = (loudness(said), loudness(heard));
    let delays = 0..=heard.len().saturating_sub(said.len());
    let all =
        delays.filter_map(|delay| Some((correlation(&said, heard.get(delay..delay + said.len())?), delay)));
    all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
}

fn loudness(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(WINDOW).map(|window| window.iter().map(|x| x * x).sum::<f32>().sqrt()).collect()
}

/// Pearson's.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len() as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f32], mean_x: f32, y: &[f32], mean_y: f32| {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f32>()
    };
    let power = product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b);
    product(a, mean_a, b, mean_b) / power.sqrt().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(hertz: f32, samples: usize) -> impl Iterator<Item = f32> {
        (0..samples).map(move |n| 0.5 * (std::f32::consts::TAU * hertz * n as f32 / RATE_HZ as f32).sin())
    }

    #[test]
    fn beeps_are_counted_and_other_pitches_are_not() {
        let silence = std::iter::repeat_n(0.0, 4_000);
        let beep = || wave(BEEP_HZ, 2_400).chain(silence.clone());
        let sound: Vec<f32> = silence.clone().chain(beep()).chain(beep()).chain(wave(700.0, 2_400)).collect();
        assert_eq!(beeps(&sound), 2);
    }

    #[test]
    fn a_delayed_quieter_copy_is_found_and_another_sound_is_not() {
        let syllables = |hertz: f32| wave(300.0, 48_000).zip(wave(hertz, 48_000)).map(|(a, b)| a * b);
        let said: Vec<f32> = syllables(3.0).zip(wave(1.3, 48_000)).map(|(a, b)| a * b).collect();
        let late = || std::iter::repeat_n(0.0, 5 * WINDOW);
        let heard: Vec<f32> = late().chain(said.iter().map(|s| s * 0.3)).chain(late()).collect();
        let (like, delay) = likeness(&said, &heard);
        assert!(like > 0.99 && delay == 5, "{like} {delay}");
        let other: Vec<f32> = late().chain(syllables(5.0)).chain(late()).collect();
        let (like, _) = likeness(&said, &other);
        assert!(like < 0.5, "{like}");
    }
}
