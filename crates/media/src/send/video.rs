//! The video sender: its threads, and the handle that steers them.
use super::{
    FrameInfo, IDLE, TIMEOUTS_UNTIL_LOST, VideoTarget,
    encode::{Control, EncodeStage},
};
use crate::{
    clock::MediaClock,
    codec::{CodecError, VideoCodec},
    device::{DeviceError, VideoSource},
    error::{PipelineError, spawn},
    frame::VideoFrame,
    rtp::{RtpPacket, VIDEO_CLOCK_HZ, clock::SenderClock},
    slot::{Latest, Taken, lock},
    stats::{VideoSendCounters, VideoSendStats},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What a camera has seen so long ago it sees now: three pictures of a slow one.
const NOW: Duration = Duration::from_millis(200);

/// How a video sender starts.
#[derive(Debug, Clone, Copy)]
pub struct VideoSendConfig {
    /// Codec that the peers agreed on.
    pub codec: VideoCodec,
    /// First target.
    pub target: Option<VideoTarget>,
}

/// What a video sender has to say.
#[derive(Debug, Clone)]
pub enum VideoSendEvent {
    /// The camera failed and was closed.
    SourceLost(DeviceError),
    /// A picture could not be encoded; the next one is tried with a fresh encoder.
    EncoderFailed(CodecError),
}

/// Receives a sender's events; called on its threads, so it must not block.
pub(super) type Events = Arc<dyn Fn(VideoSendEvent) + Send + Sync>;

/// A running video sender. Dropping it ends its threads and closes the camera, at the latest after `PULL_LIMIT`.
pub struct VideoSend {
    shared: Arc<Shared>,
    clock: SenderClock,
}

/// What the handle and the threads share.
struct Shared {
    sources: Latest<Option<Box<dyn VideoSource>>>,
    frames: Latest<VideoFrame>,
    self_view: Arc<Latest<VideoFrame>>,
    /// The newest picture, as long as nothing is sent.
    newest: Mutex<Option<VideoFrame>>,
    control: Mutex<Control>,
    counters: VideoSendCounters,
}

impl VideoSend {
    /// Starts without a camera, and with nobody to send to. `out` gets each encoded picture's packets on the encode thread; it must not block.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub fn start(
        config: VideoSendConfig,
        out: impl FnMut(Vec<RtpPacket>, FrameInfo) + Send + 'static,
        events: impl Fn(VideoSendEvent) + Send + Sync + 'static,
    ) -> Result<Self, PipelineError> {
        let clock = SenderClock::new(VIDEO_CLOCK_HZ);
        let shared = Arc::new(Shared {
            sources: Latest::default(),
            frames: Latest::default(),
            self_view: Arc::default(),
            newest: Mutex::default(),
            control: Mutex::new(Control::new(config.codec, config.target)),
            counters: VideoSendCounters::default(),
        });
        // From here on, dropping the handle ends whatever was started.
        let this = Self { shared: Arc::clone(&shared), clock: clock.clone() };
        let events: Events = Arc::new(events);
        let (capture_shared, capture_events) = (Arc::clone(&shared), Arc::clone(&events));
        spawn("video-capture", move || capture(&capture_shared, &capture_events))?;
        spawn("video-encode", move || encode(&shared, EncodeStage::new(clock, out), &events))?;
        Ok(this)
    }

    /// Takes a camera, or lets go of the one it has: then its light goes out.
    pub fn set_source(&self, source: Option<Box<dyn VideoSource>>) {
        self.shared.sources.put(source);
    }

    /// There is somebody to send to: begins with a key frame, of what the camera sees now and not of its next picture.
    pub fn begin(&self) {
        {
            let mut control = lock(&self.shared.control);
            (control.sending, control.key_frame) = (true, true);
        }
        let newest = lock(&self.shared.newest).take();
        if let Some(newest) = newest.filter(|newest| MediaClock::now() - newest.captured_at < NOW) {
            self.shared.frames.put(newest);
        }
    }

    /// There is nobody to send to, and nothing is encoded.
    pub fn pause(&self) {
        lock(&self.shared.control).sending = false;
    }

    /// Sets bitrate, largest size and highest frame rate, from the next picture on; `None` sends no pictures.
    pub fn set_target(&self, target: Option<VideoTarget>) {
        lock(&self.shared.control).target = target;
    }

    /// Makes one of the next pictures a key frame. Requests that come in quick succession share one.
    pub fn request_key_frame(&self) {
        lock(&self.shared.control).key_frame = true;
    }

    /// Leaves pictures out until told otherwise: they would wait on their way for so long that none of them helps.
    pub fn set_hold(&self, hold: bool) {
        lock(&self.shared.control).hold = hold;
    }

    /// Changes the codec, from the next picture on.
    pub fn set_codec(&self, codec: VideoCodec) {
        lock(&self.shared.control).codec = codec;
    }

    /// The newest picture of the camera, for whoever shows it; whole size, before encoding.
    #[must_use]
    pub fn self_view(&self) -> Arc<Latest<VideoFrame>> {
        Arc::clone(&self.shared.self_view)
    }

    /// Capture time to RTP time, for sender reports.
    #[must_use]
    pub fn clock(&self) -> SenderClock {
        self.clock.clone()
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> VideoSendStats {
        self.shared.counters.snapshot()
    }
}

impl Drop for VideoSend {
    fn drop(&mut self) {
        self.shared.sources.close();
        self.shared.frames.close();
        self.shared.self_view.close();
    }
}

fn capture(shared: &Shared, events: &Events) {
    let mut source: Option<Box<dyn VideoSource>> = None;
    let mut timeouts = 0;
    loop {
        match shared.sources.take(if source.is_some() { Duration::ZERO } else { IDLE }) {
            Taken::Value(changed) => {
                // The old camera closes before anything of the new one is shown.
                source = changed;
                timeouts = 0;
                shared.frames.clear();
                lock(&shared.newest).take();
                shared.self_view.clear();
            }
            Taken::Timeout => {}
            Taken::Closed => return,
        }
        let Some(camera) = &mut source else { continue };
        match camera.next_frame() {
            Ok(frame) => {
                timeouts = 0;
                shared.counters.frames_captured.add(1);
                shared.self_view.put(frame.clone());
                if !lock(&shared.control).sending {
                    *lock(&shared.newest) = Some(frame);
                } else if shared.frames.put(frame) {
                    shared.counters.frames_dropped.add(1);
                }
            }
            Err(DeviceError::Timeout(_)) if timeouts < TIMEOUTS_UNTIL_LOST => timeouts += 1,
            Err(error) => {
                source = None;
                events(VideoSendEvent::SourceLost(error));
            }
        }
    }
}

fn encode<F: FnMut(Vec<RtpPacket>, FrameInfo)>(shared: &Shared, mut stage: EncodeStage<F>, events: &Events) {
    loop {
        let frame = match shared.frames.take(IDLE) {
            Taken::Value(frame) => frame,
            Taken::Timeout => continue,
            Taken::Closed => return,
        };
        if let Err(error) = stage.run(&frame, &shared.control, &shared.counters) {
            events(VideoSendEvent::EncoderFailed(error));
        }
    }
}

#[cfg(test)]
#[path = "video_tests.rs"]
mod tests;
