//! Two whole chains against each other in virtual time, over a link that delays and loses.
use super::*;
use crate::{Event, MediaKind, TransportStats, VideoFormat, bwe::START_BPS, plug::bare};
use rtc::{
    interceptor::{Interceptor, Packet, RTCPFeedback, RTPHeaderExtension, StreamInfo},
    rtp,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant, UNIX_EPOCH},
};

const SSRC: u32 = 10;
const RTX_SSRC: u32 = 11;
/// The first sequence number, and how many packets a picture has.
const FIRST: u16 = 65_000;
const PACKETS: u16 = 3;
const ONE_WAY: Duration = Duration::from_millis(25);
const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

struct End {
    interceptors: Box<dyn Interceptor>,
    stats: SharedStats,
    formats: VideoFormats,
    events: Arc<Mutex<Vec<Event>>>,
}

impl End {
    fn new(at: Instant) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let chain = Chain::new(ChainConfig {
            wall: WallClock::new(at, UNIX_EPOCH),
            sink: Arc::new(move |event| log.lock().expect("one thread").push(event)),
        });
        let (interceptors, Handles { stats, formats, .. }) = (chain.registry.build(), chain.handles);
        Self { interceptors: Box::new(interceptors), stats, formats, events }
    }

    fn write(&mut self, packet: rtp::Packet, now: Instant) {
        self.interceptors.handle_write(bare(Packet::Rtp(packet), now)).expect("no stage refuses a packet");
    }

    fn tick(&mut self, now: Instant) {
        if self.interceptors.poll_timeout().is_some_and(|at| at <= now) {
            self.interceptors.handle_timeout(now).expect("no stage refuses the time");
        }
    }

    /// Whether pictures are to be left out for now.
    fn holds(&self) -> bool {
        let events = self.events.lock().expect("one thread");
        let hold = |event: &Event| match event {
            Event::Hold(hold) => Some(*hold),
            _ => None,
        };
        events.iter().rev().find_map(hold).unwrap_or(false)
    }

    fn received(&self) -> Vec<u16> {
        let events = self.events.lock().expect("one thread");
        let sequence = |event: &Event| match event {
            Event::Rtp(packet) => Some(packet.sequence),
            _ => None,
        };
        events.iter().filter_map(sequence).collect()
    }
}

/// Of which picture it is, by its time in milliseconds, and which of its packets.
fn part_of(packet: &Packet) -> Option<(u64, u16)> {
    match packet {
        Packet::Rtp(packet) if packet.header.ssrc == SSRC => {
            let index = packet.header.sequence_number.wrapping_sub(FIRST) % PACKETS;
            Some((u64::from(packet.header.timestamp / 90), index))
        }
        _ => None,
    }
}

/// The stream of pictures, with repairs or without.
fn pictures(repairs: bool) -> StreamInfo {
    let StreamInfo { ssrc_rtx, payload_type_rtx, .. } = video(false);
    StreamInfo {
        ssrc_rtx: ssrc_rtx.filter(|_| repairs),
        payload_type_rtx: payload_type_rtx.filter(|_| repairs),
        ..video(false)
    }
}

fn video(rtx: bool) -> StreamInfo {
    let told = RTCPFeedback { typ: "transport-cc".into(), parameter: String::new() };
    let nack = |parameter: &str| RTCPFeedback { typ: "nack".into(), parameter: parameter.into() };
    StreamInfo {
        ssrc: if rtx { RTX_SSRC } else { SSRC },
        ssrc_rtx: (!rtx).then_some(RTX_SSRC),
        payload_type: if rtx { 97 } else { 96 },
        payload_type_rtx: (!rtx).then_some(97),
        mime_type: if rtx { "video/rtx" } else { "video/VP8" }.into(),
        clock_rate: 90_000,
        rtcp_feedback: if rtx { vec![told] } else { vec![told, nack(""), nack("pli")] },
        rtp_header_extensions: vec![RTPHeaderExtension { uri: TWCC.into(), id: 1 }],
        ..StreamInfo::default()
    }
}

struct Run {
    sent: usize,
    lost: u64,
    sender: TransportStats,
    receiver: TransportStats,
    received: Vec<u16>,
    events: Vec<Event>,
}

/// What happens in a run; times in milliseconds.
struct Course {
    seconds: u64,
    /// Of each packet, in bytes.
    payload: usize,
    /// Of either direction.
    loss_percent: u64,
    /// Whether the receiver's streams are bound anew twice a second, as ICE restarts do.
    rebinds: bool,
    /// Whether the receiver knows retransmission (RFC 4588).
    repairs: bool,
    /// When there are pictures.
    films: fn(u64) -> bool,
    /// Which of the sender's packets of pictures are lost, by the picture's time and which of its packets it is.
    loses: fn(u64, u16) -> bool,
}

impl Course {
    /// Without a loss.
    const CLEAN: Self = Self {
        seconds: 30,
        payload: 600,
        loss_percent: 0,
        rebinds: false,
        repairs: true,
        films: |_| true,
        loses: |_, _| false,
    };
}

fn run(seconds: u64, loss_percent: u64) -> Run {
    run_course(&Course { seconds, loss_percent, ..Course::CLEAN })
}

/// Sends 30 pictures a second of three packets each, unless told to leave them out. The last second sends nothing, so that repairs may end.
fn run_course(course: &Course) -> Run {
    let Course { seconds, loss_percent, .. } = *course;
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the run counts from it")]
    let start = Instant::now();
    let (mut a, mut b) = (End::new(start), End::new(start));
    a.interceptors.bind_local_stream(&pictures(course.repairs));
    let bind = |b: &mut End| {
        b.interceptors.bind_remote_stream(&pictures(course.repairs));
        if course.repairs {
            b.interceptors.bind_remote_stream(&video(true));
        }
    };
    bind(&mut b);
    let mut wire = BTreeMap::<(Instant, u64), (bool, Packet)>::new();
    let (mut random, mut count, mut lost, mut sequence) = (0x9E37_79B9_7F4A_7C15u64, 0u64, 0u64, FIRST);
    let mut sent = 0;
    for t in 0..seconds * 1_000 {
        let now = start + Duration::from_millis(t);
        if course.rebinds && t % 500 == 250 {
            bind(&mut b);
        }
        if t % 33 == 0 && t + 1_000 < seconds * 1_000 && (course.films)(t) && !a.holds() {
            for i in 0..PACKETS {
                let mut packet =
                    rtp::Packet { payload: vec![0; course.payload].into(), ..Default::default() };
                packet.header.version = 2;
                packet.header.ssrc = SSRC;
                packet.header.payload_type = 96;
                packet.header.sequence_number = sequence;
                packet.header.timestamp = (t * 90) as u32;
                packet.header.marker = i + 1 == PACKETS;
                a.write(packet, now);
                sequence = sequence.wrapping_add(1);
                sent += 1;
            }
        }
        a.tick(now);
        b.tick(now);
        for (from_a, end) in [(true, &mut a), (false, &mut b)] {
            while let Some(packet) = end.interceptors.poll_write() {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                count += 1;
                let lost_too =
                    from_a && part_of(&packet.message.packet).is_some_and(|(t, i)| (course.loses)(t, i));
                if random % 100 < loss_percent || lost_too {
                    lost += u64::from(from_a && matches!(packet.message.packet, Packet::Rtp(_)));
                } else {
                    wire.insert((now + ONE_WAY, count), (from_a, packet.message.packet));
                }
            }
        }
        while let Some(entry) = wire.first_entry()
            && entry.key().0 <= now
        {
            let (from_a, packet) = entry.remove();
            let end = if from_a { &mut b } else { &mut a };
            end.interceptors.handle_read(bare(packet, now)).expect("no stage refuses a packet");
            while end.interceptors.poll_read().is_some() {}
        }
    }
    let events = a.events.lock().expect("one thread").clone();
    Run { sent, lost, sender: a.stats.get(), receiver: b.stats.get(), received: b.received(), events }
}

fn assert_each_comes_once(run: &Run) {
    let mut received = run.received.clone();
    received.sort_unstable();
    received.dedup();
    assert_eq!(received.len(), run.received.len(), "no packet comes twice");
    assert_eq!(received.len(), run.sent, "every packet comes");
}

#[test]
fn five_percent_loss_is_repaired_whole_by_twice_as_many_retransmissions() {
    let run = run(30, 5);
    assert_each_comes_once(&run);
    assert!(run.lost > 80, "{}", run.lost);
    let (sent, received) = (run.sender.video_out, run.receiver.video_in);
    assert_eq!(received.expected as usize, run.sent);
    // Of what is sent once more some is lost as well, and some was padding.
    assert!(received.lost > 80 && received.lost.unsigned_abs() <= run.lost, "{received:?}");
    assert_eq!(received.retransmitted_packets, received.lost.unsigned_abs(), "each loss was repaired once");
    assert_eq!(received.bytes as usize, run.sent * 600);
    assert!(received.nacks > 0 && sent.nacks > 0 && sent.nacks <= received.nacks, "{sent:?} {received:?}");
    assert_eq!(sent.lost, received.lost, "the last report told of all");
    let resent = run.sender.retransmits_sent;
    assert!(resent >= run.lost - 10 && resent <= run.lost * 2 + 10, "{resent} resent for {} lost", run.lost);
    assert_eq!(run.receiver.packets_abandoned, 0);
    assert_eq!(run.receiver.video_in.plis, 0);
}

#[test]
fn a_stream_that_is_bound_anew_goes_on() {
    let run = run_course(&Course { loss_percent: 5, rebinds: true, ..Course::CLEAN });
    assert_each_comes_once(&run);
    let counted = run.receiver.video_in;
    assert_eq!(counted.expected as usize, run.sent);
    assert!(counted.lost > 80, "{counted:?}");
    assert_eq!(run.receiver.video_in.plis, 0);
}

/// Pictures are held for word of packets that were lost with it, and there is no sound.
#[test]
fn pictures_that_begin_again_after_a_loss_that_nobody_told_of_are_not_held_for_ever() {
    // So much that the target is as high as can be: nothing probes, which would free them.
    const LAST: u64 = 33 * 900;
    let losses: [fn(u64, u16) -> bool; 3] =
        [|t, i| t == LAST && i == 2, |t, i| t == LAST && i > 0, |t, _| LAST.abs_diff(t) < 99];
    for (loses, repairs) in losses.into_iter().flat_map(|loses| [(loses, true), (loses, false)]) {
        let films = |t| t <= LAST || t > 32_500;
        let before =
            run_course(&Course { seconds: 32, payload: 2_400, films, loses, repairs, ..Course::CLEAN });
        let run = run_course(&Course { seconds: 35, payload: 2_400, films, loses, repairs, ..Course::CLEAN });
        let again = run.received.len() - before.received.len();
        assert!(again > 100, "{again} of 135 packets after the pause, with repairs: {repairs}");
    }
}

#[test]
fn a_clean_link_needs_no_repairs_and_its_round_trip_is_known() {
    let run = run(5, 0);
    assert_eq!(run.received.len(), run.sent);
    assert_eq!((run.sender.retransmits_sent, run.receiver.nacks_sent), (0, 0));
    let rtt = run.sender.rtt.expect("reports went both ways");
    assert!(rtt.abs_diff(ONE_WAY * 2) < Duration::from_millis(10), "{rtt:?}");
    assert_eq!(run.sender.video_out.loss, Some(0.0));
    let (sent, received) = (run.sender.video_out, run.receiver.video_in);
    assert_eq!((received.expected as usize, received.lost, received.loss), (run.sent, 0, Some(0.0)));
    assert_eq!(received.bytes as usize, run.sent * 600, "probes are padding and no payload");
    assert_eq!((sent.packets, sent.bytes), (received.packets, received.bytes));
    assert_eq!(sent.header_bytes, received.header_bytes);
    assert_eq!(sent.rtt.map(|rtt| rtt.as_millis()), Some(ONE_WAY.as_millis() * 2));
    let targets = run.events.iter().filter_map(|event| match event {
        Event::TargetBitrate { bps, is_known } => Some((*bps, *is_known)),
        _ => None,
    });
    let (guesses, known): (Vec<_>, Vec<_>) = targets.partition(|(_, is_known)| !is_known);
    assert_eq!(guesses, [(START_BPS as u64, false)]);
    assert!(!known.is_empty(), "feedback arrives");
}

#[test]
fn the_receiver_learns_the_senders_clock() {
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    let start = Instant::now();
    let mut b = End::new(start);
    b.interceptors.bind_remote_stream(&video(false));
    let report = rtc::rtcp::sender_report::SenderReport {
        ssrc: SSRC,
        ntp_time: 77,
        rtp_time: 88,
        ..Default::default()
    };
    b.interceptors.handle_read(bare(Packet::Rtcp(vec![Box::new(report)]), start)).expect("a report");
    let events = b.events.lock().expect("one thread").clone();
    let expected = Event::SenderReport { kind: MediaKind::Video, ntp: 77, rtp: 88 };
    assert!(events.contains(&expected), "{events:?}");
}

#[test]
fn a_stream_that_goes_over_to_another_format_is_told_of_and_repaired_in_that() {
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    let start = Instant::now();
    let mut b = End::new(start);
    let format = |payload_type, mime_type: &str| VideoFormat {
        payload_type,
        mime_type: mime_type.into(),
        repairs: Some(payload_type + 1),
    };
    b.formats.set(vec![format(96, "video/VP8"), format(98, "video/H264")]);
    b.interceptors.bind_remote_stream(&video(false));
    b.interceptors.bind_remote_stream(&video(true));
    let mut read = |ssrc, payload_type, sequence_number, payload: &'static [u8]| {
        let mut packet = rtp::Packet { payload: payload.into(), ..Default::default() };
        (packet.header.ssrc, packet.header.payload_type) = (ssrc, payload_type);
        packet.header.sequence_number = sequence_number;
        b.interceptors.handle_read(bare(Packet::Rtp(packet), start)).expect("no stage refuses a packet");
    };
    read(SSRC, 96, 1, &[0x10, 0]);
    read(SSRC, 98, 3, &[0x61, 1]);
    read(RTX_SSRC, 99, 7, &[0, 4, 0x61, 9]);
    // What was sent before comes after it.
    read(RTX_SSRC, 97, 8, &[0, 2, 0x10, 1]);
    read(SSRC, 98, 5, &[0x61, 9]);
    read(SSRC, 120, 6, &[0x61, 9]);
    let told = |event: &Event| match event {
        Event::RemoteStream { mime_type, .. } => Some(mime_type.clone()),
        Event::Rtp(packet) => Some(format!("{} in {}", packet.sequence, packet.payload_type)),
        _ => None,
    };
    let told: Vec<_> = b.events.lock().expect("one thread").iter().filter_map(told).collect();
    let (vp8, h264) = ("video/VP8", "video/H264");
    let expected = [vp8, "1 in 96", h264, "3 in 98", "4 in 98", vp8, "2 in 96", h264, "5 in 98", "6 in 120"];
    assert_eq!(told, expected, "what was not agreed on changes nothing");
}
