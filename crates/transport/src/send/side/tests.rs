//! What leaves before what, and parity among it: when, and when not.
use super::*;
use crate::fec;
use rtc::{
    interceptor::StreamInfo,
    rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers},
};
use std::sync::Arc;

const SSRC: u32 = 7;
const RTX: u32 = 8;

#[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
fn now() -> Instant {
    Instant::now()
}

/// A side that sends pictures and has repairs, to a peer that knows parity or not.
fn side(knows: bool) -> SendSide {
    let fec = Fec::default();
    fec.allow(knows);
    let mut side = SendSide::new(Arc::new(|_| {}), Wish::default(), fec, SharedStats::default());
    side.bind_local(&StreamInfo {
        ssrc: SSRC,
        mime_type: "video/VP8".into(),
        payload_type: 96,
        ssrc_rtx: Some(RTX),
        payload_type_rtx: Some(97),
        ..StreamInfo::default()
    });
    side
}

/// A picture of so many packets.
fn picture(first: u16, packets: u16) -> Vec<rtp::Packet> {
    let packet = |n: u16| {
        // Of VP8, and no key frame.
        let mut payload = vec![1; 1_000];
        payload[0] = 0x10;
        let mut packet = rtp::Packet { payload: payload.into(), ..Default::default() };
        packet.header.version = 2;
        packet.header.ssrc = SSRC;
        packet.header.payload_type = 96;
        packet.header.sequence_number = first.wrapping_add(n);
        packet.header.timestamp = u32::from(first) * 90;
        packet.header.marker = n + 1 == packets;
        packet
    };
    (0..packets).map(packet).collect()
}

/// Parity over a picture that has left over a long path that loses.
fn protected(side: &mut SendSide, now: Instant) {
    let path = fec::Path { loss: Some(0.05), round_trip: Some(Duration::from_millis(200)), target: 1e6 };
    picture(100, 4).iter().for_each(|packet| side.protect.add(packet, path, now));
    assert!(!side.protect.is_empty());
}

/// Of those that left: sequence number and payload type.
fn left(out: Out) -> Vec<(u32, u8)> {
    let of = |tagged: TaggedPacket| match tagged.message.packet {
        Packet::Rtp(packet) => Some((packet.header.ssrc, packet.header.payload_type)),
        _ => None,
    };
    out.into_iter().filter_map(of).collect()
}

/// Lets the side wake whenever it wants to, until then; what left, and how often it woke.
fn run(side: &mut SendSide, from: Instant, until: Instant) -> (Vec<(u32, u8)>, usize) {
    let (mut out, mut wakes, mut now) = (Out::new(), 0, from);
    while let Some(due) = side.deadline().filter(|due| *due <= until) {
        now = now.max(due);
        side.timeout(now, &mut out);
        wakes += 1;
        assert!(wakes < 1_000, "spins");
    }
    (left(out), wakes)
}

#[test]
fn parity_leaves_behind_the_pictures_when_the_gate_opens() {
    let (mut side, start) = (side(true), now());
    let mut out = Out::new();
    for packet in picture(1, 3) {
        side.write(bare(Packet::Rtp(packet), start), &mut out);
    }
    protected(&mut side, start);
    let (sent, _) = run(&mut side, start, start + Duration::from_millis(200));
    let sent = [left(out), sent].concat();
    let parity = sent.iter().filter(|packet| **packet == (RTX, fec::PAYLOAD_TYPE)).count();
    assert!(parity > 0 && side.protect.is_empty());
    let pictures = sent.iter().take_while(|packet| **packet == (SSRC, 96)).count();
    assert_eq!((pictures, sent.len()), (3, 3 + parity), "{sent:?}");
}

#[test]
fn while_too_much_is_under_way_parity_waits_without_a_wake() {
    let (mut side, start) = (side(true), now());
    side.write(bare(Packet::Rtp(picture(1, 1).remove(0)), start), &mut Out::new());
    protected(&mut side, start);
    // More than any window, and nothing of it told of.
    for _ in 0..2_000 {
        side.ledger.record(start, 1_200, None);
    }
    assert!(!side.has_window());
    let (sent, wakes) = run(&mut side, start, start + Duration::from_millis(90));
    assert_eq!((sent, wakes), (vec![], 0));
    let mut out = Out::new();
    side.timeout(start + Duration::from_millis(90), &mut out);
    assert_eq!(left(out), []);
    assert!(!side.protect.is_empty());
}

#[test]
fn parity_is_given_up_with_the_repairs() {
    let (mut side, start) = (side(true), now());
    let mut out = Out::new();
    // As much as takes longer than is waited for at the first target.
    let later = start + Duration::from_secs(4);
    for (n, packet) in picture(1, 60).into_iter().enumerate() {
        side.write(bare(Packet::Rtp(packet), start + Duration::from_millis(60) * n as u32), &mut out);
    }
    run(&mut side, start, later);
    protected(&mut side, later);
    let lost: Vec<u16> = (1..=60).collect();
    let nack = TransportLayerNack {
        media_ssrc: SSRC,
        nacks: nack_pairs_from_sequence_numbers(&lost),
        ..TransportLayerNack::default()
    };
    side.on_control(&nack, later);
    assert!(side.protect.is_empty());
}

#[test]
fn a_peer_that_does_not_know_parity_is_sent_none() {
    for (knows, protects) in [(true, true), (false, false)] {
        let (mut side, start) = (side(knows), now());
        protected(&mut side, start);
        side.protect.clear();
        // It goes on in spite of the first target, and on the loss that is assumed.
        side.round_trip.add(start, Duration::from_millis(200));
        for packet in picture(1, 4) {
            side.secure(&packet, start);
        }
        assert_eq!(!side.protect.is_empty(), protects, "target {}", side.estimator.target());
    }
}

#[test]
fn sound_leaves_at_once_then_repairs_then_pictures() {
    const SOUND: u32 = 3;
    let (mut side, start) = (side(true), now());
    side.bind_local(&StreamInfo {
        ssrc: SOUND,
        mime_type: "audio/opus".into(),
        payload_type: 111,
        ..StreamInfo::default()
    });
    let mut out = Out::new();
    let pictures = picture(1, 2).into_iter().chain(picture(100, 6));
    pictures.for_each(|packet| side.write(bare(Packet::Rtp(packet), start), &mut out));
    let at_once = left(std::mem::take(&mut out)).len();
    assert!(at_once < 6, "the gate holds the rest");
    let nack = TransportLayerNack {
        media_ssrc: SSRC,
        nacks: nack_pairs_from_sequence_numbers(&[1]),
        ..TransportLayerNack::default()
    };
    let asked = bare(Packet::Rtcp(vec![Box::new(nack)]), start);
    side.read(asked, &mut Out::new(), &mut out);
    let mut sound = rtp::Packet { payload: vec![7; 80].into(), ..Default::default() };
    sound.header.ssrc = SOUND;
    sound.header.payload_type = 111;
    side.write(bare(Packet::Rtp(sound), start), &mut out);
    assert_eq!(left(out), [(SOUND, 111)], "past the gate");
    let (rest, _) = run(&mut side, start, start + Duration::from_millis(300));
    assert_eq!(rest.first(), Some(&(RTX, 97)), "{rest:?}");
    assert_eq!(rest[1..], vec![(SSRC, 96); 8 - at_once]);
}

#[test]
fn pictures_that_waited_too_long_are_thrown_away_and_a_key_frame_is_asked_for() {
    let events = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let sink = Arc::new(move |event| log.lock().unwrap().push(event));
    let mut side = SendSide::new(sink, Wish::default(), Fec::default(), SharedStats::default());
    side.bind_local(&StreamInfo { ssrc: SSRC, mime_type: "video/VP8".into(), ..StreamInfo::default() });
    let start = now();
    let mut out = Out::new();
    picture(1, 40).into_iter().for_each(|packet| side.write(bare(Packet::Rtp(packet), start), &mut out));
    let at_once = left(std::mem::take(&mut out)).len();
    // Nobody called it for so long.
    side.timeout(start + Duration::from_secs(5), &mut out);
    assert_eq!(left(out), []);
    assert!(at_once < 40 && side.queue.is_empty());
    let told = events.lock().unwrap();
    assert!(told.contains(&crate::Event::KeyFrameRequested), "{told:?}");
}
