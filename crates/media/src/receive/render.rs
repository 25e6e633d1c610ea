//! The render stage: pictures wait here for their moment, and the newest one that is due wins.
use super::timing::bounded;
use crate::{
    clock::MediaClock,
    frame::{I420, MediaTime},
    measure::{FreezeMeter, Gap},
    receive::EncodedFrame,
    slot::lock,
    stats::{VideoReceiveCounters, us},
};
use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, TryRecvError},
    },
    time::Duration,
};

/// Longest that a picture may wait, whatever clocks and reports say.
const MAX_WAIT: Duration = Duration::from_millis(700);

/// About a picture that is shown.
#[derive(Debug, Clone, Copy)]
pub struct RenderInfo {
    /// Its RTP time, 90 kHz.
    pub rtp_timestamp: u32,
    /// Whether it was a key frame.
    pub key: bool,
    /// When its last packet arrived.
    pub complete_at: MediaTime,
    /// When it is shown: now, by the capture clock.
    pub rendered_at: MediaTime,
}

/// Shows decoded pictures.
pub trait VideoSink: Send {
    /// Shows a picture now. Must return quickly: the next picture waits.
    fn render(&mut self, image: &Arc<I420>, info: &RenderInfo);
}

/// Takes encoded frames at the moment at which they are to be shown, for a decoder elsewhere. The first one is a key frame,
/// and none is left out: those that are past are to be decoded, and not shown.
pub trait EncodedSink: Send {
    /// Takes a frame now. Must return quickly.
    fn frame(&mut self, frame: &EncodedFrame, info: &RenderInfo);
}

/// Where pictures go; either, both or none.
#[derive(Default)]
pub(super) struct Outputs {
    pub(super) decoded: Option<Box<dyn VideoSink>>,
    /// With its number.
    pub(super) encoded: Option<(u64, Box<dyn EncodedSink>)>,
    pub(super) camera_off: bool,
    /// Whether since the last picture the camera was off, or nobody looked.
    pub(super) paused: bool,
}

impl Outputs {
    /// The sinks have changed: while there are none, no picture is missed.
    pub(super) fn note_unseen(&mut self) {
        self.paused |= self.decoded.is_none() && self.encoded.is_none();
    }
}

/// A picture on its way to the sinks.
pub(super) struct Item {
    pub(super) frame: EncodedFrame,
    pub(super) image: Option<Arc<I420>>,
    /// The encoded sink that it is for: one that has come since has nothing that this frame refers to.
    pub(super) encoded_sink: Option<u64>,
    pub(super) due: MediaTime,
}

/// Runs until the decode stage hangs up.
pub(super) fn run(items: &Receiver<Item>, outputs: &Mutex<Outputs>, counters: &VideoReceiveCounters) {
    let (mut following, mut freezes) = (None, FreezeMeter::default());
    while let Some(mut item) = following.take().or_else(|| items.recv().ok()) {
        let now = MediaClock::now();
        MediaClock::wait_until(bounded(item.due, now, MAX_WAIT));
        let rendered_at = MediaClock::now();
        match items.try_recv() {
            Ok(next) => {
                if next.due <= rendered_at && next.image.is_some() && item.image.take().is_some() {
                    counters.frames_dropped.add(1);
                }
                following = Some(next);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        let info = RenderInfo {
            rtp_timestamp: item.frame.rtp_timestamp,
            key: item.frame.key,
            complete_at: item.frame.complete_at,
            rendered_at,
        };
        let mut outputs = lock(outputs);
        let mut rendered = false;
        if let Some((number, sink)) = &mut outputs.encoded
            && item.encoded_sink == Some(*number)
        {
            sink.frame(&item.frame, &info);
            rendered = !item.frame.is_past;
        }
        if let (Some(image), Some(sink)) = (&item.image, &mut outputs.decoded) {
            sink.render(image, &info);
            rendered = true;
        }
        if rendered {
            counters.frames_rendered.add(1);
            let waited = rendered_at - info.complete_at;
            counters.playout_wait_ms.average(waited);
            counters.playout_wait_us.add(us(waited));
            let paused = outputs.paused;
            outputs.paused = outputs.camera_off;
            let gap = match paused {
                true => freezes.resumed(rendered_at),
                false => freezes.rendered(rendered_at),
            };
            match gap {
                Gap::Freeze(length) => {
                    counters.freezes.add(1);
                    counters.frozen_us.add(us(length));
                }
                Gap::Pause(length) => {
                    counters.pauses.add(1);
                    counters.paused_us.add(us(length));
                }
                Gap::None => {}
            }
        }
    }
}
