//! Packets lost, reordered and doubled; frames whole or not at all.
use super::*;
use crate::rtp::Sequencer;
use proptest::prelude::*;

const FRAME_MS: i64 = 33;

/// Frames of random length, the first and each `key_every`th one a key frame, and their packets.
fn stream(lengths: &[usize], key_every: usize) -> Vec<(Vec<u8>, Vec<RtpPacket>)> {
    let mut sequencer = Sequencer::default();
    let frame = |(index, length): (usize, &usize)| {
        let mut data = vec![(index % 251) as u8; *length];
        data[0] = u8::from(!index.is_multiple_of(key_every));
        let payloads = vp8::packetize(&data, index as u16, None);
        (data, sequencer.picture(payloads, (index as u32).wrapping_mul(3000).wrapping_sub(50_000)))
    };
    lengths.iter().enumerate().map(frame).collect()
}

fn ms(ms: i64) -> MediaTime {
    MediaTime(ms * 1000)
}

fn push_all(assembler: &mut Assembler, packets: impl IntoIterator<Item = RtpPacket>) {
    for packet in packets {
        assembler.push(VideoCodec::Vp8, packet, ms(0));
    }
}

/// All frames that can be had now.
fn drain(assembler: &mut Assembler, now: MediaTime) -> Vec<EncodedFrame> {
    std::iter::from_fn(|| assembler.pop(now)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whole_stream_survives_reordering_and_duplicates(
        lengths in prop::collection::vec(1_usize..6000, 1..40),
        shifts in prop::collection::vec(0_usize..12, 300),
    ) {
        let frames = stream(&lengths, 1000);
        let mut packets: Vec<(usize, RtpPacket)> = frames
            .iter()
            .flat_map(|(_, packets)| packets.clone())
            .enumerate()
            .flat_map(|(index, packet)| {
                let shift = shifts[index % shifts.len()];
                let twice = (shift % 3 == 0).then(|| (index + 2 * shift, packet.clone()));
                [Some((index + shift, packet)), twice].into_iter().flatten()
            })
            .collect();
        packets.sort_by_key(|(at, _)| *at);
        let mut assembler = Assembler::default();
        let mut released = Vec::new();
        for (_, packet) in packets {
            assembler.push(VideoCodec::Vp8, packet, ms(0));
            released.extend(drain(&mut assembler, ms(0)).into_iter().map(|frame| frame.data.to_vec()));
        }
        let sent: Vec<Vec<u8>> = frames.into_iter().map(|(data, _)| data).collect();
        prop_assert_eq!(released, sent);
    }

    #[test]
    fn no_frame_comes_without_the_one_before_it_unless_it_is_a_key_frame(
        lengths in prop::collection::vec(1_usize..4000, 10..60),
        lost in prop::collection::vec(prop::bool::weighted(0.1), 400),
    ) {
        let frames = stream(&lengths, 7);
        let mut assembler = Assembler::default();
        let mut released: Vec<EncodedFrame> = Vec::new();
        let mut count = 0;
        for (index, (_, packets)) in frames.iter().enumerate() {
            for packet in packets {
                count += 1;
                if !lost[count % lost.len()] {
                    assembler.push(VideoCodec::Vp8, packet.clone(), ms(index as i64 * FRAME_MS));
                    released.extend(drain(&mut assembler, ms(index as i64 * FRAME_MS)));
                }
            }
        }
        prop_assert!(released.first().is_none_or(|frame| frame.key));
        for pair in released.windows(2) {
            let step = pair[1].rtp_time - pair[0].rtp_time;
            prop_assert!(step == 3000 || (step > 0 && pair[1].key));
        }
    }
}

#[test]
fn gap_asks_for_a_key_frame_after_a_wait_and_not_before_one_can_have_come() {
    for (round_trip, wait, every, count) in [(50, 300, 500, 6), (800, 1_500, 1_200, 3)] {
        let frames = stream(&[3000; 200], 1000);
        let mut assembler = Assembler::default();
        assembler.set_round_trip(Duration::from_millis(round_trip));
        let mut requests = Vec::new();
        for (index, (_, packets)) in frames.into_iter().enumerate() {
            let now = ms(index as i64 * FRAME_MS);
            for (part, packet) in packets.into_iter().enumerate() {
                if (index, part) != (10, 1) {
                    assembler.push(VideoCodec::Vp8, packet, now);
                }
            }
            drain(&mut assembler, now);
            if assembler.poll_key_frame_request(now) {
                requests.push(now.0 / 1000 - 10 * FRAME_MS);
            }
        }
        assert!((wait..wait + 100).contains(&requests[0]), "{requests:?}");
        assert!(requests.windows(2).all(|pair| pair[1] - pair[0] >= every), "{requests:?}");
        assert!(requests.len() >= count, "{requests:?}");
    }
}

/// A peer that means no good: each packet begins a key frame, and none ends.
#[test]
fn key_frames_without_an_end_cost_one_look_each() {
    let mut assembler = Assembler::default();
    let (_, packets) = stream(&[10], 1).remove(0);
    for sequence in 0..1_000 {
        let packet = RtpPacket { sequence, marker: false, ..packets[0].clone() };
        assembler.push(VideoCodec::Vp8, packet, ms(0));
    }
    assert_eq!(assembler.key_starts.len(), 1_000);
    let first = assembler.key_starts.first().copied().unwrap_or_default();
    assert_eq!(assembler.end_of_frame(first), Err(i64::MAX), "so no other is looked at");
    assert_eq!(assembler.key_frame(), None);
}

#[test]
fn late_repair_is_welcome_even_after_the_request() {
    let frames = stream(&[3000; 20], 1000);
    let mut assembler = Assembler::default();
    let mut missing = None;
    let mut released = 0;
    for (index, (_, packets)) in frames.into_iter().enumerate() {
        for (part, packet) in packets.into_iter().enumerate() {
            if (index, part) == (5, 1) {
                missing = Some(packet);
            } else {
                assembler.push(VideoCodec::Vp8, packet, ms(0));
            }
        }
        released += drain(&mut assembler, ms(0)).len();
    }
    assert_eq!(released, 5);
    assert!(assembler.poll_key_frame_request(ms(1000)));
    assembler.push(VideoCodec::Vp8, missing.unwrap(), ms(1100));
    assert_eq!(drain(&mut assembler, ms(1100)).len(), 15);
}

#[test]
fn stream_without_a_first_key_frame_asks_for_one_soon() {
    let mut frames = stream(&[1000; 10], 1000);
    frames.remove(0);
    let mut assembler = Assembler::default();
    for (_, packets) in frames {
        push_all(&mut assembler, packets);
        assert_eq!(assembler.pop(ms(0)), None);
    }
    assert!(!assembler.poll_key_frame_request(ms(10)));
    assert!(assembler.poll_key_frame_request(ms(40)));
}

#[test]
fn padding_between_frames_is_stepped_over() {
    let mut sequencer = Sequencer::default();
    let mut assembler = Assembler::default();
    let frame = |data: &[u8], sequencer: &mut Sequencer, at| {
        sequencer.picture(vp8::packetize(data, 0, None), at).remove(0)
    };
    let packets = [
        frame(&[0, 1], &mut sequencer, 0),
        sequencer.packet(false, 0, Bytes::new()),
        frame(&[1, 2], &mut sequencer, 3000),
    ];
    push_all(&mut assembler, packets);
    assert_eq!(drain(&mut assembler, ms(0)).len(), 2);
}

#[test]
fn another_codec_in_mid_stream_begins_with_a_key_frame_which_is_asked_for() {
    const PARAMETERS: &[u8] = &[0, 0, 0, 1, 0x67, 1];
    const IDR: &[u8] = &[0, 0, 0, 1, 0x65, 9];
    const DELTA: &[u8] = &[0, 0, 0, 1, 0x61, 9];
    let mut sequencer = Sequencer::default();
    let mut frame = |codec, data: &[u8], at| {
        let payloads = match codec {
            VideoCodec::Vp8 => vp8::packetize(data, 0, None),
            VideoCodec::H264 => h264::packetize(data),
        };
        sequencer.picture(payloads, at).into_iter().map(move |packet| (codec, packet)).collect::<Vec<_>>()
    };
    let begins = [frame(VideoCodec::Vp8, &[0, 1], 0), frame(VideoCodec::Vp8, &[1, 1], 3_000)].concat();
    let lost = frame(VideoCodec::H264, &[PARAMETERS, IDR].concat(), 6_000);
    let deltas = [frame(VideoCodec::H264, DELTA, 9_000), frame(VideoCodec::H264, DELTA, 12_000)].concat();
    let goes_on = [
        frame(VideoCodec::H264, &[PARAMETERS, IDR].concat(), 15_000),
        frame(VideoCodec::H264, DELTA, 18_000),
        frame(VideoCodec::Vp8, &[0, 1], 21_000),
    ];
    // With a gap before the other codec, or without one, where the peer does not begin with a key frame.
    for gap in [lost.len() as u16, 0] {
        let mut assembler = Assembler::default();
        let mut push = |packets: &[(VideoCodec, RtpPacket)], earlier: u16, now| {
            for (codec, packet) in packets.iter().cloned() {
                let packet = RtpPacket { sequence: packet.sequence.wrapping_sub(earlier), ..packet };
                assembler.push(codec, packet, now);
            }
            let frames = std::iter::from_fn(|| assembler.pop(now)).map(|frame| frame.rtp_timestamp).collect();
            (frames, assembler.poll_key_frame_request(now))
        };
        let earlier = lost.len() as u16 - gap;
        assert_eq!(push(&begins, 0, ms(0)), (vec![0, 3_000], false));
        assert_eq!(push(&deltas, earlier, ms(0)), (vec![], false));
        assert_eq!(push(&[], earlier, ms(1_000)), (vec![], true));
        assert_eq!(push(&goes_on.concat(), earlier, ms(1_000)), (vec![15_000, 18_000, 21_000], false));
    }
}

#[test]
fn packets_of_two_codecs_make_no_frame_together() {
    let mut sequencer = Sequencer::default();
    let mut assembler = Assembler::default();
    // Of one time and without a mark between them.
    let start =
        RtpPacket { marker: false, ..sequencer.picture(vp8::packetize(&[0, 1], 0, None), 0).remove(0) };
    assembler.push(VideoCodec::Vp8, start, ms(0));
    assembler.push(VideoCodec::H264, sequencer.packet(true, 0, Bytes::from_static(&[0x61, 9])), ms(0));
    let frames = drain(&mut assembler, ms(0));
    assert_eq!(frames.iter().map(|frame| &frame.data[..]).collect::<Vec<_>>(), [[0, 1]]);
}

#[test]
fn memory_is_bounded_when_nothing_can_be_decoded() {
    let mut assembler = Assembler::default();
    for (_, packets) in stream(&vec![2000; 5000], 100_000).into_iter().skip(1) {
        push_all(&mut assembler, packets);
    }
    assert!(assembler.packets.len() <= MAX_PACKETS);
}
