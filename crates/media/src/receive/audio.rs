//! The audio receiver: the jitter buffer, and the thread that plays it.
use super::{AvSync, JitterBuffer};
use crate::{
    clock::MediaClock,
    device::{AudioSink, DeviceError},
    error::{PipelineError, spawn},
    frame::{AudioBlock, MediaTime},
    process::RenderTap,
    rtp::RtpPacket,
    slot::{Latest, Taken, lock},
    stats::{AudioReceiveCounters, AudioReceiveStats, rms},
    synthetic::NullSpeaker,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Timeouts in a row (each up to `PULL_LIMIT`) after which a speaker counts as lost.
const TIMEOUTS_UNTIL_LOST: u32 = 6;

/// What an audio receiver has to say.
#[derive(Debug, Clone)]
pub enum AudioReceiveEvent {
    /// The speaker failed and was closed; sound goes on unheard, so that pictures keep their time.
    SinkLost(DeviceError),
}

/// A running audio receiver. Dropping it ends its thread and closes the speaker, at the latest after `PULL_LIMIT`.
pub struct AudioReceive {
    shared: Arc<Shared>,
}

struct Shared {
    jitter: Mutex<JitterBuffer>,
    sinks: Latest<Option<Box<dyn AudioSink>>>,
    counters: Arc<AudioReceiveCounters>,
}

impl AudioReceive {
    /// Starts without a speaker. What is played goes to `speaker` too, for echo cancellation.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub fn start(
        sync: AvSync,
        speaker: RenderTap,
        events: impl FnMut(AudioReceiveEvent) + Send + 'static,
    ) -> Result<Self, PipelineError> {
        let counters = Arc::<AudioReceiveCounters>::default();
        let shared = Arc::new(Shared {
            jitter: Mutex::new(JitterBuffer::new(Arc::clone(&counters))?),
            sinks: Latest::default(),
            counters,
        });
        let this = Self { shared: Arc::clone(&shared) };
        spawn("audio-playout", move || play(&shared, &sync, &speaker, events))?;
        Ok(this)
    }

    /// Takes a packet in any order; cheap, for the network's thread.
    pub fn push(&self, packet: RtpPacket, arrival: MediaTime) {
        lock(&self.shared.jitter).push(packet, arrival);
    }

    /// Another stream takes the place of the one before, with numbers and times of its own.
    pub fn begin_anew(&self) {
        lock(&self.shared.jitter).begin_anew();
    }

    /// Plays on `sink`, or nowhere. A block's `captured_at` is there the moment at which it is heard.
    pub fn set_sink(&self, sink: Option<Box<dyn AudioSink>>) {
        self.shared.sinks.put(sink);
    }

    /// What was done so far, and the loudness of what is played.
    #[must_use]
    pub fn stats(&self) -> AudioReceiveStats {
        self.shared.counters.snapshot()
    }
}

impl Drop for AudioReceive {
    fn drop(&mut self) {
        self.shared.sinks.close();
    }
}

fn play(shared: &Shared, sync: &AvSync, speaker: &RenderTap, mut events: impl FnMut(AudioReceiveEvent)) {
    let mut sink: Box<dyn AudioSink> = Box::new(NullSpeaker::default());
    let mut timeouts = 0;
    loop {
        match shared.sinks.take(Duration::ZERO) {
            Taken::Value(changed) => sink = changed.unwrap_or_else(|| Box::new(NullSpeaker::default())),
            Taken::Timeout => {}
            Taken::Closed => return,
        }
        let now = MediaClock::now();
        let heard_at = now.plus(sink.latency());
        let (samples, rtp) = lock(&shared.jitter).pull(now);
        let block = AudioBlock { samples, captured_at: heard_at };
        if let Some(rtp) = rtp {
            sync.heard(rtp, heard_at);
        }
        shared.counters.level.set(rms(&block.samples));
        match sink.write(&block) {
            Ok(()) => {
                timeouts = 0;
                speaker.push(&block);
            }
            Err(DeviceError::Timeout(_)) if timeouts < TIMEOUTS_UNTIL_LOST => timeouts += 1,
            Err(error) => {
                timeouts = 0;
                sink = Box::new(NullSpeaker::default());
                events(AudioReceiveEvent::SinkLost(error));
            }
        }
    }
}
