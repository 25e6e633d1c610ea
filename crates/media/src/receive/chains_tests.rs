//! Two chains of frames: what is lost breaks one of them.
use super::*;
use crate::{codec::Reference, rtp::Sequencer, send::Chains as Sent};
use proptest::prelude::*;

/// A frame as it was sent: what it refers to, and its packets.
struct Frame {
    reference: Reference,
    packets: Vec<RtpPacket>,
}

/// So many frames of one to three packets, in two chains where that is wanted, with these key frames.
fn stream(count: usize, wanted: impl Fn(usize) -> bool, keys: &[usize]) -> Vec<Frame> {
    let (mut sent, mut sequencer) = (Sent::default(), Sequencer::default());
    let frame = |n: usize| {
        let reference = sent.next(wanted(n), n == 0 || keys.contains(&n));
        let is_key = reference == Reference::Nothing;
        let layer = sent.on_encoded(reference, wanted(n), is_key);
        let mut data = vec![0; 700 + 1_100 * (n % 3)];
        data[0] = u8::from(!is_key);
        let payloads = vp8::packetize(&data, n as u16, layer);
        Frame { reference, packets: sequencer.picture(payloads, n as u32 * 3_000) }
    };
    (0..count).map(frame).collect()
}

fn ours() -> Assembler {
    let mut assembler = Assembler::default();
    assembler.trust_chains(true);
    assembler
}

/// The frames that are released when these packets come, by number, and whether they are past.
fn released(assembler: &mut Assembler, packets: impl IntoIterator<Item = RtpPacket>) -> Vec<(usize, bool)> {
    let mut released = Vec::new();
    for packet in packets {
        assembler.push(VideoCodec::Vp8, packet, MediaTime(0));
        let frames = std::iter::from_fn(|| assembler.pop(MediaTime(0)));
        released.extend(frames.map(|frame| ((frame.rtp_timestamp / 3_000) as usize, frame.is_past)));
    }
    released
}

/// The packets of frames, but for the first of those that are lost.
fn without(frames: &[Frame], lost: &[usize]) -> Vec<RtpPacket> {
    let left = |(n, frame): (usize, &Frame)| frame.packets[usize::from(lost.contains(&n))..].to_vec();
    frames.iter().enumerate().flat_map(left).collect()
}

fn shown(numbers: impl IntoIterator<Item = usize>) -> Vec<(usize, bool)> {
    numbers.into_iter().map(|n| (n, false)).collect()
}

#[test]
fn a_loss_breaks_one_chain_which_is_decoded_when_repaired_and_not_shown() {
    for (lost, others) in [(4, [5, 7, 9]), (3, [4, 6, 8])] {
        let frames = stream(10, |_| true, &[]);
        let mut assembler = ours();
        let before = released(&mut assembler, without(&frames, &[lost]));
        assert_eq!(before, shown((0..lost).chain(others)), "{lost} lost");
        let after = released(&mut assembler, [frames[lost].packets[0].clone()]);
        let left = (lost..10).step_by(2).map(|n| (n, n < others[2]));
        assert_eq!(after, left.collect::<Vec<_>>(), "{lost} repaired");
    }
}

#[test]
fn where_both_chains_are_broken_nothing_is_shown_until_one_is_repaired() {
    let frames = stream(10, |_| true, &[]);
    let mut assembler = ours();
    assert_eq!(released(&mut assembler, without(&frames, &[3, 4])), shown(0..3));
    assert_eq!(released(&mut assembler, [frames[4].packets[0].clone()]), shown([4, 6, 8]));
    let after = released(&mut assembler, [frames[3].packets[0].clone()]);
    assert_eq!(after, [(3, true), (5, true), (7, true), (9, false)]);
}

#[test]
fn a_stranger_may_refer_across_and_is_waited_for() {
    let frames = stream(6, |_| true, &[]);
    let mut assembler = Assembler::default();
    assert_eq!(released(&mut assembler, without(&frames, &[2])), shown(0..2));
    assert_eq!(released(&mut assembler, [frames[2].packets[0].clone()]), shown(2..6));
}

#[test]
fn a_second_chain_that_begins_anew_leaves_its_former_frames_behind() {
    // One chain only for frames 5 to 8; with 9 they part again.
    let frames = stream(14, |n| !(5..9).contains(&n), &[]);
    assert_eq!(frames[9].reference, Reference::Parting);
    let mut assembler = ours();
    let before = released(&mut assembler, without(&frames, &[3]));
    assert_eq!(before, shown((0..3).chain([4]).chain(5..14)));
    assert_eq!(released(&mut assembler, [frames[3].packets[0].clone()]), [], "its chain has begun anew");
    assert!(!assembler.has_gap());
}

#[test]
fn a_chain_does_not_go_on_from_a_frame_whose_number_has_come_again() {
    for ended in 500..530 {
        // A second chain of one frame, or of two; long after it the next one's parting is lost.
        let parts = |n: usize| n < 3 + ended % 2 || n >= ended;
        let frames = stream(ended + 20, parts, &[]);
        let parting =
            (ended..).find(|n| frames[*n].reference == Reference::Parting).expect("chains part again");
        let before = released(&mut ours(), without(&frames, &[parting]));
        let ahead = before.iter().find(|(n, _)| *n >= parting);
        assert_eq!(ahead, None, "parting in {parting}");
    }
}

#[test]
fn a_broken_chain_asks_for_a_key_frame_though_the_other_one_is_whole() {
    let frames = stream(60, |_| true, &[]);
    let mut assembler = ours();
    let mut asked = Vec::new();
    for (n, packets) in
        frames.chunks(1).map(|frame| without(frame, &[])).enumerate().filter(|(n, _)| *n != 10)
    {
        let now = MediaTime(n as i64 * 33_333);
        for packet in packets {
            assembler.push(VideoCodec::Vp8, packet, now);
        }
        while assembler.pop(now).is_some() {}
        asked.extend(assembler.poll_key_frame_request(now).then_some(n));
    }
    assert_eq!(asked.first(), Some(&30), "600 ms after the gap was seen: {asked:?}");
}

proptest! {
    #[test]
    fn no_frame_comes_before_what_it_refers_to(
        lost in prop::collection::vec(prop::bool::weighted(0.15), 300),
        repaired_after in prop::collection::vec(1_usize..80, 300),
        turns in prop::collection::vec(prop::bool::weighted(0.8), 60),
        keys in prop::collection::vec(1_usize..60, 0..3),
    ) {
        let frames = stream(60, |n| turns[n], &keys);
        let packets = frames.iter().flat_map(|frame| frame.packets.clone()).enumerate();
        let mut packets: Vec<(usize, RtpPacket)> = packets
            .map(|(n, packet)| (n + if lost[n % 300] { repaired_after[n % 300] } else { 0 }, packet))
            .collect();
        packets.sort_by_key(|(at, _)| *at);
        let released = released(&mut ours(), packets.into_iter().map(|(_, packet)| packet));
        // What the decoder has in its two buffers, by frame.
        let (mut first, mut second) = (None, None);
        for (n, is_past) in &released {
            match frames[*n].reference {
                Reference::Nothing => (first, second) = (Some(*n), Some(*n)),
                Reference::Parting => {
                    prop_assert_eq!(first, before(&frames, *n, false));
                    (first, second) = (Some(*n), Some(*n));
                }
                Reference::Any | Reference::First => {
                    prop_assert_eq!(first, before(&frames, *n, false));
                    first = Some(*n);
                }
                Reference::Second => {
                    prop_assert_eq!(second, before(&frames, *n, true));
                    second = Some(*n);
                }
            }
            prop_assert_eq!(*is_past, released.iter().take_while(|(m, _)| m != n).any(|(m, _)| m > n));
        }
        let last = released.iter().filter(|(_, is_past)| !is_past).map(|(n, _)| *n).max();
        prop_assert_eq!(last, Some(59), "all was repaired");
    }
}

/// The last frame before `n` of the first chain or the second one; those from which both go on are of both.
fn before(frames: &[Frame], n: usize, of_second: bool) -> Option<usize> {
    let is_of = |reference| match reference {
        Reference::Nothing | Reference::Parting => true,
        Reference::Any | Reference::First => !of_second,
        Reference::Second => of_second,
    };
    (0..n).rev().find(|m| is_of(frames[*m].reference))
}
