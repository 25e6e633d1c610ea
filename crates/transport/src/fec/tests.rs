//! From one stage to the other: what is lost on the way.
use super::*;
use crate::{
    plug::{Out, Stage, bare},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Attribute, Packet, StreamInfo, TaggedPacket},
    rtp,
};
use std::time::{Duration, Instant};

const SSRC: u32 = 7;
const RTX: u32 = 8;

#[expect(clippy::disallowed_methods, reason = "any instant will do")]
fn tagged(packet: rtp::Packet) -> TaggedPacket {
    bare(Packet::Rtp(packet), Instant::now())
}

/// Packets of one picture, of different lengths.
fn picture(first: u16, timestamp: u32, packets: u16) -> Vec<rtp::Packet> {
    let packet = |n: u16| {
        let mut packet =
            rtp::Packet { payload: vec![n as u8 + 1; 40 + 7 * usize::from(n)].into(), ..Default::default() };
        packet.header.version = 2;
        packet.header.ssrc = SSRC;
        packet.header.payload_type = 96;
        packet.header.sequence_number = first.wrapping_add(n);
        packet.header.timestamp = timestamp;
        packet.header.marker = n + 1 == packets;
        packet
    };
    (0..packets).map(packet).collect()
}

/// The parity of a picture, as it comes.
fn parity(protect: &mut Protect, picture: &[rtp::Packet]) -> Vec<rtp::Packet> {
    let path = Path { loss: Some(0.1), round_trip: Some(Duration::from_millis(200)), target: 2e6 };
    let TaggedPacket { now, .. } = tagged(rtp::Packet::default());
    picture.iter().for_each(|packet| protect.add(packet, path, now));
    let packet = |parity: Parity| {
        let mut packet = rtp::Packet { payload: parity.payload, ..Default::default() };
        packet.header.ssrc = RTX;
        packet.header.payload_type = PAYLOAD_TYPE;
        packet.header.timestamp = parity.timestamp;
        packet
    };
    std::iter::from_fn(|| protect.pop(now)).map(packet).collect()
}

fn recover(allowed: bool) -> FecRecover {
    let fec = Fec::default();
    fec.allow(allowed);
    recover_by(fec)
}

fn recover_by(fec: Fec) -> FecRecover {
    counted(fec, SharedStats::default())
}

fn counted(fec: Fec, stats: SharedStats) -> FecRecover {
    let mut stage = FecRecover::new(fec, stats);
    stage.bind_remote(&StreamInfo { ssrc: SSRC, ssrc_rtx: Some(RTX), ..StreamInfo::default() });
    stage
}

/// What comes out of the stage, and whether it was made there.
fn through(
    stage: &mut FecRecover,
    packets: impl IntoIterator<Item = rtp::Packet>,
) -> Vec<(rtp::Packet, bool)> {
    let (mut app, mut wire) = (Out::new(), Out::new());
    packets.into_iter().for_each(|packet| stage.read(tagged(packet), &mut app, &mut wire));
    assert!(wire.is_empty());
    let out = |tagged: TaggedPacket| {
        let made = tagged.message.has(&Attribute::RecoveredByFec);
        match tagged.message.packet {
            Packet::Rtp(packet) => (packet, made),
            other => panic!("{other:?}"),
        }
    };
    app.into_iter().map(out).collect()
}

#[test]
fn what_is_lost_of_a_picture_is_made_from_the_rest() {
    let (mut protect, mut stage) = (Protect::default(), recover(true));
    // By the first one the stage learns that pictures are protected.
    let first = picture(65_500, 0, 7);
    let parity_of_first = parity(&mut protect, &first);
    through(&mut stage, [first, parity_of_first].concat());
    for (number, lost) in [[2, 6], [0, 3], [5, 6]].into_iter().enumerate() {
        let sent = picture(65_530_u16.wrapping_add(number as u16 * 7), 3_000 * (1 + number as u32), 7);
        let parity = parity(&mut protect, &sent);
        assert_eq!(parity.len(), 2);
        let left =
            sent.iter().enumerate().filter(|(n, _)| !lost.contains(n)).map(|(_, packet)| packet.clone());
        let got = through(&mut stage, left.chain(parity));
        let made: Vec<rtp::Packet> =
            got.iter().filter(|(_, made)| *made).map(|(packet, _)| packet.clone()).collect();
        assert_eq!(made, lost.map(|n| sent[n].clone()), "{lost:?} lost");
        assert_eq!(got.len(), 7, "no parity goes on, and nothing twice");
    }
}

#[test]
fn parity_that_comes_first_waits_for_enough_of_the_picture() {
    let (mut protect, mut stage) = (Protect::default(), recover(true));
    let sent = picture(10, 0, 4);
    let parity = parity(&mut protect, &sent);
    assert_eq!(through(&mut stage, parity[..1].to_vec()), []);
    assert_eq!(through(&mut stage, [sent[0].clone(), sent[3].clone()]).len(), 2);
    let got = through(&mut stage, [sent[1].clone()]);
    assert_eq!(got, [(sent[1].clone(), false), (sent[2].clone(), true)]);
}

#[test]
fn a_stranger_sends_no_parity() {
    let mut protect = Protect::default();
    let parity = parity(&mut protect, &picture(1, 0, 4));
    let got = through(&mut recover(false), parity.clone());
    assert_eq!(got.len(), parity.len(), "whatever it is, it is not ours");
}

#[test]
fn pictures_count_as_protected_for_as_long_as_parity_comes() {
    let (mut protect, fec) = (Protect::default(), Fec::default());
    fec.allow(true);
    let mut stage = recover_by(fec.clone());
    let sent = picture(1, 0, 4);
    through(&mut stage, parity(&mut protect, &sent));
    assert!(fec.comes());
    through(&mut stage, (0..200).map(|n| picture(100 + n, 0, 1).remove(0)));
    assert!(!fec.comes());
}

#[test]
fn parity_is_counted_and_what_of_it_was_not_needed() {
    let (mut protect, fec, stats) = (Protect::default(), Fec::default(), SharedStats::default());
    fec.allow(true);
    let mut stage = counted(fec, stats.clone());
    let counts = || (stats.get().video_in.fec_packets, stats.get().video_in.fec_discarded);
    let sent = picture(1, 0, 7);
    through(&mut stage, parity(&mut protect, &sent));
    assert_eq!(counts(), (2, 0), "the picture has not come yet");
    let whole = picture(8, 3_000, 7);
    let of_whole = parity(&mut protect, &whole);
    through(&mut stage, [whole, of_whole].concat());
    assert_eq!(counts(), (4, 2));
    let hit = picture(15, 6_000, 7);
    let of_hit = parity(&mut protect, &hit);
    through(&mut stage, [hit[1..].to_vec(), of_hit].concat());
    assert_eq!(counts(), (6, 3), "one was enough");
}

#[test]
fn padding_that_repeats_a_packet_cut_short_spoils_nothing() {
    let (mut protect, mut stage) = (Protect::default(), recover(true));
    let sent = picture(10, 0, 7);
    let parity = parity(&mut protect, &sent);
    let mut cut = sent[3].clone();
    cut.payload.truncate(5);
    let got = through(&mut stage, [&sent[..6], &[cut], &parity[..]].concat());
    assert_eq!(got.last(), Some(&(sent[6].clone(), true)), "from a call's first picture on");
}

#[test]
fn a_picture_past_help_is_forgotten_before_its_numbers_come_again() {
    let (mut protect, fec, stats) = (Protect::default(), Fec::default(), SharedStats::default());
    fec.allow(true);
    let mut stage = counted(fec.clone(), stats.clone());
    let hit = picture(0, 0, 7);
    let of_hit = parity(&mut protect, &hit);
    through(&mut stage, [hit[..1].to_vec(), of_hit].concat());
    // All numbers and a few more, of larger pictures, protected and not hit.
    for n in 1..=0x1_0000_u32 / 40 + 1 {
        let sent = picture((n * 40) as u16, n * 3_000, 40);
        let parity = parity(&mut protect, &sent);
        let got = through(&mut stage, [sent, parity].concat());
        assert_eq!(got.len(), 40, "nothing made in {n}");
    }
    assert!(fec.comes());
    let counts = stats.get().video_in;
    assert_eq!(counts.fec_packets, counts.fec_discarded, "no parity was of use");
}

#[test]
fn what_is_thrown_away_with_parity_still_waiting_is_counted() {
    let unused_after = |then: fn(&mut FecRecover)| {
        let (fec, stats) = (Fec::default(), SharedStats::default());
        fec.allow(true);
        let mut stage = counted(fec.clone(), stats.clone());
        let parity = parity(&mut Protect::default(), &picture(1, 0, 7));
        through(&mut stage, parity);
        assert_eq!((stats.get().video_in.fec_packets, stats.get().video_in.fec_discarded), (2, 0));
        then(&mut stage);
        (stats.get().video_in.fec_packets, stats.get().video_in.fec_discarded, fec.comes())
    };
    let unprotected = |stage: &mut FecRecover| {
        through(stage, (0..200).map(|n| picture(50_000 + n, 0, 1).remove(0)));
    };
    assert_eq!(unused_after(unprotected), (2, 2, false), "no more comes");
    let unbound = |stage: &mut FecRecover| {
        stage.unbind_remote(&StreamInfo { ssrc: SSRC, ssrc_rtx: Some(RTX), ..StreamInfo::default() });
    };
    assert_eq!(unused_after(unbound), (2, 2, false), "the stream ends");
    let again = |stage: &mut FecRecover| {
        let parity = parity(&mut Protect::default(), &picture(1, 0, 7));
        through(stage, parity);
    };
    assert_eq!(unused_after(again), (4, 2, true), "the same rows");
    let rubbish = |stage: &mut FecRecover| {
        let mut parity = parity(&mut Protect::default(), &picture(1, 0, 7)).remove(0);
        parity.payload.truncate(4);
        through(stage, [parity]);
    };
    assert_eq!(unused_after(rubbish), (3, 1, true), "cut short");
}

#[test]
fn rubbish_makes_nothing() {
    let mut stage = recover(true);
    for payload in [
        &[][..],
        &[0, 1, 4, 0],
        &[0, 1, 4, 0, 96],
        &[0, 1, 4, 0, 96, 0],
        &[0, 1, 200, 0, 96, 0, 0],
        &[0, 1, 4, 99, 96, 0, 0],
    ] {
        let mut packet = rtp::Packet { payload: payload.to_vec().into(), ..Default::default() };
        packet.header.ssrc = RTX;
        packet.header.payload_type = PAYLOAD_TYPE;
        assert_eq!(through(&mut stage, [packet]), [], "{payload:?}");
    }
}
