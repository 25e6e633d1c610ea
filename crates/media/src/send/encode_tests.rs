#![cfg(feature = "vp8")]
use super::*;
use crate::synthetic::draw_test_card;

type Sink = Box<dyn FnMut(Vec<RtpPacket>, FrameInfo)>;
/// When a picture was captured, in milliseconds, whether it is a key frame, and its size.
type Out = (i64, bool, (u32, u32));

/// A stage, what it is told, and the pictures that came out of it.
struct Rig {
    stage: EncodeStage<Sink>,
    control: Mutex<Control>,
    counters: VideoSendCounters,
    out: Arc<Mutex<Vec<Out>>>,
    captured: i64,
}

impl Rig {
    fn new(target: VideoTarget) -> Self {
        let out = Arc::<Mutex<Vec<_>>>::default();
        let log = Arc::clone(&out);
        let sink = move |packets: Vec<RtpPacket>, info: FrameInfo| {
            assert!(packets.last().is_some_and(|packet| packet.marker), "the last packet ends the picture");
            lock(&log).push((info.captured_at.0 / 1_000, info.key, info.size));
        };
        Self {
            stage: EncodeStage::new(SenderClock::new(90_000), Box::new(sink)),
            control: Mutex::new(Control { sending: true, ..Control::new(VideoCodec::Vp8, Some(target)) }),
            counters: VideoSendCounters::default(),
            out,
            captured: 0,
        }
    }

    /// Captures so many pictures, thirty a second; those that came out.
    fn capture(&mut self, count: i64) -> Vec<Out> {
        for _ in 0..count {
            let captured_at = MediaTime(self.captured * 33_333);
            let image = Arc::new(draw_test_card(320, 240, (self.captured * 33) as u64));
            self.captured += 1;
            self.stage.run(&VideoFrame { image, captured_at }, &self.control, &self.counters).unwrap();
        }
        std::mem::take(&mut *lock(&self.out))
    }
}

fn ample() -> VideoTarget {
    VideoTarget { bitrate_bps: 1_000_000, max_size: (320, 240), max_fps: 30, two_chains: false }
}

#[test]
fn pictures_are_held_and_a_key_frame_asked_for_meanwhile_is_the_first_one_after() {
    let mut rig = Rig::new(ample());
    assert_eq!(rig.capture(30).len(), 30);
    lock(&rig.control).hold = true;
    assert_eq!(rig.capture(30), []);
    lock(&rig.control).key_frame = true;
    assert_eq!(rig.capture(10), []);
    lock(&rig.control).hold = false;
    let after = rig.capture(10);
    assert_eq!(after.iter().map(|(_, key, _)| *key).collect::<Vec<_>>(), [&[true][..], &[false; 9]].concat());
    assert!(!lock(&rig.control).key_frame, "asked for once, made once");
    assert_eq!(rig.counters.snapshot().frames_dropped, 40);
}

#[test]
fn without_a_target_nothing_is_encoded_and_a_smaller_one_makes_smaller_pictures() {
    let mut rig = Rig::new(ample());
    rig.capture(5);
    lock(&rig.control).target = None;
    assert_eq!(rig.capture(5), []);
    lock(&rig.control).target = Some(VideoTarget { max_size: (160, 120), ..ample() });
    let smaller = rig.capture(5);
    assert_eq!(smaller.len(), 5);
    assert!(smaller.iter().all(|(_, _, size)| *size == (160, 120)) && smaller[0].1, "{smaller:?}");
}

#[test]
fn an_encoder_that_cannot_do_with_less_leaves_pictures_out() {
    let mut rig = Rig::new(VideoTarget { bitrate_bps: 40_000, ..ample() });
    let sent = rig.capture(300).len();
    let bytes = rig.counters.snapshot().bytes;
    assert!(bytes as f64 * 8.0 / 10.0 < 50_000.0, "{bytes} bytes in ten seconds");
    assert!((30..290).contains(&sent), "{sent} pictures");
}
