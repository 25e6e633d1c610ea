//! A running microphone: the callback fills a ring, `read` empties it by 10 ms, at 48 kHz.
use super::{
    config,
    host::{Direction, Hosts},
    resample::Resampler,
    sample,
    supervise::{Health, Supervised},
};
use cpal::{
    BufferSize, Data, Device, InputCallbackInfo, Stream,
    traits::{DeviceTrait, StreamTrait},
};
use eyeline_media::{
    clock::MediaClock,
    device::{AudioSource, DeviceError, PULL_LIMIT},
    frame::{AudioBlock, BLOCK_SAMPLES, MediaTime, SAMPLE_RATE_HZ},
};
use rtrb::{Consumer, RingBuffer};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::Duration,
};

/// What the ring holds: a reader that was away for longer loses sound anyway.
const RING_MS: u32 = 400;
/// More than this waiting is delay that nobody wants: the oldest is skipped, down to [`KEEP_MS`].
const SKIP_ABOVE_MS: u32 = 120;
/// What a skip leaves: two periods.
const KEEP_MS: u32 = 20;
/// Callbacks whose times can wait in their ring: [`RING_MS`] in periods of a millisecond.
const STAMPS: usize = RING_MS as usize;
/// Shortest wait for more sound.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// A block's time that is further off than this from where the last one ends starts a new timeline.
const NEW_TIMELINE_US: i64 = 50_000;

/// When the sample with this number was recorded, by the stream's own clock.
#[derive(Clone, Copy)]
struct Stamp {
    sample: u64,
    us: i64,
}

/// Our end of a stream.
pub(super) struct Capture {
    samples: Consumer<f32>,
    stamps: Consumer<Stamp>,
    stamp: Stamp,
    taken: u64,
    rate_hz: u32,
    /// The stream's zero, on the capture clock.
    zero_us: i64,
    resampler: Resampler,
    portion: Vec<f32>,
}

/// A microphone that runs.
pub(super) struct Microphone {
    stream: Supervised<Capture>,
    capture: Capture,
    /// Capture time of the next block, in microseconds.
    next_us: Option<i64>,
}

impl Microphone {
    pub(super) fn open(hosts: Arc<Hosts>, id: Option<&str>) -> Result<Self, DeviceError> {
        let (stream, capture) = Supervised::open(hosts, Direction::Input, id, build)?;
        Ok(Self { stream, capture, next_us: None })
    }

    /// Its own samples are numbered by the device's clock; ours by a mean of many, as callbacks come with jitter.
    fn stamp(&mut self, measured_us: i64) -> MediaTime {
        let at = match self.next_us {
            Some(expected) if (measured_us - expected).abs() < NEW_TIMELINE_US => {
                expected + (measured_us - expected) / 16
            }
            // Time never runs backwards.
            Some(expected) => measured_us.max(expected),
            None => measured_us,
        };
        self.next_us = Some(at + 10_000);
        MediaTime(at)
    }
}

impl AudioSource for Microphone {
    fn read(&mut self) -> Result<AudioBlock, DeviceError> {
        let deadline = MediaClock::now().plus(PULL_LIMIT);
        let mut samples = [0.0; BLOCK_SAMPLES];
        loop {
            if let Some(captured_us) = self.capture.take(&mut samples, &self.stream.health) {
                return Ok(AudioBlock { samples, captured_at: self.stamp(captured_us) });
            }
            if let Some(capture) = self.stream.changed()? {
                self.capture = capture;
                continue;
            }
            if MediaClock::now() > deadline {
                return Err(DeviceError::Timeout(Direction::Input.kind().into()));
            }
            thread::park_timeout(self.capture.missing().max(SHORTEST_WAIT));
        }
    }
}

impl Capture {
    /// Fills a block where there is enough; gives its capture time, in microseconds.
    fn take(&mut self, block: &mut [f32; BLOCK_SAMPLES], health: &Health) -> Option<i64> {
        let waiting = self.samples.slots();
        if waiting > self.samples_in(SKIP_ABOVE_MS) {
            let skipped = waiting - self.samples_in(KEEP_MS);
            if let Ok(chunk) = self.samples.read_chunk(skipped) {
                chunk.commit_all();
                self.taken += skipped as u64;
                health.missed.fetch_add(skipped as u64, Relaxed);
            }
        }
        while self.resampler.ready() < BLOCK_SAMPLES {
            let portion = self.samples.slots().min(self.portion.len());
            if portion == 0 {
                return None;
            }
            self.samples.pop_entire_slice(&mut self.portion[..portion]).ok()?;
            self.resampler.push(&self.portion[..portion]);
            self.taken += portion as u64;
        }
        let delay_us = i64::try_from(self.resampler.delay().as_micros()).unwrap_or_default();
        let captured_us = self.time_of(self.taken) - delay_us;
        self.resampler.pop(block).then_some(captured_us)
    }

    /// When a sample was recorded, on the capture clock.
    fn time_of(&mut self, sample: u64) -> i64 {
        while let Ok(stamp) = self.stamps.peek()
            && stamp.sample <= sample
        {
            self.stamp = *stamp;
            let _used = self.stamps.pop();
        }
        let behind = i64::try_from(sample.saturating_sub(self.stamp.sample)).unwrap_or_default();
        self.zero_us + self.stamp.us + behind * 1_000_000 / i64::from(self.rate_hz)
    }

    /// How long until the rest of a block is there.
    fn missing(&self) -> Duration {
        let have = self.resampler.ready() as f64 / f64::from(SAMPLE_RATE_HZ);
        Duration::from_secs_f64((0.010 - have).max(0.0))
    }

    fn samples_in(&self, ms: u32) -> usize {
        (self.rate_hz * ms / 1000) as usize
    }
}

/// Starts a stream. What it hands to its callback is all that the callback touches.
fn build(device: &Device, health: &Arc<Health>) -> Result<(Stream, Capture), cpal::Error> {
    let mut choice = config::choose(device, Direction::Input)?;
    let rate_hz = choice.config.sample_rate;
    let unusable = || cpal::Error::new(cpal::ErrorKind::UnsupportedConfig);
    let resampler = Resampler::new(rate_hz, SAMPLE_RATE_HZ).ok_or_else(unusable)?;
    let start = |config: cpal::StreamConfig| {
        let (mut ring, samples) = RingBuffer::new((rate_hz * RING_MS / 1000) as usize);
        let (mut stamp, stamps) = RingBuffer::new(STAMPS);
        let (channels, mut recorded) = (usize::from(config.channels), 0_u64);
        let (of_data, of_error) = (health.clone(), health.clone());
        let on_data = move |data: &Data, info: &InputCallbackInfo| {
            let us = (info.timestamp().capture.as_nanos() / 1000) as i64;
            let _no_room = stamp.push(Stamp { sample: recorded, us });
            let taken = sample::record(data, channels, &mut ring);
            recorded += taken as u64;
            of_data.missed.fetch_add((data.len() / channels - taken) as u64, Relaxed);
            of_data.callbacks.fetch_add(1, Relaxed);
        };
        let on_error = move |error| of_error.complain(&error);
        let stream =
            device.build_input_stream_raw(config, choice.format, on_data, on_error, Some(PULL_LIMIT * 4))?;
        stream.play()?;
        Ok::<_, cpal::Error>((stream, samples, stamps))
    };
    let (stream, samples, stamps) = start(choice.config).or_else(|error| {
        // Some devices refuse the size that they offer.
        choice.config.buffer_size = BufferSize::Default;
        start(choice.config).map_err(|_| error)
    })?;
    let zero_us = MediaClock::now().0 - (stream.now().as_nanos() / 1000) as i64;
    let capture = Capture {
        samples,
        stamps,
        stamp: Stamp { sample: 0, us: 0 },
        taken: 0,
        rate_hz,
        zero_us,
        resampler,
        portion: vec![0.0; (rate_hz / 200) as usize],
    };
    Ok((stream, capture))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtrb::Producer;

    /// A stream at `rate_hz` whose zero is at one second, and the callback's end of it.
    fn capture(rate_hz: u32) -> (Capture, Producer<f32>, Producer<Stamp>) {
        let (ring, samples) = RingBuffer::new((rate_hz * RING_MS / 1000) as usize);
        let (stamp, stamps) = RingBuffer::new(STAMPS);
        let capture = Capture {
            samples,
            stamps,
            stamp: Stamp { sample: 0, us: 0 },
            taken: 0,
            rate_hz,
            zero_us: 1_000_000,
            resampler: Resampler::new(rate_hz, SAMPLE_RATE_HZ).unwrap(),
            portion: vec![0.0; (rate_hz / 200) as usize],
        };
        (capture, ring, stamp)
    }

    /// Callbacks of 10 ms, each sample its own number.
    fn record(ring: &mut Producer<f32>, stamps: &mut Producer<Stamp>, rate_hz: u32, callbacks: u32) {
        let period = rate_hz / 100;
        for n in 0..callbacks {
            stamps.push(Stamp { sample: u64::from(n * period), us: i64::from(n) * 10_000 }).unwrap();
            (n * period..(n + 1) * period).for_each(|s| ring.push(s as f32).unwrap());
        }
    }

    #[test]
    fn blocks_come_in_order_with_the_time_of_their_first_sample() {
        let (mut capture, mut ring, mut stamps) = capture(48_000);
        record(&mut ring, &mut stamps, 48_000, 3);
        let mut block = [0.0; BLOCK_SAMPLES];
        for (first, us) in [(0.0, 1_000_000), (480.0, 1_010_000), (960.0, 1_020_000)] {
            let captured = capture.take(&mut block, &Health::default());
            assert_eq!((captured, block[0], block[479]), (Some(us), first, first + 479.0));
        }
        assert_eq!(capture.take(&mut block, &Health::default()), None);
    }

    #[test]
    fn a_reader_that_was_away_gets_fresh_sound() {
        let (mut capture, mut ring, mut stamps) = capture(48_000);
        record(&mut ring, &mut stamps, 48_000, 30);
        let (health, mut block) = (Health::default(), [0.0; BLOCK_SAMPLES]);
        assert_eq!(capture.take(&mut block, &health), Some(1_280_000));
        assert_eq!((block[0], health.missed.load(Relaxed)), (28.0 * 480.0, 28 * 480));
    }

    #[test]
    fn times_stay_true_through_the_resampler() {
        let (mut capture, mut ring, mut stamps) = capture(16_000);
        record(&mut ring, &mut stamps, 16_000, 10);
        let (mut block, mut last) = ([0.0; BLOCK_SAMPLES], None);
        while let Some(us) = capture.take(&mut block, &Health::default()) {
            // The samples are their own numbers: the block's first one says when it was recorded.
            let true_us = 1_000_000 + (f64::from(block[0]) / 16_000.0 * 1e6) as i64;
            if block[0] > 400.0 {
                assert!((us - true_us).abs() < 1_000, "{us}, not {true_us}");
                last = Some(us);
            }
        }
        assert!(last.is_some());
    }
}
