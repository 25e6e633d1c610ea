//! The audio sender: microphone -> clean-up -> mute -> Opus -> RTP, all on one thread.
use super::{IDLE, TIMEOUTS_UNTIL_LOST};
use crate::{
    codec::opus::{FRAME_SAMPLES, OpusEncoder, OpusSettings},
    device::{AudioSource, DeviceError},
    error::{PipelineError, spawn},
    frame::{AudioBlock, MediaTime, SAMPLE_RATE_HZ},
    process::{AudioProcessor, ProcessingSettings, RenderTap, SonoraProcessor},
    rtp::{RtpPacket, Sequencer, clock::SenderClock},
    slot::{Latest, Taken, lock},
    stats::{AudioSendCounters, AudioSendStats, rms},
};
use bytes::Bytes;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// After muting so much is encoded still, so that the codec's history fades into silence, in samples: 200 ms.
const MUTE_FADE: usize = 10 * FRAME_SAMPLES;
/// After that one packet so often, in samples: 400 ms, as Opus' own DTX does.
const MUTE_REFRESH: usize = 20 * FRAME_SAMPLES;

/// How an audio sender works.
#[derive(Debug, Clone, Copy)]
pub struct AudioSendConfig {
    /// The codec.
    pub opus: OpusSettings,
    /// The clean-up of what the microphone delivers.
    pub processing: ProcessingSettings,
}

impl AudioSendConfig {
    /// For a microphone beside a loudspeaker.
    #[must_use]
    pub fn real() -> Self {
        Self { opus: OpusSettings::default(), processing: ProcessingSettings::ALL }
    }

    /// For sound out of a file or a generator: untouched, and sent without pauses so that every lost packet shows.
    #[must_use]
    pub fn synthetic() -> Self {
        Self {
            opus: OpusSettings { dtx: false, ..OpusSettings::default() },
            processing: ProcessingSettings::NONE,
        }
    }
}

/// What an audio sender has to say.
#[derive(Debug, Clone)]
pub enum AudioSendEvent {
    /// The microphone failed and was closed.
    SourceLost(DeviceError),
}

/// A running audio sender. Dropping it ends its thread and closes the microphone, at the latest after `PULL_LIMIT`.
pub struct AudioSend {
    shared: Arc<Shared>,
    clock: SenderClock,
}

struct Shared {
    sources: Latest<Option<Box<dyn AudioSource>>>,
    muted: AtomicBool,
    opus: Mutex<OpusSettings>,
    counters: AudioSendCounters,
}

impl AudioSend {
    /// Starts without a microphone. `speaker` carries what is played, for echo cancellation; `out` gets each packet on the
    /// audio thread and must not block.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub fn start(
        config: AudioSendConfig,
        speaker: RenderTap,
        out: impl FnMut(RtpPacket) + Send + 'static,
        events: impl FnMut(AudioSendEvent) + Send + 'static,
    ) -> Result<Self, PipelineError> {
        let clock = SenderClock::new(SAMPLE_RATE_HZ);
        let shared = Arc::new(Shared {
            sources: Latest::default(),
            muted: AtomicBool::new(false),
            opus: Mutex::new(config.opus),
            counters: AudioSendCounters::default(),
        });
        let stage = Stage {
            encoder: OpusEncoder::new(config.opus)?,
            processor: SonoraProcessor::new(config.processing)
                .map(|processor| Box::new(processor) as Box<dyn AudioProcessor>),
            speaker,
            clock: clock.clone(),
            out,
            sequencer: Sequencer::default(),
            pending: Vec::with_capacity(3 * FRAME_SAMPLES),
            timestamp: None,
            spurt: true,
            muted: 0,
            packet: config.opus,
        };
        let this = Self { shared: Arc::clone(&shared), clock };
        spawn("audio-send", move || run(&shared, stage, events))?;
        Ok(this)
    }

    /// Takes a microphone, or lets go of the one it has.
    pub fn set_source(&self, source: Option<Box<dyn AudioSource>>) {
        self.shared.sources.put(source);
    }

    /// Sends silence instead of the microphone's sound, for almost nothing.
    pub fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }

    /// Changes bitrate, length of packets, DTX or expected loss, from the next packet on.
    pub fn set_opus(&self, settings: OpusSettings) {
        *lock(&self.shared.opus) = settings;
    }

    /// Capture time to RTP time, for sender reports.
    #[must_use]
    pub fn clock(&self) -> SenderClock {
        self.clock.clone()
    }

    /// What was done so far, and the loudness of the microphone.
    #[must_use]
    pub fn stats(&self) -> AudioSendStats {
        self.shared.counters.snapshot()
    }
}

impl Drop for AudioSend {
    fn drop(&mut self) {
        self.shared.sources.close();
    }
}

fn run<F: FnMut(RtpPacket)>(shared: &Shared, mut stage: Stage<F>, mut events: impl FnMut(AudioSendEvent)) {
    let mut source: Option<Box<dyn AudioSource>> = None;
    let mut timeouts = 0;
    loop {
        match shared.sources.take(if source.is_some() { Duration::ZERO } else { IDLE }) {
            Taken::Value(changed) => {
                source = changed;
                timeouts = 0;
                stage.spurt = true;
                shared.counters.level.set(0.0);
            }
            Taken::Timeout => {}
            Taken::Closed => return,
        }
        let Some(microphone) = &mut source else { continue };
        match microphone.read() {
            Ok(block) => {
                timeouts = 0;
                stage.block(block, shared);
            }
            Err(DeviceError::Timeout(_)) if timeouts < TIMEOUTS_UNTIL_LOST => timeouts += 1,
            Err(error) => {
                source = None;
                shared.counters.level.set(0.0);
                events(AudioSendEvent::SourceLost(error));
            }
        }
    }
}

/// What happens to each block.
struct Stage<F> {
    encoder: OpusEncoder,
    processor: Option<Box<dyn AudioProcessor>>,
    speaker: RenderTap,
    clock: SenderClock,
    out: F,
    sequencer: Sequencer,
    /// Samples of a frame that is not full yet.
    pending: Vec<f32>,
    /// RTP time of the first pending sample, by count of samples.
    timestamp: Option<u32>,
    /// Whether the next packet is the first after silence (RFC 7587, section 4.1: the marker).
    spurt: bool,
    /// Samples since muting.
    muted: usize,
    /// What the pending samples are to be encoded with.
    packet: OpusSettings,
}

impl<F: FnMut(RtpPacket)> Stage<F> {
    fn block(&mut self, mut block: AudioBlock, shared: &Shared) {
        // The canceller goes on hearing while muted: it is converged when the person speaks again.
        if let Some(processor) = &mut self.processor {
            while let Some(played) = self.speaker.pop() {
                processor.render(&played);
            }
            processor.capture(&mut block);
        }
        shared.counters.level.set(rms(&block.samples));
        if self.pending.is_empty() {
            self.align(block.captured_at);
            self.packet = *lock(&shared.opus);
        }
        self.pending.extend_from_slice(&block.samples);
        if self.pending.len() < self.packet.frame_samples() {
            return;
        }
        let timestamp = self.timestamp.unwrap_or(0);
        self.timestamp = Some(timestamp.wrapping_add(self.pending.len() as u32));
        let muted = shared.muted.load(Ordering::Relaxed);
        self.frame(timestamp, muted, shared);
        self.pending.clear();
    }

    /// RTP time runs by count of samples, so that the receiver sees no gaps; a pause of the microphone moves it on.
    fn align(&mut self, captured_at: MediaTime) {
        if self.timestamp.is_none_or(|counted| !self.clock.follow(counted, captured_at)) {
            self.timestamp = Some(self.clock.rtp(captured_at));
            self.spurt = true;
        }
    }

    fn frame(&mut self, timestamp: u32, muted: bool, shared: &Shared) {
        if muted {
            self.pending.fill(0.0);
            self.muted += self.pending.len();
            let after_fade = self.muted.saturating_sub(MUTE_FADE);
            if after_fade % MUTE_REFRESH >= self.pending.len() {
                shared.counters.frames_silent.add(1);
                self.spurt = true;
                return;
            }
        } else {
            self.muted = 0;
        }
        // Opus' DTX counts what it is given: of the few packets of a muted microphone it would send every twentieth.
        let settings = OpusSettings { dtx: self.packet.dtx && !muted, ..self.packet };
        if settings != self.encoder.settings()
            && let Err(error) = self.encoder.configure(settings)
        {
            tracing::warn!(%error, ?settings, "audio settings not taken");
        }
        match self.encoder.encode(&self.pending) {
            Ok(Some(packet)) => {
                let packet = Bytes::copy_from_slice(packet);
                shared.counters.packets.add(1);
                shared.counters.bytes.add(packet.len());
                (self.out)(self.sequencer.packet(self.spurt, timestamp, packet));
                self.spurt = false;
            }
            Ok(None) => {
                shared.counters.frames_silent.add(1);
                self.spurt = true;
            }
            Err(error) => tracing::warn!(%error, "a packet of sound lost"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Tone;
    use std::sync::mpsc;

    #[test]
    fn a_muted_microphone_is_heard_of_every_400_ms() {
        let (out, packets) = mpsc::channel();
        let config = AudioSendConfig { opus: OpusSettings::default(), ..AudioSendConfig::synthetic() };
        let send = move |packet: RtpPacket| out.send(packet.timestamp).unwrap_or(());
        let audio = AudioSend::start(config, RenderTap::default(), send, |_| ()).expect("a thread");
        audio.set_muted(true);
        audio.set_source(Some(Box::new(Tone::default())));
        let times: Vec<u32> =
            (0..16).map(|_| packets.recv_timeout(Duration::from_secs(30)).expect("a packet")).collect();
        let steps: Vec<u32> = times.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        // First the fade, of ten packets.
        assert!(steps[11..].iter().all(|step| *step == MUTE_REFRESH as u32), "{steps:?}");
    }
}
