//! What a peer sends that means no good.
#![cfg(feature = "vp8")]
#![expect(clippy::unwrap_used, reason = "this is a test")]
use eyeline_media::{
    clock::MediaClock,
    codec::{EncoderSettings, Reference, VideoCodec},
    frame::{I420, MediaTime},
    receive::{AvSync, RenderInfo, VideoReceive, VideoReceiveEvent, VideoSink},
    rtp::RtpPacket,
    synthetic::draw_test_card,
};
use eyeline_rtp::vp8;
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(30);
/// Where a VP8 key frame has its width and height, 14 bits each (RFC 6386 section 9.1).
const SIZE: std::ops::Range<usize> = 6..10;

/// Says of each picture how wide it is.
struct Eye(mpsc::Sender<u32>);

impl VideoSink for Eye {
    fn render(&mut self, image: &Arc<I420>, _: &RenderInfo) {
        self.0.send(image.width()).unwrap();
    }
}

#[test]
fn a_picture_of_hundreds_of_millions_of_pixels_is_left_out_and_a_key_frame_is_asked_for() {
    let settings = EncoderSettings { width: 320, height: 240, bitrate_bps: 300_000, fps: 30 };
    let mut encoder = VideoCodec::Vp8.encoder(settings).unwrap();
    let (asked, requests) = mpsc::channel();
    let (seen, pictures) = mpsc::channel();
    let event = move |VideoReceiveEvent::KeyFrameNeeded| asked.send(()).unwrap();
    let receiver = VideoReceive::start(AvSync::default(), event).unwrap();
    receiver.set_decoded_sink(Some(Box::new(Eye(seen))));
    let mut sequence = 0;
    let mut send = |number: u16, key: bool, huge: bool| {
        let image = draw_test_card(320, 240, 1_700_000_000_000 + u64::from(number) * 33);
        let reference = if key { Reference::Nothing } else { Reference::Any };
        let at = MediaTime(i64::from(number) * 33_333);
        let encoded = encoder.encode(&image, at, reference).unwrap().unwrap();
        let mut frame = encoded.data.to_vec();
        if huge {
            frame[SIZE].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
        }
        let payloads = vp8::packetize(&frame, number, None);
        let last = payloads.len() - 1;
        for (index, payload) in payloads.into_iter().enumerate() {
            let timestamp = u32::from(number) * 3_000;
            let packet = RtpPacket { marker: index == last, sequence, timestamp, payload };
            receiver.push(VideoCodec::Vp8, packet, MediaClock::now());
            sequence += 1;
        }
    };
    send(0, true, false);
    assert_eq!(pictures.recv_timeout(PATIENCE), Ok(320));
    while requests.try_recv().is_ok() {}
    send(1, true, true);
    // What refers to it is left out as well.
    send(2, false, false);
    requests.recv_timeout(PATIENCE).unwrap();
    send(3, true, false);
    assert_eq!(pictures.recv_timeout(PATIENCE), Ok(320));
    let stats = receiver.stats();
    assert_eq!((stats.frames_assembled, stats.frames_rendered, stats.size), (3, 2, Some((320, 240))));
}
