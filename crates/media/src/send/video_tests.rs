#![cfg(feature = "vp8")]
use super::*;
use crate::{
    device::CaptureFormat,
    frame::{I420, MediaTime},
    send::FrameInfo,
};
use std::sync::mpsc::{Receiver, channel};

const LIMIT: Duration = Duration::from_secs(20);

/// Shows what it is given, and is slow when it is given nothing.
struct Shutter(Receiver<VideoFrame>);

impl VideoSource for Shutter {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        self.0.recv().map_err(|_| DeviceError::Lost("shutter".into()))
    }

    fn format(&self) -> CaptureFormat {
        CaptureFormat { width: 64, height: 48, fps: 30 }
    }
}

/// Of so many milliseconds from now.
fn picture(ms: i64) -> VideoFrame {
    let captured_at = MediaTime(MediaClock::now().0 + ms * 1_000);
    VideoFrame { image: Arc::new(I420::black(64, 48)), captured_at }
}

#[test]
fn what_is_seen_now_goes_out_at_once_when_there_is_somebody_to_send_to() {
    let (shutter, pictures) = channel();
    let (out, sent) = channel::<FrameInfo>();
    let config = VideoSendConfig { codec: VideoCodec::Vp8, target: Some(VideoTarget::default()) };
    let video = VideoSend::start(config, move |_, info| out.send(info).unwrap_or(()), |_| ()).unwrap();
    video.set_source(Some(Box::new(Shutter(pictures))));
    let self_view = video.self_view();
    let show = |ms| {
        let picture = picture(ms);
        shutter.send(picture.clone()).unwrap();
        assert!(matches!(self_view.take(LIMIT), Taken::Value(_)), "it is seen here");
        picture.captured_at
    };
    let mut shown = show(0);
    // The picture is kept after it is shown here.
    for _ in 0..100 {
        if lock(&video.shared.newest).is_some() {
            break;
        }
        shown = show(0);
    }
    assert_eq!(video.stats().frames_encoded, 0, "nobody is there");
    video.begin();
    let first = sent.recv_timeout(LIMIT).unwrap();
    assert!(first.key && first.captured_at <= shown);
    show(1_000);
    assert!(!sent.recv_timeout(LIMIT).unwrap().key);
    video.pause();
    show(-1_000);
    show(-1_000);
    video.begin();
    let now = show(2_000);
    assert_eq!(sent.recv_timeout(LIMIT).unwrap().captured_at, now, "of long ago");
}
