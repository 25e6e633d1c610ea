//! Sinks and codecs that change in mid-stream.
use super::*;
use crate::{
    codec::{EncoderSettings, Reference},
    receive::RenderInfo,
    rtp::Sequencer,
    send::Chains,
    synthetic::draw_test_card,
};
use eyeline_rtp::{h264, vp8};
use std::sync::mpsc::{Receiver, Sender, channel};

const PATIENCE: Duration = Duration::from_secs(30);

/// Says the RTP time of each frame, or picture.
struct Tap(Sender<u32>);

impl EncodedSink for Tap {
    fn frame(&mut self, frame: &EncodedFrame, _: &RenderInfo) {
        // Nobody may look any more.
        let _ = self.0.send(frame.rtp_timestamp);
    }
}

impl VideoSink for Tap {
    fn render(&mut self, _: &Arc<I420>, info: &RenderInfo) {
        let _ = self.0.send(info.rtp_timestamp);
    }
}

fn tap(receiver: &VideoReceive) -> Receiver<u32> {
    let (seen, frames) = channel();
    receiver.set_encoded_sink(Some(Box::new(Tap(seen))));
    frames
}

/// Waits until so many frames are on their way to the sinks.
fn assembled(receiver: &VideoReceive, frames: u64) {
    let end = MediaClock::now().plus(PATIENCE);
    while receiver.stats().frames_assembled < frames {
        assert!(MediaClock::now() < end, "{:?}", receiver.stats());
        std::thread::yield_now();
    }
}

#[test]
fn a_sink_gets_no_frame_that_was_meant_for_the_one_before() {
    let receiver = VideoReceive::start(AvSync::default(), |_| ()).unwrap();
    let mut sequencer = Sequencer::default();
    let mut push = |timestamp: u32, key: bool, arrival: MediaTime| {
        for packet in sequencer.picture(vp8::packetize(&[u8::from(!key), 0], 0, None), timestamp) {
            receiver.push(VideoCodec::Vp8, packet, arrival);
        }
    };
    let first = tap(&receiver);
    push(0, true, MediaClock::now());
    assert_eq!(first.recv_timeout(PATIENCE), Ok(0));
    // Whole only in a while, this one waits before the sink.
    let later = MediaClock::now().plus(Duration::from_millis(300));
    push(3_000, false, later);
    assembled(&receiver, 2);
    let second = tap(&receiver);
    push(6_000, true, later);
    assert_eq!(second.recv_timeout(PATIENCE), Ok(6_000));
}

#[test]
fn while_nobody_looks_no_picture_is_missed() {
    for looks in [true, false] {
        let receiver = VideoReceive::start(AvSync::default(), |_| ()).unwrap();
        let (mut sequencer, start) = (Sequencer::default(), MediaClock::now());
        let mut push = |timestamp: u32, key: bool, after_ms: u64| {
            let arrival = start.plus(Duration::from_millis(after_ms));
            for packet in sequencer.picture(vp8::packetize(&[u8::from(!key), 0], 0, None), timestamp) {
                receiver.push(VideoCodec::Vp8, packet, arrival);
            }
        };
        let mut seen = tap(&receiver);
        for number in 0..3 {
            push(number * 3_000, number == 0, u64::from(number) * 33);
            assert_eq!(seen.recv_timeout(PATIENCE), Ok(number * 3_000));
        }
        if !looks {
            receiver.set_encoded_sink(None);
            seen = tap(&receiver);
        }
        push(58_500, true, 650);
        assert_eq!(seen.recv_timeout(PATIENCE), Ok(58_500));
        push(61_500, false, 683);
        assert_eq!(seen.recv_timeout(PATIENCE), Ok(61_500));
        let stats = receiver.stats();
        assert_eq!((stats.freezes, stats.pauses), if looks { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn what_is_past_is_decoded_and_not_shown() {
    let settings = EncoderSettings { width: 320, height: 240, bitrate_bps: 300_000, fps: 30 };
    let mut encoder = VideoCodec::Vp8.encoder(settings).unwrap();
    let receiver = VideoReceive::start(AvSync::default(), |_| ()).unwrap();
    receiver.trust_chains(true);
    let (seen, shown) = channel();
    receiver.set_decoded_sink(Some(Box::new(Tap(seen))));
    let (mut chains, mut sequencer) = (Chains::default(), Sequencer::default());
    let mut picture = |number: u32| {
        let reference = chains.next(true, number == 0);
        let image = draw_test_card(320, 240, u64::from(number) * 33);
        let encoded =
            encoder.encode(&image, MediaTime(i64::from(number) * 33_333), reference).unwrap().unwrap();
        let layer = chains.on_encoded(reference, true, encoded.key);
        sequencer.picture(vp8::packetize(encoded.data, 0, layer), number * 3_000)
    };
    let push = |packets: Vec<RtpPacket>| {
        for packet in packets {
            receiver.push(VideoCodec::Vp8, packet, MediaClock::now());
        }
    };
    push(picture(0));
    let lost = picture(1);
    let mut expected = vec![0];
    for number in 2..6 {
        push(picture(number));
        expected.extend((number % 2 == 0).then_some(number * 3_000));
    }
    let next = |_: &u32| shown.recv_timeout(PATIENCE).ok();
    assert_eq!(expected.iter().filter_map(next).collect::<Vec<_>>(), expected);
    // Three pictures of the other chain, of which the last is newer than what is shown.
    push(lost);
    push(picture(6));
    assert_eq!([0; 2].iter().filter_map(next).collect::<Vec<_>>(), [15_000, 18_000]);
    let stats = receiver.stats();
    assert_eq!((stats.frames_decoded, stats.frames_dropped), (7, 2));
}

#[test]
fn a_stream_that_goes_over_to_another_codec_is_shown_from_its_next_key_frame_on() {
    let settings = EncoderSettings { width: 320, height: 240, bitrate_bps: 300_000, fps: 30 };
    let (asked, requests) = channel();
    let event = move |VideoReceiveEvent::KeyFrameNeeded| asked.send(()).unwrap_or(());
    let receiver = VideoReceive::start(AvSync::default(), event).unwrap();
    let (seen, shown) = channel();
    receiver.set_decoded_sink(Some(Box::new(Tap(seen))));
    let mut sequencer = Sequencer::default();
    let mut number = 0;
    for (from, to) in [(VideoCodec::Vp8, VideoCodec::H264), (VideoCodec::H264, VideoCodec::Vp8)] {
        let mut encoders = [from, to].map(|codec| (codec, codec.encoder(settings).unwrap()));
        let mut picture = |of: usize, key: bool| {
            let (codec, encoder) = &mut encoders[of];
            number += 1;
            let image = draw_test_card(320, 240, u64::from(number) * 33);
            let at = MediaTime(i64::from(number) * 33_333);
            let reference = if key { Reference::Nothing } else { Reference::Any };
            let data = encoder.encode(&image, at, reference).unwrap().unwrap().data.to_vec();
            (*codec, number * 3_000, data)
        };
        let mut send = |(codec, timestamp, data): (VideoCodec, u32, Vec<u8>)| {
            let payloads = match codec {
                VideoCodec::Vp8 => vp8::packetize(&data, 0, None),
                VideoCodec::H264 => h264::packetize(&data),
            };
            for packet in sequencer.picture(payloads, timestamp) {
                receiver.push(codec, packet, MediaClock::now());
            }
            timestamp
        };
        let first = send(picture(0, true));
        assert_eq!(shown.recv_timeout(PATIENCE), Ok(first));
        while requests.try_recv().is_ok() {}
        // What it refers to never came.
        picture(1, true);
        send(picture(1, false));
        requests.recv_timeout(PATIENCE).unwrap();
        for key in [true, false] {
            let timestamp = send(picture(1, key));
            assert_eq!(shown.recv_timeout(PATIENCE), Ok(timestamp));
        }
    }
}
