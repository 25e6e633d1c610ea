use super::*;
use crate::feed::wire::Mode;
use bytes::Bytes;
use eyeline_media::{codec::VideoCodec, frame::I420};
use std::sync::Arc;

fn want(mode: Mode, codecs: &[Codec]) -> Want {
    Want { mode, codecs: codecs.to_vec(), width: 640, height: 480 }
}

fn queue(mode: Mode, codecs: &[Codec]) -> Queue {
    let mut queue = Queue::default();
    queue.want(want(mode, codecs));
    queue
}

fn decoded(at_ms: i64) -> VideoFrame {
    VideoFrame { image: Arc::new(I420::black(2, 2)), captured_at: MediaTime(at_ms * 1000) }
}

fn encoded(at_ms: i64, key_frame: bool) -> EncodedPicture {
    EncodedPicture {
        data: Bytes::new(),
        codec: VideoCodec::Vp8,
        key_frame,
        is_past: false,
        shown_at: MediaTime(at_ms * 1000),
    }
}

/// What is sent next: `cleared`, or the kind of picture and its capture time in milliseconds.
fn next(queue: &mut Queue) -> Option<(&'static str, i64)> {
    queue.next().map(|outgoing| match outgoing {
        Outgoing::Cleared => ("cleared", 0),
        Outgoing::Encoded(picture) => ("encoded", picture.shown_at.0 / 1000),
        Outgoing::Decoded(frame, _) => ("decoded", frame.captured_at.0 / 1000),
    })
}

#[test]
fn nothing_is_wanted_until_the_ui_has_said_how() {
    let mut queue = Queue::default();
    assert_eq!(queue.form(), RemoteForm::Nothing);
    queue.offer_decoded(decoded(1));
    assert_eq!(queue.offer_encoded(encoded(2, true)), KeyFrame::No);
    queue.clear();
    assert_eq!(next(&mut queue), None);
}

#[test]
fn the_latest_decoded_picture_wins_and_waits_until_the_ui_is_ready() {
    let mut queue = queue(Mode::I420, &[]);
    assert_eq!(queue.form(), RemoteForm::Decoded);
    queue.offer_decoded(decoded(1));
    assert_eq!(next(&mut queue), Some(("decoded", 1)));
    queue.offer_decoded(decoded(2));
    queue.offer_decoded(decoded(3));
    assert_eq!(next(&mut queue), None, "the UI has not said that it is ready");
    queue.ready();
    assert_eq!(next(&mut queue), Some(("decoded", 3)));
    queue.ready();
    assert_eq!(next(&mut queue), None);
}

#[test]
fn decoded_pictures_keep_their_spacing() {
    let mut queue = Queue { spacing: Duration::from_millis(30), ..queue(Mode::I420, &[]) };
    for (at_ms, sent) in [(0, true), (17, false), (33, true), (62, false), (63, true), (10, true)] {
        queue.offer_decoded(decoded(at_ms));
        queue.ready();
        assert_eq!(next(&mut queue).is_some(), sent, "at {at_ms} ms; a clock set back is no reason to stop");
    }
}

#[test]
fn encoded_pictures_go_in_order_from_a_key_frame_on() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    assert_eq!(queue.form(), RemoteForm::Encoded);
    assert_eq!(queue.offer_encoded(encoded(1, false)), KeyFrame::Ask);
    assert_eq!(queue.offer_encoded(encoded(34, false)), KeyFrame::No, "asked a moment ago");
    assert_eq!(queue.offer_encoded(encoded(502, false)), KeyFrame::Ask, "the first wish got lost");
    assert_eq!(next(&mut queue), None);
    assert_eq!(queue.offer_encoded(encoded(540, true)), KeyFrame::No);
    assert_eq!(queue.offer_encoded(encoded(570, false)), KeyFrame::No);
    assert_eq!(next(&mut queue), Some(("encoded", 540)));
    assert_eq!(next(&mut queue), Some(("encoded", 570)));
}

#[test]
fn a_socket_that_lags_behind_gets_nothing_until_the_next_key_frame() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    for at in 0..MOST_ENCODED {
        assert_eq!(queue.offer_encoded(encoded(at as i64, at == 0)), KeyFrame::No);
    }
    assert_eq!(queue.offer_encoded(encoded(100, false)), KeyFrame::Ask);
    assert_eq!(next(&mut queue), Some(("encoded", 0)));
    assert_eq!(queue.offer_encoded(encoded(133, false)), KeyFrame::No, "there is room, but one is missing");
    assert_eq!(queue.offer_encoded(encoded(166, true)), KeyFrame::No);
    assert_eq!(next(&mut queue), Some(("encoded", 166)), "what is older than the fresh start is skipped");
    assert_eq!(next(&mut queue), None);
}

#[test]
fn pictures_that_are_not_to_be_seen_are_no_lag() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    assert_eq!(queue.offer_encoded(encoded(0, true)), KeyFrame::No);
    for at in 1..MOST_ENCODED as i64 * 2 {
        let past = EncodedPicture { is_past: true, ..encoded(at, false) };
        assert_eq!(queue.offer_encoded(past), KeyFrame::No);
    }
    for at in 1..MOST_ENCODED as i64 {
        assert_eq!(queue.offer_encoded(encoded(100 + at, false)), KeyFrame::No);
    }
    assert_eq!(queue.offer_encoded(encoded(200, false)), KeyFrame::Ask);
}

#[test]
fn pictures_that_are_not_to_be_seen_do_not_pile_up_either() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    assert_eq!(queue.offer_encoded(encoded(0, true)), KeyFrame::No);
    let past = |at| EncodedPicture { is_past: true, ..encoded(at, false) };
    let asked = (1..1_000).find(|at| queue.offer_encoded(past(*at)) == KeyFrame::Ask);
    assert_eq!(asked, Some(MOST_OF_ALL as i64));
    assert_eq!(std::iter::from_fn(|| next(&mut queue)).count(), MOST_OF_ALL);
    assert_eq!(next(&mut queue), None);
}

#[test]
fn a_key_frame_finds_room_in_a_full_queue() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    for at in 0..MOST_ENCODED {
        let _ = queue.offer_encoded(encoded(at as i64, at == 0));
    }
    assert_eq!(queue.offer_encoded(encoded(100, true)), KeyFrame::No);
    assert_eq!(next(&mut queue), Some(("encoded", 100)));
}

#[test]
fn a_lost_decoder_starts_again_at_a_key_frame() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    let _ = queue.offer_encoded(encoded(0, true));
    queue.decoder_is_lost();
    assert_eq!(next(&mut queue), None);
    assert_eq!(queue.offer_encoded(encoded(33, false)), KeyFrame::Ask);
    let _ = queue.offer_encoded(encoded(66, true));
    assert_eq!(next(&mut queue), Some(("encoded", 66)));
}

#[test]
fn a_codec_that_the_ui_cannot_decode_is_wanted_decoded_until_the_call_is_over() {
    let mut queue = queue(Mode::Encoded, &[Codec::H264]);
    assert_eq!(queue.offer_encoded(encoded(0, true)), KeyFrame::No);
    assert_eq!(queue.form(), RemoteForm::Decoded);
    queue.want(Want { width: 320, ..want(Mode::Encoded, &[Codec::H264]) });
    assert_eq!(queue.form(), RemoteForm::Decoded, "another size changes nothing about it");
    queue.offer_decoded(decoded(33));
    assert_eq!(next(&mut queue), Some(("decoded", 33)));
    queue.clear();
    assert_eq!(queue.form(), RemoteForm::Encoded);
}

#[test]
fn a_ui_that_names_no_codec_gets_decoded_pictures() {
    assert_eq!(queue(Mode::Encoded, &[]).form(), RemoteForm::Decoded);
    assert_eq!(queue(Mode::Encoded, &[Codec::Unknown]).form(), RemoteForm::Decoded);
}

#[test]
fn a_hidden_window_wants_nothing_and_starts_again_at_a_key_frame() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    let _ = queue.offer_encoded(encoded(0, true));
    queue.set_hidden(true);
    assert_eq!((queue.form(), queue.view()), (RemoteForm::Nothing, Some((0, 0))));
    assert_eq!(queue.offer_encoded(encoded(33, false)), KeyFrame::No);
    queue.set_hidden(false);
    assert_eq!(queue.view(), Some((640, 480)));
    assert_eq!(next(&mut queue), None, "what waited is old");
    assert_eq!(queue.offer_encoded(encoded(66, false)), KeyFrame::Ask);
}

#[test]
fn a_picture_of_no_size_is_not_looked_at() {
    let mut queue = queue(Mode::I420, &[]);
    queue.want(Want { width: 0, ..want(Mode::I420, &[]) });
    assert_eq!(queue.form(), RemoteForm::Nothing);
}

#[test]
fn a_new_size_keeps_the_stream_going() {
    let mut queue = queue(Mode::Encoded, &[Codec::Vp8]);
    let _ = queue.offer_encoded(encoded(0, true));
    queue.want(Want { width: 1280, height: 720, ..want(Mode::Encoded, &[Codec::Vp8]) });
    assert_eq!(next(&mut queue), Some(("encoded", 0)));
    assert_eq!(queue.offer_encoded(encoded(33, false)), KeyFrame::No);
}

#[test]
fn clearing_overtakes_what_waits_and_precedes_what_comes() {
    let mut queue = queue(Mode::I420, &[]);
    queue.offer_decoded(decoded(1));
    queue.clear();
    queue.offer_decoded(decoded(2));
    assert_eq!(next(&mut queue), Some(("cleared", 0)));
    assert_eq!(next(&mut queue), Some(("decoded", 2)));
}
