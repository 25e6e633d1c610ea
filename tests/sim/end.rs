//! One end of the call: a whole transport chain, a source that obeys it, and a viewer that counts.
use super::{
    media_time,
    source::{AUDIO, Source, VIDEO},
    start,
    viewer::Viewer,
    world::Ends,
};
use eyeline_transport::{
    Chain, ChainConfig, Event, Handles, Redundancy, SharedStats, WallClock, Wish, plug::bare, red,
};
use rtc::{
    interceptor::{Interceptor, Packet, RTCPFeedback, RTPHeaderExtension, StreamInfo},
    rtcp::{
        payload_feedbacks::picture_loss_indication::PictureLossIndication, receiver_report::ReceiverReport,
    },
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, UNIX_EPOCH},
};

const RTX: u32 = 11;
/// What is added to the SSRCs of the other end.
const OTHER: u32 = 100;
const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// One end.
pub struct End {
    interceptors: Box<dyn Interceptor>,
    pub stats: SharedStats,
    wish: Wish,
    redundancy: Redundancy,
    next_report: Instant,
    events: Arc<Mutex<Vec<Event>>>,
    pub source: Source,
    pub viewer: Viewer,
    ours: u32,
    theirs: u32,
    /// Whether the other end knows all that we do.
    is_known: bool,
}

impl End {
    /// The first or the second end.
    pub fn new(first: bool, ends: Ends) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let chain = Chain::new(ChainConfig {
            wall: WallClock::new(start(), UNIX_EPOCH),
            sink: Arc::new(move |event| log.lock().expect("one thread").push(event)),
        });
        let Chain { registry, handles: Handles { stats, wish, redundancy, fec, .. } } = chain;
        fec.allow(ends.ours);
        redundancy.set_payload_type(ends.ours.then_some(red::PAYLOAD_TYPE));
        let mut interceptors: Box<dyn Interceptor> = Box::new(registry.build());
        let (ours, theirs) = if first { (0, OTHER) } else { (OTHER, 0) };
        for ssrc in [AUDIO, VIDEO] {
            interceptors.bind_local_stream(&stream(ssrc, ours, ends));
            interceptors.bind_remote_stream(&stream(ssrc, theirs, ends));
        }
        if ends.repairs {
            interceptors.bind_remote_stream(&stream(RTX, theirs, ends));
        }
        let (source, viewer) = (Source::new(ends), Viewer::new(ends.ours));
        Self {
            interceptors,
            stats,
            wish,
            redundancy,
            next_report: start(),
            events,
            source,
            viewer,
            ours,
            theirs,
            is_known: ends.ours,
        }
    }

    /// Whatever is due at `now`; the packets that leave.
    pub fn tick(&mut self, now: Instant) -> Vec<Packet> {
        self.obey(now);
        if self.next_report <= now {
            self.next_report = now + Duration::from_secs(1);
            let stats = self.stats.get();
            let loss = stats.video_out.loss.or(stats.audio_out.loss).unwrap_or(0.0);
            self.source.adaptation.set_loss(loss, media_time(now));
        }
        for mut packet in self.source.due(now) {
            packet.header.ssrc += self.ours;
            self.write(Packet::Rtp(packet), now);
        }
        if self.viewer.wants_key_frame(now) {
            let pli =
                PictureLossIndication { sender_ssrc: VIDEO + self.ours, media_ssrc: VIDEO + self.theirs };
            self.write(Packet::Rtcp(vec![Box::new(pli)]), now);
        }
        if self.interceptors.poll_timeout().is_some_and(|at| at <= now) {
            self.interceptors.handle_timeout(now).expect("no stage refuses the time");
        }
        let left = std::iter::from_fn(|| self.interceptors.poll_write()).map(|tagged| tagged.message.packet);
        let mut left: Vec<Packet> = left.collect();
        // rtc reports on streams in an order that is another one in each run.
        left.sort_by_key(reported);
        left
    }

    /// When there is something to do next.
    pub fn wakes(&mut self, now: Instant) -> Instant {
        let own =
            self.source.wakes().min(self.viewer.wakes().unwrap_or(self.next_report)).min(self.next_report);
        self.interceptors.poll_timeout().map_or(own, |at| at.min(own)).max(now)
    }

    /// A packet arrives.
    pub fn receive(&mut self, packet: Packet, now: Instant) {
        self.interceptors.handle_read(bare(packet, now)).expect("no stage refuses a packet");
        while self.interceptors.poll_read().is_some() {}
        self.obey(now);
    }

    fn write(&mut self, packet: Packet, now: Instant) {
        self.interceptors.handle_write(bare(packet, now)).expect("no stage refuses");
    }

    fn obey(&mut self, now: Instant) {
        for event in std::mem::take(&mut *self.events.lock().expect("one thread")) {
            match event {
                Event::TargetBitrate { bps, is_known } => {
                    self.source.adaptation.set_total(bps, is_known, media_time(now));
                }
                Event::Hold(hold) => self.source.hold = hold,
                Event::Silence(silent) => self.source.adaptation.set_silence(silent, media_time(now)),
                Event::KeyFrameRequested => self.source.key = true,
                Event::Rtp(packet) => self.viewer.on_packet(packet, now),
                Event::RemoteStream { .. } | Event::SenderReport { .. } => {}
            }
        }
        self.source.adaptation.allow_copies(self.is_known);
        self.source.adaptation.allow_two_chains(self.is_known);
        self.redundancy.set_copies(self.source.adaptation.sound_copies());
        self.wish.set(self.source.adaptation.wants_more());
        if let Some(rtt) = self.stats.get().rtt {
            self.viewer.set_round_trip(rtt);
            self.source.adaptation.set_round_trip(Some(rtt));
        }
    }
}

/// The stream that a receiver report is of; 0 for what is none.
fn reported(packet: &Packet) -> u32 {
    let Packet::Rtcp(packets) = packet else { return 0 };
    let report = packets.first().and_then(|packet| packet.as_any().downcast_ref::<ReceiverReport>());
    report.and_then(|report| report.reports.first()).map_or(0, |report| report.ssrc)
}

fn stream(ssrc: u32, offset: u32, ends: Ends) -> StreamInfo {
    let nack = |parameter: &str| RTCPFeedback { typ: "nack".into(), parameter: parameter.into() };
    let told = vec![RTCPFeedback { typ: "transport-cc".into(), parameter: String::new() }];
    let (mime_type, payload_type, clock_rate) = match ssrc {
        AUDIO => ("audio/opus", 111, 48_000),
        VIDEO => ("video/VP8", 96, 90_000),
        _ => ("video/rtx", 97, 90_000),
    };
    StreamInfo {
        ssrc: ssrc + offset,
        ssrc_rtx: (ssrc == VIDEO && ends.repairs).then_some(RTX + offset),
        payload_type,
        payload_type_rtx: (ssrc == VIDEO && ends.repairs).then_some(97),
        mime_type: mime_type.into(),
        clock_rate,
        rtcp_feedback: [told, if ssrc == VIDEO { vec![nack(""), nack("pli")] } else { vec![] }].concat(),
        rtp_header_extensions: vec![RTPHeaderExtension { uri: TWCC.into(), id: 1 }],
        ..StreamInfo::default()
    }
}
