//! Looks at this machine's devices: lists them, takes pictures, records and plays.
use anyhow::{Context, Result, bail};
use eyeline_devices::SystemDevices;
use eyeline_media::{
    device::{CaptureFormat, DeviceBackend},
    frame::{AudioBlock, BLOCK_SAMPLES, MediaTime, SAMPLE_RATE_HZ},
};
use std::{env, fs};

const USAGE: &str = "probe list | frames COUNT [WIDTH HEIGHT FPS] | record SECONDS OUT.wav | play IN.wav";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let devices = SystemDevices::new();
    match words.as_slice() {
        ["list"] => list(&devices),
        ["frames", count] => frames(&devices, count.parse()?, CaptureFormat::IDEAL),
        ["frames", count, width, height, fps] => {
            let want = CaptureFormat { width: width.parse()?, height: height.parse()?, fps: fps.parse()? };
            frames(&devices, count.parse()?, want)
        }
        ["record", seconds, path] => record(&devices, seconds.parse()?, path),
        ["play", path] => play(&devices, path),
        _ => bail!(USAGE),
    }
}

fn list(devices: &SystemDevices) -> Result<()> {
    for camera in devices.cameras()? {
        println!("camera {} {:?}", camera.id, camera.name);
        for (fourcc, size) in camera.formats {
            println!("  {fourcc} {}x{} at {}", size.width, size.height, size.fps);
        }
    }
    for (kind, found) in [("microphone", devices.microphones()?), ("speaker", devices.speakers()?)] {
        for device in found {
            let mark = if device.is_default { " (default)" } else { "" };
            let (rates, channels) = (device.sample_rates_hz, device.channels);
            println!("{kind} {} {:?}{mark}: {rates:?} Hz, {channels} channels", device.id, device.name);
        }
    }
    Ok(())
}

/// The last picture is kept as `probe.pgm`.
fn frames(devices: &SystemDevices, count: u32, want: CaptureFormat) -> Result<()> {
    let mut camera = devices.open_camera(None, want)?;
    println!("{:?}", camera.format());
    let first = camera.next_frame()?;
    let mut last = first.clone();
    for _ in 1..count {
        last = camera.next_frame()?;
    }
    let seconds = (last.captured_at - first.captured_at).as_secs_f64();
    println!("{count} pictures, {:.2} a second", f64::from(count.saturating_sub(1)) / seconds);
    let header = format!("P5 {} {} 255\n", last.image.width(), last.image.height());
    fs::write("probe.pgm", [header.as_bytes(), last.image.planes()[0]].concat())?;
    Ok(())
}

fn record(devices: &SystemDevices, seconds: u32, path: &str) -> Result<()> {
    let mut microphone = devices.open_microphone(None)?;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for _ in 0..seconds * 100 {
        for sample in microphone.read()?.samples {
            wav.write_sample(sample)?;
        }
    }
    Ok(wav.finalize()?)
}

fn play(devices: &SystemDevices, path: &str) -> Result<()> {
    let mut speaker = devices.open_speaker(None)?;
    let mut wav = hound::WavReader::open(path)?;
    if wav.spec().sample_rate != SAMPLE_RATE_HZ || wav.spec().channels != 1 {
        bail!("{path}: 48 kHz mono is wanted");
    }
    let samples: Vec<f32> = match wav.spec().sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let full = f64::from(1_u32 << (wav.spec().bits_per_sample - 1)) as f32;
            wav.samples::<i32>().map(|s| Ok(s? as f32 / full)).collect::<hound::Result<_>>()?
        }
    };
    for samples in samples.chunks(BLOCK_SAMPLES) {
        let mut block = AudioBlock::silence(MediaTime::default());
        block.samples.get_mut(..samples.len()).context("a block")?.copy_from_slice(samples);
        speaker.write(&block)?;
    }
    println!("latency {:?}", speaker.latency());
    Ok(())
}
