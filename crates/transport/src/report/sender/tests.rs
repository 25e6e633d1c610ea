use super::*;
use crate::plug::bare;
use rtc::{rtcp, rtp};
use std::time::UNIX_EPOCH;

const SSRC: u32 = 7;

fn sending(t0: Instant) -> (SenderReports, SenderClocks, SharedStats) {
    let (clocks, stats) = (SenderClocks::default(), SharedStats::default());
    let wall = WallClock::new(t0, UNIX_EPOCH);
    let mut stage = SenderReports::new(wall, clocks.clone(), stats.clone());
    stage.bind_local(&StreamInfo {
        ssrc: SSRC,
        mime_type: "video/VP8".into(),
        clock_rate: 90_000,
        ..StreamInfo::default()
    });
    let mut packet = rtp::Packet::default();
    packet.header.ssrc = SSRC;
    packet.header.timestamp = 9_000;
    stage.write(bare(Packet::Rtp(packet), t0), &mut Out::new());
    (stage, clocks, stats)
}

fn report(stage: &mut SenderReports, now: Instant) -> SenderReport {
    let mut out = Out::new();
    stage.timeout(now, &mut out);
    let packet = out.pop_front().expect("a report is due");
    let Packet::Rtcp(packets) = packet.message.packet else { panic!("a report is RTCP") };
    packets[0].as_any().downcast_ref::<SenderReport>().expect("a sender report").clone()
}

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    Instant::now()
}

#[test]
fn a_report_states_the_capture_clock_and_not_the_time_of_writing() {
    let t0 = start();
    let (mut stage, clocks, _) = sending(t0);
    let due = stage.deadline().expect("armed by the first packet");
    assert_eq!(due, t0 + FIRST);
    assert_eq!(report(&mut stage, due).rtp_time, 9_000 + 9_000);
    // Captured 20 ms before it was written.
    clocks.set(MediaKind::Video, 9_000, t0 - Duration::from_millis(20));
    assert_eq!(report(&mut stage, due + INTERVAL).rtp_time, 9_000 + 1_800 + 99_000);
}

#[test]
fn the_answer_to_a_report_gives_round_trip_and_loss() {
    let t0 = start();
    let (mut stage, _, stats) = sending(t0);
    let sent = t0 + FIRST;
    let sr = report(&mut stage, sent);
    let answer = ReceiverReport {
        reports: vec![ReceptionReport {
            ssrc: SSRC,
            fraction_lost: 64,
            total_lost: 12,
            jitter: 900,
            last_sender_report: (sr.ntp_time >> 16) as u32,
            delay: 65_536 / 2,
            ..ReceptionReport::default()
        }],
        ..ReceiverReport::default()
    };
    let answer: Box<dyn rtcp::Packet> = Box::new(answer);
    let arrived = bare(Packet::Rtcp(vec![answer]), sent + Duration::from_millis(540));
    stage.read(arrived, &mut Out::new(), &mut Out::new());
    let stats = stats.get();
    assert_eq!(stats.rtt, Some(Duration::from_millis(40)));
    assert_eq!(stats.video_out.loss, Some(0.25));
    assert_eq!(stats.video_out.lost, 12);
    assert_eq!(stats.video_out.jitter, Some(Duration::from_millis(10)));
}

#[test]
fn a_report_counts_what_left_and_neither_repairs_nor_padding_nor_what_left_before() {
    let (t0, stats) = (start(), SharedStats::default());
    let sent = |packets: u64, again: u64, padding: u64, bytes: u64| {
        stats.update(|s| {
            s.video_out.packets += packets + again + padding;
            s.video_out.bytes += bytes + again * 100;
            s.video_out.retransmitted_packets += again;
            s.video_out.retransmitted_bytes += again * 100;
            s.video_out.padding_packets += padding;
        });
    };
    sent(7, 1, 2, 700);
    let mut stage =
        SenderReports::new(WallClock::new(t0, UNIX_EPOCH), SenderClocks::default(), stats.clone());
    let stream =
        StreamInfo { ssrc: SSRC, mime_type: "video/VP8".into(), clock_rate: 90_000, ..StreamInfo::default() };
    stage.bind_local(&stream);
    let mut packet = rtp::Packet::default();
    packet.header.ssrc = SSRC;
    stage.write(bare(Packet::Rtp(packet), t0), &mut Out::new());
    let counts = |sr: SenderReport| (sr.packet_count, sr.octet_count);
    assert_eq!(counts(report(&mut stage, t0 + FIRST)), (0, 0), "written, and still in the pacer");
    sent(40, 3, 5, 44_000);
    assert_eq!(counts(report(&mut stage, t0 + FIRST + INTERVAL)), (40, 44_000));
    stage.bind_local(&stream);
    assert_eq!(counts(report(&mut stage, t0 + FIRST + INTERVAL * 2)), (40, 44_000), "bound anew");
}
