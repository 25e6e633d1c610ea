//! What is seen and heard at this end, measured as it happens.
use eyeline_client::viewer::{EncodedPicture, RemoteForm, Side, Viewer};
use eyeline_media::{
    frame::{AudioBlock, MediaTime, VideoFrame},
    measure::{FreezeMeter, LONG_GAP, LatencyMeter, Samples, SkewMeter},
    receive::{RenderInfo, VideoSink},
    synthetic::{BeepDetector, Y4mSink, flash_shows},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// A viewer that decodes everything and measures it.
pub struct Instrument {
    form: watch::Sender<RemoteForm>,
    view: watch::Sender<Option<(u32, u32)>>,
    meters: Mutex<Meters>,
    ear: Mutex<BeepDetector>,
    dump: Mutex<Option<Y4mSink>>,
}

/// Everything measured so far.
#[derive(Default)]
pub struct Meters {
    /// Pictures rendered.
    pub frames: u64,
    /// When the first and the newest were rendered, by the capture clock.
    pub rendered: Option<(MediaTime, MediaTime)>,
    /// Pictures of each size.
    pub sizes: BTreeMap<String, u64>,
    /// By the test card's clock.
    pub latency: LatencyMeter,
    /// Latencies since the last stats line.
    pub latency_now: Samples,
    /// Long gaps since the last stats line: when the next picture was rendered, and how long there had been none,
    /// whatever the reason.
    pub gaps_now: Vec<(MediaTime, Duration)>,
    /// Gaps and freezes.
    pub freezes: FreezeMeter,
    /// Flash against beep.
    pub skew: SkewMeter,
}

impl Instrument {
    /// Measures; keeps what is rendered in `dump` as well. Pictures are drawn at the size of `view`, as it says.
    pub fn new(dump: Option<Y4mSink>, view: Option<(u32, u32)>) -> Self {
        Self {
            form: watch::Sender::new(RemoteForm::Decoded),
            view: watch::Sender::new(view),
            meters: Mutex::default(),
            ear: Mutex::default(),
            dump: Mutex::new(dump),
        }
    }

    /// What was measured so far. Held shortly: pictures wait meanwhile.
    pub fn meters(&self) -> MutexGuard<'_, Meters> {
        lock(&self.meters)
    }
}

impl Viewer for Instrument {
    fn remote_form(&self) -> watch::Receiver<RemoteForm> {
        self.form.subscribe()
    }

    fn remote_view(&self) -> watch::Receiver<Option<(u32, u32)>> {
        self.view.subscribe()
    }

    fn remote_decoded(&self, frame: VideoFrame) {
        let (image, at) = (&frame.image, frame.captured_at);
        {
            let mut meters = lock(&self.meters);
            meters.frames += 1;
            if let Some((_, last)) = meters.rendered
                && at - last > LONG_GAP
            {
                meters.gaps_now.push((at, at - last));
            }
            meters.rendered = Some((meters.rendered.map_or(at, |(first, _)| first), at));
            *meters.sizes.entry(format!("{}x{}", image.width(), image.height())).or_default() += 1;
            meters.freezes.rendered(at);
            if let Some(latency_ms) = meters.latency.observe(image, at) {
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
                meters.latency_now.push(latency_ms as f32);
                if flash_shows(image) {
                    meters.skew.flash(at);
                }
            }
        }
        if let Some(dump) = &mut *lock(&self.dump) {
            let info = RenderInfo { rtp_timestamp: 0, key: false, complete_at: at, rendered_at: at };
            dump.render(image, &info);
        }
    }

    fn remote_encoded(&self, _: EncodedPicture) {}

    fn own(&self, _: VideoFrame) {}

    fn heard(&self, block: &AudioBlock) {
        if let Some(at) = lock(&self.ear).hear(block) {
            lock(&self.meters).skew.beep(at);
        }
    }

    fn cleared(&self, side: Side) {
        if side == Side::Remote {
            lock(&self.meters).freezes.paused();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
