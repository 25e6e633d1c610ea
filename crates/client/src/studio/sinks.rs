//! Hands pictures and sound to the viewer.
use super::StudioEvent;
use crate::{
    snapshot::NoticeCode,
    viewer::{EncodedPicture, Viewer},
};
use eyeline_media::{
    device::{AudioSink, DeviceError},
    error::PipelineError,
    frame::{AudioBlock, I420, VideoFrame},
    process::RenderTap,
    receive::{AudioReceive, AudioReceiveEvent, AvSync, EncodedFrame, EncodedSink, RenderInfo, VideoSink},
    send::VideoSend,
    slot::Taken,
};
use std::{sync::Arc, thread::Builder, time::Duration};
use tokio::sync::mpsc;

/// How long the self view's thread sleeps when nothing comes; pictures wake it.
const IDLE: Duration = Duration::from_secs(3600);

/// The other side's pictures, decoded.
pub(super) struct DecodedView(pub Arc<dyn Viewer>);

impl VideoSink for DecodedView {
    fn render(&mut self, image: &Arc<I420>, info: &RenderInfo) {
        self.0.remote_decoded(VideoFrame { image: Arc::clone(image), captured_at: info.rendered_at });
    }
}

/// The other side's pictures, as they were encoded.
pub(super) struct EncodedView(pub Arc<dyn Viewer>);

impl EncodedSink for EncodedView {
    fn frame(&mut self, frame: &EncodedFrame, info: &RenderInfo) {
        self.0.remote_encoded(EncodedPicture {
            data: frame.data.clone(),
            codec: frame.codec,
            key_frame: frame.key,
            is_past: frame.is_past,
            shown_at: info.rendered_at,
        });
    }
}

/// A speaker whose sound the viewer hears too.
pub(super) struct HeardSink {
    pub speaker: Box<dyn AudioSink>,
    pub viewer: Arc<dyn Viewer>,
}

impl AudioSink for HeardSink {
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError> {
        self.speaker.write(block)?;
        self.viewer.heard(block);
        Ok(())
    }

    fn latency(&self) -> Duration {
        self.speaker.latency()
    }
}

/// Shows this side's own pictures until `video` is dropped.
pub(super) fn show_own(video: &VideoSend, viewer: &Arc<dyn Viewer>) -> Result<(), PipelineError> {
    let (frames, viewer) = (video.self_view(), Arc::clone(viewer));
    let show = move || {
        loop {
            match frames.take(IDLE) {
                Taken::Value(frame) => viewer.own(frame),
                Taken::Timeout => {}
                Taken::Closed => return,
            }
        }
    };
    let started = Builder::new().name("self-view".into()).spawn(show);
    started.map(drop).map_err(|source| PipelineError::Thread { name: "self-view", source })
}

/// The receiver of the other side's sound.
pub(super) fn hear(
    sync: AvSync,
    played: RenderTap,
    events: mpsc::Sender<StudioEvent>,
) -> Result<AudioReceive, PipelineError> {
    AudioReceive::start(sync, played, move |event| match event {
        AudioReceiveEvent::SinkLost(error) => {
            let _ = events.try_send(StudioEvent::Trouble(NoticeCode::Speaker, error));
        }
    })
}
