use super::*;
use crate::plug::bare;

const MEDIA: u32 = 10;
const REPAIRS: u32 = 11;

fn stream(ssrc: u32, repairs: Option<u32>) -> StreamInfo {
    StreamInfo {
        ssrc,
        ssrc_rtx: repairs,
        mime_type: "video/VP8".into(),
        clock_rate: 90_000,
        ..StreamInfo::default()
    }
}

fn packet(ssrc: u32, sequence: u16) -> Packet {
    let mut packet = rtp::Packet { payload: vec![0; 100].into(), ..Default::default() };
    packet.header.ssrc = ssrc;
    packet.header.sequence_number = sequence;
    packet.header.timestamp = u32::from(sequence) * 3_000;
    Packet::Rtp(packet)
}

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    Instant::now()
}

fn reports(out: Out) -> Vec<ReceptionReport> {
    let packets = out.into_iter().map(|tagged| tagged.message.packet);
    let of = |packet: Packet| match packet {
        Packet::Rtcp(packets) => packets
            .iter()
            .filter_map(|p| p.as_any().downcast_ref::<ReceiverReport>().cloned())
            .flat_map(|report| report.reports)
            .collect(),
        _ => Vec::new(),
    };
    packets.flat_map(of).collect()
}

#[test]
fn the_losses_of_repairs_are_reported_and_are_not_those_of_the_media() {
    let (t0, stats) = (start(), SharedStats::default());
    let mut stage = ReceiverReports::new(stats.clone());
    stage.bind_remote(&stream(MEDIA, Some(REPAIRS)));
    stage.bind_remote(&stream(REPAIRS, None));
    for (ssrc, sequence) in [(MEDIA, 0), (MEDIA, 1), (MEDIA, 3), (REPAIRS, 100), (REPAIRS, 103), (MEDIA, 4)] {
        stage.read(bare(packet(ssrc, sequence), t0), &mut Out::new(), &mut Out::new());
    }
    let (due, mut out) = (stage.deadline().unwrap(), Out::new());
    stage.timeout(due, &mut out);
    let reports = reports(out);
    let lost: Vec<_> = reports.iter().map(|r| (r.ssrc, r.total_lost, r.fraction_lost)).collect();
    assert_eq!(lost, [(MEDIA, 1, 51), (REPAIRS, 2, 128)]);
    let video = stats.get().video_in;
    assert_eq!((video.packets, video.bytes), (6, 400), "whether a repair is of use is not known here");
    assert_eq!((video.expected, video.lost, video.loss), (5, 1, Some(51.0 / 256.0)));
}

#[test]
fn a_report_tells_how_long_the_senders_was_held() {
    let (t0, mut stage) = (start(), ReceiverReports::new(SharedStats::default()));
    stage.bind_remote(&stream(MEDIA, None));
    stage.read(bare(packet(MEDIA, 0), t0), &mut Out::new(), &mut Out::new());
    let sent = SenderReport { ssrc: MEDIA, ntp_time: 0x1234_5678_9abc_def0, ..Default::default() };
    let at = t0 + Duration::from_millis(500);
    stage.read(bare(Packet::Rtcp(vec![Box::new(sent)]), at), &mut Out::new(), &mut Out::new());
    let mut out = Out::new();
    stage.timeout(t0 + INTERVAL, &mut out);
    let report = &reports(out)[0];
    assert_eq!((report.last_sender_report, report.delay), (0x5678_9abc, 32_768));
}

#[test]
fn a_stream_that_is_bound_anew_keeps_its_account_and_one_that_is_gone_does_not() {
    let (t0, stats) = (start(), SharedStats::default());
    let mut stage = ReceiverReports::new(stats.clone());
    for sequence in [0, 1, 3, 4] {
        stage.bind_remote(&stream(MEDIA, None));
        stage.read(bare(packet(MEDIA, sequence), t0), &mut Out::new(), &mut Out::new());
    }
    let counted = || (stats.get().video_in.expected, stats.get().video_in.lost);
    assert_eq!(counted(), (5, 1));
    stage.unbind_remote(&stream(MEDIA, None));
    stage.bind_remote(&stream(MEDIA, None));
    stage.read(bare(packet(MEDIA, 9), t0), &mut Out::new(), &mut Out::new());
    assert_eq!(counted(), (1, 0));
}
