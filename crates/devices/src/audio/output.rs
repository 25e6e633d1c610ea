//! A running speaker: `write` fills a ring by 10 ms, the callback empties it.
//!
//! The device sets the pace: a write waits until the ring is down to its target, so a device that runs a little faster
//! or slower than the other person's microphone asks a little more or less often, and the jitter buffer adapts.
use super::{
    config,
    host::{Direction, Hosts},
    resample::Resampler,
    sample,
    supervise::{Health, Supervised},
};
use cpal::{
    BufferSize, Data, Device, OutputCallbackInfo, Stream,
    traits::{DeviceTrait, StreamTrait},
};
use eyeline_media::{
    clock::MediaClock,
    device::{AudioSink, DeviceError, PULL_LIMIT},
    frame::{AudioBlock, SAMPLE_RATE_HZ},
};
use rtrb::{Producer, RingBuffer};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::Duration,
};

/// What the ring can hold: the longest period in use (100 ms, Bluetooth), twice, and a block.
const RING_MS: u32 = 250;
/// What should wait in the ring, beyond what one callback takes, when a block is added.
const MARGIN_MS: u32 = 10;
/// Shortest wait for room.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Our end of a stream.
pub(super) struct Playback {
    ring: Producer<f32>,
    rate_hz: u32,
    resampler: Resampler,
    portion: Vec<f32>,
}

/// A speaker that runs.
pub(super) struct Speaker {
    stream: Supervised<Playback>,
    playback: Playback,
}

impl Speaker {
    pub(super) fn open(hosts: Arc<Hosts>, id: Option<&str>) -> Result<Self, DeviceError> {
        let (stream, playback) = Supervised::open(hosts, Direction::Output, id, build)?;
        Ok(Self { stream, playback })
    }
}

impl AudioSink for Speaker {
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError> {
        let deadline = MediaClock::now().plus(PULL_LIMIT);
        loop {
            if let Some(playback) = self.stream.changed()? {
                self.playback = playback;
            }
            let excess = self.playback.excess(&self.stream.health);
            if excess.is_zero() {
                self.playback.put(block, &self.stream.health);
                return Ok(());
            }
            if MediaClock::now() > deadline {
                return Err(DeviceError::Timeout(Direction::Output.kind().into()));
            }
            thread::park_timeout(excess.max(SHORTEST_WAIT));
        }
    }

    fn latency(&self) -> Duration {
        let device = Duration::from_micros(self.stream.health.device_latency_us.load(Relaxed));
        self.playback.time_of(self.playback.waiting()) + self.playback.resampler.delay() + device
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        let missed = self.stream.health.missed.load(Relaxed);
        tracing::debug!(missed_ms = self.playback.time_of(missed as usize).as_millis(), "speaker closed");
    }
}

impl Playback {
    /// How much too full the ring is for another block.
    fn excess(&self, health: &Health) -> Duration {
        let target = (health.period.load(Relaxed) + self.rate_hz * MARGIN_MS / 1000) as usize;
        let room_for_a_block = self.ring.buffer().capacity() - (self.rate_hz * MARGIN_MS * 2 / 1000) as usize;
        self.time_of(self.waiting().saturating_sub(target.min(room_for_a_block)))
    }

    fn put(&mut self, block: &AudioBlock, health: &Health) {
        self.resampler.push(&block.samples);
        while self.resampler.ready() > 0 {
            let portion = self.resampler.ready().min(self.portion.len());
            self.resampler.pop(&mut self.portion[..portion]);
            let (_, no_room) = self.ring.push_partial_slice(&self.portion[..portion]);
            health.missed.fetch_add(no_room.len() as u64, Relaxed);
        }
    }

    fn waiting(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    fn time_of(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.rate_hz))
    }
}

/// Starts a stream. What it hands to its callback is all that the callback touches.
fn build(device: &Device, health: &Arc<Health>) -> Result<(Stream, Playback), cpal::Error> {
    let mut choice = config::choose(device, Direction::Output)?;
    let rate_hz = choice.config.sample_rate;
    let unusable = || cpal::Error::new(cpal::ErrorKind::UnsupportedConfig);
    let resampler = Resampler::new(SAMPLE_RATE_HZ, rate_hz).ok_or_else(unusable)?;
    let start = |config: cpal::StreamConfig| {
        let (ring, mut samples) = RingBuffer::new((rate_hz * RING_MS / 1000) as usize);
        let (channels, mut started) = (usize::from(config.channels), false);
        let (of_data, of_error) = (health.clone(), health.clone());
        let on_data = move |data: &mut Data, info: &OutputCallbackInfo| {
            let asked = data.len() / channels;
            let played = sample::play(data, channels, &mut samples);
            started |= played > 0;
            if started {
                of_data.missed.fetch_add((asked - played) as u64, Relaxed);
            }
            // A large request, as at the start, is forgotten within a second.
            let period = of_data.period.load(Relaxed);
            of_data.period.store((asked as u32).max(period - period.div_ceil(16)), Relaxed);
            let at = info.timestamp();
            let ahead = at.playback.saturating_duration_since(at.callback);
            of_data.device_latency_us.store(ahead.as_micros() as u64, Relaxed);
            of_data.callbacks.fetch_add(1, Relaxed);
        };
        let on_error = move |error| of_error.complain(&error);
        let stream =
            device.build_output_stream_raw(config, choice.format, on_data, on_error, Some(PULL_LIMIT * 4))?;
        stream.play()?;
        Ok::<_, cpal::Error>((stream, ring))
    };
    let (stream, ring) = start(choice.config).or_else(|error| {
        // Some devices refuse the size that they offer.
        choice.config.buffer_size = BufferSize::Default;
        start(choice.config).map_err(|_| error)
    })?;
    let portion = vec![0.0; (rate_hz / 100) as usize];
    Ok((stream, Playback { ring, rate_hz, resampler, portion }))
}
