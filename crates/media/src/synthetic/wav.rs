//! WAV files as microphone and speaker.
use super::{NullSpeaker, Schedule};
use crate::{
    device::{AudioSink, AudioSource, DeviceError},
    frame::{AudioBlock, SAMPLE_RATE_HZ},
};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::{Path, PathBuf},
    time::Duration,
};

/// Blocks between two updates of a file's header: a second. A killed process loses no more.
const FLUSH_BLOCKS: u32 = 100;

fn failed(path: &Path, error: impl ToString) -> DeviceError {
    DeviceError::Other { device: path.display().to_string(), reason: error.to_string() }
}

/// A microphone that plays a file: 48 kHz, 16 bit or float, the first channel of it.
pub struct WavSource {
    path: PathBuf,
    samples: Vec<f32>,
    at: usize,
    repeat: bool,
    schedule: Schedule,
}

impl WavSource {
    /// Opens a file; with `repeat` it has no end.
    ///
    /// # Errors
    /// [`DeviceError::Other`] where it cannot be read, [`DeviceError::NoFormat`] where it is not 48 kHz.
    pub fn open(path: &Path, repeat: bool) -> Result<Self, DeviceError> {
        let reader = WavReader::open(path).map_err(|error| failed(path, error))?;
        let spec = reader.spec();
        if spec.sample_rate != SAMPLE_RATE_HZ {
            return Err(DeviceError::NoFormat(path.display().to_string()));
        }
        let samples = read_first_channel(reader, spec).map_err(|error| failed(path, error))?;
        if samples.is_empty() {
            return Err(DeviceError::NoFormat(path.display().to_string()));
        }
        Ok(Self { path: path.to_owned(), samples, at: 0, repeat, schedule: Schedule::new(100) })
    }
}

fn read_first_channel(reader: WavReader<BufReader<File>>, spec: WavSpec) -> Result<Vec<f32>, hound::Error> {
    let step = usize::from(spec.channels.max(1));
    match spec.sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().step_by(step).collect(),
        SampleFormat::Int => {
            let scale = 1.0 / (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader.into_samples::<i32>().step_by(step).map(|sample| Ok(sample? as f32 * scale)).collect()
        }
    }
}

impl AudioSource for WavSource {
    fn read(&mut self) -> Result<AudioBlock, DeviceError> {
        if self.at >= self.samples.len() {
            if !self.repeat {
                return Err(DeviceError::Ended(self.path.display().to_string()));
            }
            self.at = 0;
        }
        let (_, captured_at) = self.schedule.wait(1);
        let mut block = AudioBlock::silence(captured_at);
        let left = &self.samples[self.at..];
        let length = left.len().min(block.samples.len());
        block.samples[..length].copy_from_slice(&left[..length]);
        self.at += length;
        Ok(block)
    }
}

/// A speaker that keeps what it plays: 48 kHz, mono, 16 bit.
pub struct WavSink {
    path: PathBuf,
    writer: WavWriter<BufWriter<File>>,
    unflushed: u32,
    speaker: Box<dyn AudioSink>,
}

impl WavSink {
    /// Writes to `path`, at a speaker's pace.
    ///
    /// # Errors
    /// [`DeviceError::Other`] where the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, DeviceError> {
        Self::beside(path, Box::new(NullSpeaker::default()))
    }

    /// Writes to `path` what `speaker` plays.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn beside(path: &Path, speaker: Box<dyn AudioSink>) -> Result<Self, DeviceError> {
        let spec = WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE_HZ,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let writer = WavWriter::create(path, spec).map_err(|error| failed(path, error))?;
        Ok(Self { path: path.to_owned(), writer, unflushed: 0, speaker })
    }
}

impl AudioSink for WavSink {
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError> {
        for sample in block.samples {
            let sample = (sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16;
            self.writer.write_sample(sample).map_err(|error| failed(&self.path, error))?;
        }
        self.unflushed += 1;
        if self.unflushed == FLUSH_BLOCKS {
            self.unflushed = 0;
            self.writer.flush().map_err(|error| failed(&self.path, error))?;
        }
        self.speaker.write(block)
    }

    fn latency(&self) -> Duration {
        self.speaker.latency()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MediaTime;

    #[test]
    fn sound_survives_a_file_whose_writer_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.wav");
        let mut sink = WavSink::create(&path).unwrap();
        for at in 0..100_i64 {
            let mut block = AudioBlock::silence(MediaTime(0));
            block.samples.fill(at as f32 / 200.0);
            sink.write(&block).unwrap();
        }
        // Never dropped: never finished.
        std::mem::forget(sink);
        let mut source = WavSource::open(&path, false).unwrap();
        assert_eq!(source.samples.len(), 48_000);
        source.at = 99 * 480;
        assert!((source.read().unwrap().samples[7] - 0.495).abs() < 1e-3);
        assert!(matches!(source.read(), Err(DeviceError::Ended(_))));
    }
}
