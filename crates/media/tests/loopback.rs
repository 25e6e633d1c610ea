//! Both pipelines, with synthetic devices, over a link in memory that loses, delays and reorders.
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

mod link;

use eyeline_media::{
    codec::VideoCodec,
    send::VideoTarget,
    synthetic::{TestCard, Tone},
};
use link::{Call, LinkModel, Screen, wait_for};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Long enough for the jitter buffer to settle and for several flashes and beeps.
const CALL: Duration = Duration::from_secs(8);
/// Machines that run tests are shared, and slow by the second: what is asked of them is what a call needs, not what it
/// reaches.
const PATIENCE: Duration = Duration::from_secs(30);

/// One call at a time: what is measured is a call, not how many of them a machine carries.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whole_call(codec: VideoCodec) {
    let _alone = alone();
    let call = Call::start(codec, LinkModel::CLEAN);
    call.video.set_source(Some(Box::new(TestCard::new(640, 480, 30))));
    call.audio.set_source(Some(Box::new(Tone::default())));
    let late = call.run(CALL);
    let screen = call.screen();
    let (latency, skew) = (screen.latency.percentiles().unwrap(), screen.skew.percentiles().unwrap());
    let (sent, video, audio) = (call.video.stats(), call.remote_video.stats(), call.remote_audio.stats());
    println!("{codec:?}: {late:?}\nlatency {latency:?}\nskew {skew:?}\n{sent:?}\n{video:?}\n{audio:?}");
    let worst_ms = late.worst.as_secs_f32() * 1000.0;
    assert!(video.frames_rendered + 10 >= sent.frames_captured * 9 / 10);
    assert!(latency.p50 < 100.0 + worst_ms);
    assert!(skew.n >= 4 && skew.p95 < 60.0 + worst_ms);
    assert!(audio.concealed_pct().unwrap() < 1.0 + 200.0 * late.total.as_secs_f64() / CALL.as_secs_f64());
    assert!(screen.freeze.freezes() == 0 || worst_ms > 100.0);
}

#[test]
fn vp8_call_is_smooth_quick_and_in_sync() {
    whole_call(VideoCodec::Vp8);
}

#[test]
fn h264_call_is_smooth_quick_and_in_sync() {
    whole_call(VideoCodec::H264);
}

#[test]
fn lossy_link_recovers_by_key_frames() {
    let _alone = alone();
    let call = Call::start(VideoCodec::Vp8, LinkModel { loss: 0.02, jitter: Duration::from_millis(15) });
    call.video.set_source(Some(Box::new(TestCard::new(320, 240, 30))));
    call.audio.set_source(Some(Box::new(Tone::default())));
    call.run(CALL);
    let (video, audio) = (call.remote_video.stats(), call.remote_audio.stats());
    assert!(video.frames_rendered > 50, "{video:?}");
    assert!(video.key_frame_requests > 0 && video.key_frames > 1, "{video:?}");
    // Of a tone the codec sends no redundancy (of speech it does: see the jitter buffer's tests).
    assert!(audio.concealed_pct().unwrap() < 5.0, "{audio:?}");
}

#[test]
fn camera_goes_off_and_comes_back_without_a_new_request() {
    let _alone = alone();
    let call = Call::start(VideoCodec::Vp8, LinkModel::CLEAN);
    let rendered = || call.remote_video.stats().frames_rendered;
    let card = link::Watched::new(TestCard::new(320, 240, 30));
    let open = card.open();
    call.video.set_source(Some(Box::new(card)));
    wait_for(PATIENCE, || rendered() > 10);
    call.video.set_source(None);
    wait_for(PATIENCE, || !open.is_open());
    wait_for(PATIENCE, || {
        let frames = rendered();
        call.run(Duration::from_millis(200));
        frames == rendered()
    });
    let before = rendered();
    call.video.set_source(Some(Box::new(TestCard::new(320, 240, 30))));
    wait_for(PATIENCE, || rendered() > before + 10);
}

#[test]
fn mute_sends_next_to_nothing_and_is_no_loss() {
    let _alone = alone();
    let call = Call::start(VideoCodec::Vp8, LinkModel::CLEAN);
    call.audio.set_source(Some(Box::new(Tone::default())));
    wait_for(PATIENCE, || call.remote_audio.stats().samples_played > 48_000);
    call.audio.set_muted(true);
    wait_for(PATIENCE, || call.audio.stats().frames_silent > 20);
    let (before, concealed) = (call.audio.stats(), call.remote_audio.stats().samples_concealed);
    wait_for(PATIENCE, || call.audio.stats().frames_silent > before.frames_silent + 100);
    let after = call.audio.stats();
    assert!(after.packets - before.packets <= 10, "{} packets", after.packets - before.packets);
    assert!(call.remote_audio.stats().samples_concealed - concealed < 4_800);
    let played = call.remote_audio.stats().samples_comfort;
    assert!(played > 48_000, "{played}");
    call.audio.set_muted(false);
    wait_for(PATIENCE, || call.audio.stats().packets > after.packets + 50);
}

#[test]
fn size_and_codec_change_while_the_call_goes_on() {
    let _alone = alone();
    let call = Call::start(VideoCodec::Vp8, LinkModel::CLEAN);
    call.video.set_source(Some(Box::new(TestCard::new(640, 480, 30))));
    wait_for(PATIENCE, || call.remote_video.stats().size == Some((640, 480)));
    call.video.set_target(Some(VideoTarget {
        bitrate_bps: 200_000,
        max_size: (320, 240),
        max_fps: 15,
        two_chains: false,
    }));
    wait_for(PATIENCE, || call.remote_video.stats().size == Some((320, 240)));
    let before = call.remote_video.stats().frames_rendered;
    call.set_codec(VideoCodec::H264);
    wait_for(PATIENCE, || call.remote_video.stats().frames_rendered > before + 10);
}

#[test]
fn encoded_frames_reach_a_decoder_elsewhere_from_a_key_frame_on() {
    let _alone = alone();
    let call = Call::start(VideoCodec::Vp8, LinkModel::CLEAN);
    call.video.set_source(Some(Box::new(TestCard::new(320, 240, 30))));
    wait_for(PATIENCE, || call.remote_video.stats().frames_rendered > 10);
    let keys = Screen::encoded(&call);
    wait_for(PATIENCE, || keys.lock().unwrap().len() > 20);
    let decoded = call.remote_video.stats().frames_decoded;
    let keys = keys.lock().unwrap();
    assert!(keys[0]);
    drop(keys);
    call.run(Duration::from_millis(300));
    assert!(call.remote_video.stats().frames_decoded <= decoded + 1, "native decoding has stopped");
}
