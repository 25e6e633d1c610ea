//! Sinks that change while frames wait for their moment.
use super::*;
use crate::{receive::RenderInfo, rtp::Sequencer};
use eyeline_rtp::vp8;
use std::sync::mpsc::{Receiver, Sender, channel};

const PATIENCE: Duration = Duration::from_secs(30);

/// Says the RTP time of each frame.
struct Tap(Sender<u32>);

impl EncodedSink for Tap {
    fn frame(&mut self, frame: &EncodedFrame, _: &RenderInfo) {
        // Nobody may look any more.
        let _ = self.0.send(frame.rtp_timestamp);
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
        for packet in sequencer.picture(vp8::packetize(&[u8::from(!key), 0], 0), timestamp) {
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
