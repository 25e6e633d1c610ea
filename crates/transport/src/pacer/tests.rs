use super::*;
use rtc::{interceptor::AttributedPacket, rtp, shared::TransportContext};

const AUDIO: u32 = 1;
const VIDEO: u32 = 2;

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    Instant::now()
}

fn pacer() -> (Pacer, SharedStats) {
    let stats = SharedStats::default();
    let mut pacer = Pacer::new(stats.clone());
    pacer.bind_local(&StreamInfo { ssrc: AUDIO, mime_type: "audio/opus".into(), ..StreamInfo::default() });
    (pacer, stats)
}

fn packet(now: Instant, ssrc: u32, sequence: u16) -> TaggedPacket {
    let mut packet = rtp::Packet { payload: vec![0; 1_000].into(), ..Default::default() };
    packet.header.ssrc = ssrc;
    packet.header.sequence_number = sequence;
    TaggedPacket {
        now,
        transport: TransportContext::default(),
        message: AttributedPacket::new(Packet::Rtp(packet)),
    }
}

fn sequences(out: &Out) -> Vec<(u32, u16)> {
    let header = |p: &TaggedPacket| match &p.message.packet {
        Packet::Rtp(rtp) => Some((rtp.header.ssrc, rtp.header.sequence_number)),
        _ => None,
    };
    out.iter().filter_map(header).collect()
}

#[test]
fn a_key_frame_leaves_at_its_rate_and_sound_does_not_wait_for_it() {
    let t0 = start();
    let (mut pacer, stats) = pacer();
    let mut out = Out::new();
    for i in 0..50 {
        pacer.write(packet(t0, VIDEO, i), &mut out);
    }
    let at_once = out.len();
    assert!(at_once <= 3, "{at_once} left at once");
    out.clear();
    pacer.write(packet(t0, AUDIO, 7), &mut out);
    assert_eq!(sequences(&out), [(AUDIO, 7)]);
    let mut now = t0;
    while let Some(at) = pacer.deadline() {
        assert!(at > now, "time goes on");
        now = at;
        pacer.timeout(now, &mut out);
    }
    // 51 packets of 8.1 kbit at 2.5 times 500 kbit/s.
    let took = now - t0;
    assert!((Duration::from_millis(300)..Duration::from_millis(340)).contains(&took), "{took:?}");
    assert_eq!(at_once + out.len(), 51);
    assert_eq!(stats.get().pacer_dropped, 0);
}

#[test]
fn repairs_go_before_new_pictures() {
    let t0 = start();
    let (mut pacer, _) = pacer();
    let mut out = Out::new();
    for i in 0..10 {
        pacer.write(packet(t0, VIDEO, i), &mut out);
    }
    let mut resend = packet(t0, VIDEO, 99);
    resend.message.add(Attribute::Retransmission);
    pacer.write(resend, &mut out);
    out.clear();
    let at = pacer.deadline().expect("packets wait");
    pacer.timeout(at, &mut out);
    assert_eq!(sequences(&out).first(), Some(&(VIDEO, 99)));
}

#[test]
fn what_waited_too_long_is_thrown_away() {
    let t0 = start();
    let (mut pacer, stats) = pacer();
    let mut out = Out::new();
    for i in 0..10 {
        pacer.write(packet(t0, VIDEO, i), &mut out);
    }
    let left = out.len();
    out.clear();
    pacer.timeout(t0 + LIFETIME + Duration::from_millis(1), &mut out);
    assert!(out.is_empty());
    assert_eq!(stats.get().pacer_dropped as usize, 10 - left);
}
