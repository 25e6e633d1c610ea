//! Two connections in one process, over real sockets; descriptions and candidates go through memory.
use super::*;
use bytes::Bytes;
use std::{future::Future, time::Duration};
use tokio::{sync::watch, time::timeout};

const PATIENCE: Duration = Duration::from_secs(20);

/// One end: its connection, and all that it reported.
struct End {
    peer: Arc<Peer>,
    seen: watch::Receiver<Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    states: Vec<ConnectionState>,
    open: bool,
    texts: Vec<String>,
    audio: Vec<ReceivedRtp>,
    video: Vec<ReceivedRtp>,
    /// Of pictures.
    formats: Vec<String>,
    key_frames_wanted: u32,
    reports: Vec<(MediaKind, u64, u32)>,
    target: Option<u64>,
}

impl Seen {
    fn media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Rtp(packet) => match packet.kind {
                MediaKind::Audio => self.audio.push(packet),
                MediaKind::Video => self.video.push(packet),
            },
            MediaEvent::SenderReport { kind, ntp, rtp } => self.reports.push((kind, ntp, rtp)),
            MediaEvent::KeyFrameRequested => self.key_frames_wanted += 1,
            MediaEvent::TargetBitrate { bps, .. } => self.target = Some(bps),
            MediaEvent::RemoteStream { kind: MediaKind::Video, mime_type, .. } => {
                self.formats.push(mime_type)
            }
            MediaEvent::RemoteStream { .. } | MediaEvent::Hold(_) | MediaEvent::Silence(_) => {}
        }
    }

    fn connected(&self) -> bool {
        self.states.last() == Some(&ConnectionState::Connected)
    }
}

impl End {
    async fn saw(&self, what: &str, condition: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.clone();
        let found = timeout(PATIENCE, seen.wait_for(condition)).await.map(|r| r.map(|seen| seen.clone()));
        match found {
            Ok(Ok(seen)) => seen,
            Ok(Err(_)) | Err(_) => panic!("never saw {what}: {:?}", self.seen.borrow().states),
        }
    }
}

/// Two ends whose candidates reach each other.
async fn pair(a: &[VideoCodec], b: &[VideoCodec]) -> (End, End) {
    let ((a, from_a), (b, from_b)) = (open(a).await, open(b).await);
    tokio::spawn(carry(from_a, Arc::clone(&b.peer)));
    tokio::spawn(carry(from_b, Arc::clone(&a.peer)));
    (a, b)
}

async fn open(codecs: &[VideoCodec]) -> (End, mpsc::Receiver<IceCandidate>) {
    let (seen, watched) = watch::channel(Seen::default());
    let (events, mut incoming) = mpsc::channel(256);
    let (candidates, to_peer) = mpsc::channel(64);
    let config = PeerConfig { servers: Servers::default(), relay_only: false, video_codecs: codecs.to_vec() };
    let on_media = seen.clone();
    let media: MediaCallbacks = Arc::new(move |event| on_media.send_modify(|seen| seen.media(event)));
    let peer = Peer::new(config, media, events).await.expect("sockets can be opened");
    tokio::spawn(async move {
        while let Some(event) = incoming.recv().await {
            match event {
                PeerEvent::LocalCandidate(Some(candidate)) => drop(candidates.send(candidate).await),
                PeerEvent::LocalCandidate(None) | PeerEvent::IceState(_) => {}
                PeerEvent::State(state) => seen.send_modify(|seen| seen.states.push(state)),
                PeerEvent::ChannelOpen => seen.send_modify(|seen| seen.open = true),
                PeerEvent::ChannelMessage(text) => seen.send_modify(|seen| seen.texts.push(text)),
                PeerEvent::ChannelClosed => seen.send_modify(|seen| seen.open = false),
            }
        }
    });
    (End { peer: Arc::new(peer), seen: watched }, to_peer)
}

/// Candidates wait for the description, as the call logic sees to.
async fn carry(mut candidates: mpsc::Receiver<IceCandidate>, to: Arc<Peer>) {
    while let Some(candidate) = candidates.recv().await {
        while to.add_candidate(candidate.clone()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

async fn negotiate(a: &End, b: &End, ice_restart: bool) {
    let offer = a.peer.create_offer(ice_restart).await.expect("an offer");
    let answer = b.peer.accept_offer(offer).await.expect("an answer");
    a.peer.accept_answer(answer).await.expect("the answer fits");
}

async fn connected(a: &[VideoCodec], b: &[VideoCodec]) -> (End, End) {
    let (a, b) = pair(a, b).await;
    negotiate(&a, &b, false).await;
    a.saw("the connection", Seen::connected).await;
    b.saw("the connection", Seen::connected).await;
    (a, b)
}

fn packet(sequence: u16, text: &str) -> OutgoingRtp {
    OutgoingRtp {
        marker: sequence.is_multiple_of(3),
        sequence,
        timestamp: u32::from(sequence) * 3_000,
        payload: Bytes::copy_from_slice(text.as_bytes()),
    }
}

/// Sends until `condition` holds: the first packets may go before the other end is ready for them.
async fn send_until<F: Future>(from: &End, kind: MediaKind, first: u16, condition: F) -> F::Output {
    let sender = from.peer.sender();
    let sending = async {
        let mut every = tokio::time::interval(Duration::from_millis(5));
        let mut sequence = first;
        loop {
            every.tick().await;
            assert!(sender.send(kind, packet(sequence, "media")));
            sequence = sequence.wrapping_add(1);
        }
    };
    tokio::select! {
        met = condition => met,
        never = sending => never,
    }
}

const BOTH: [VideoCodec; 2] = [VideoCodec::Vp8, VideoCodec::H264];

#[tokio::test(flavor = "multi_thread")]
async fn sound_and_picture_flow_both_ways_with_their_clocks() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    for (from, to) in [(&a, &b), (&b, &a)] {
        let audio = to.saw("sound", |seen| seen.audio.len() > 20);
        send_until(from, MediaKind::Audio, 100, audio).await;
        let reports = to.saw("video and its clock", |seen| {
            seen.video.len() > 20 && seen.reports.iter().any(|(kind, ..)| *kind == MediaKind::Video)
        });
        let seen = send_until(from, MediaKind::Video, 65_500, reports).await;
        let first = &seen.video[0];
        assert_eq!(&first.payload[..], b"media");
        assert_eq!(first.timestamp, u32::from(first.sequence) * 3_000);
        assert_eq!(first.marker, first.sequence % 3 == 0);
    }
    let asked = a.peer.request_key_frame().await.expect("the connection is open");
    assert!(asked);
    b.saw("the request for a key frame", |seen| seen.key_frames_wanted == 1).await;
    let stats = a.peer.stats().await;
    assert!(stats.rtt.is_some() && stats.fingerprint.is_some(), "{stats:?}");
    assert!(stats.path.as_ref().is_some_and(|path| !path.relayed), "{stats:?}");
    assert!(stats.transport.video_in.packets > 20 && stats.transport.video_out.packets > 20);
    assert!(stats.bytes_sent > 1_000 && stats.bytes_received > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_known_beforehand_and_the_only_random_number_of_its_length() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    let [of_a, of_b] = [&a, &b].map(|end| &end.peer.shared.knowledge);
    assert_eq!((of_a.cookies_given(), of_b.cookies_given()), (1, 0), "who offers is the server");
    assert!(of_b.hellos().0 > 0 && of_a.hellos().1 > 0, "{:?}, {:?}", of_a.hellos(), of_b.hellos());
    assert_eq!((of_a.hellos().0, of_b.hellos().1), (0, 0));
    assert!(of_a.assumed() > 0 && of_b.assumed() == 0, "who offers takes the pair: {}", of_b.assumed());
    let before = a.peer.stats().await.path.expect("a path");
    assert!(before.rtt.is_some_and(|rtt| !rtt.is_zero()) && before.rtt_count > 0, "{before:?}");
    negotiate(&a, &b, true).await;
    assert_eq!(of_a.new_cookie(), None, "of no use any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_in_order_both_ways() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    a.saw("the channel", |seen| seen.open).await;
    b.saw("the channel", |seen| seen.open).await;
    for (from, to) in [(&a, &b), (&b, &a)] {
        let begun = clock();
        for n in 0..200 {
            from.peer.send_channel(&format!("message {n}")).await.expect("the channel is open");
        }
        let seen = to.saw("all messages", |seen| seen.texts.len() == 200).await;
        let sent: Vec<String> = (0..200).map(|n| format!("message {n}")).collect();
        assert_eq!(seen.texts, sent);
        assert!(begun.elapsed() > Duration::from_millis(1_950), "a flood waits: {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_is_refused_and_not_hoarded() {
    let (a, _b) = connected(&BOTH, &BOTH).await;
    a.saw("the channel", |seen| seen.open).await;
    let big = "x".repeat(16 * 1024);
    let flood = async {
        loop {
            if let Err(error) = a.peer.send_channel(&big).await {
                break error;
            }
        }
    };
    let refused = timeout(PATIENCE, flood).await.expect("the channel has a bound");
    assert!(matches!(refused, PeerError::ChannelFull), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ice_restart_keeps_the_media_flowing() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    send_until(&a, MediaKind::Audio, 0, b.saw("sound", |seen| seen.audio.len() > 10)).await;
    negotiate(&a, &b, true).await;
    let had = b.seen.borrow().audio.len();
    let more = b.saw("sound after the restart", |seen| seen.connected() && seen.audio.len() > had + 50);
    send_until(&a, MediaKind::Audio, 10_000, more).await;
    send_until(&b, MediaKind::Audio, 0, a.saw("sound back", |seen| seen.audio.len() > 10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_codec_is_one_that_both_have() {
    for (a, b, agreed) in [
        (&[VideoCodec::H264][..], &BOTH[..], Some(VideoCodec::H264)),
        (&BOTH[..], &[VideoCodec::Vp8][..], Some(VideoCodec::Vp8)),
        (&BOTH[..], &[VideoCodec::H264, VideoCodec::Vp8][..], Some(VideoCodec::Vp8)),
    ] {
        let (a, b) = connected(a, b).await;
        assert_eq!((a.peer.video_codec(), b.peer.video_codec()), (agreed, agreed));
        send_until(&a, MediaKind::Video, 0, b.saw("video", |seen| seen.video.len() > 3)).await;
        send_until(&b, MediaKind::Video, 0, a.saw("video", |seen| seen.video.len() > 3)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_may_go_over_to_its_other_codec_in_mid_stream() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    for (from, to) in [(&a, &b), (&b, &a)] {
        send_until(from, MediaKind::Video, 0, to.saw("video", |seen| seen.video.len() > 3)).await;
        let formats = from.peer.formats();
        let other = formats.received.iter().find(|format| format.mime_type == "video/H264");
        let payload_type = other.expect("both were agreed on").payload_type;
        let video = Some(sdp::Payload { codec: VideoCodec::H264, payload_type });
        let _ = from.peer.tracks.negotiated(Formats { video, ..formats });
        let other = to.saw("the other codec", |seen| {
            seen.video.last().is_some_and(|packet| packet.payload_type == payload_type)
        });
        let seen = send_until(from, MediaKind::Video, 1_000, other).await;
        assert_eq!(seen.formats, ["video/VP8", "video/H264"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_taken_back_gives_way_to_the_peers() {
    let (a, b) = pair(&BOTH, &BOTH).await;
    let _ours = a.peer.create_offer(false).await.expect("an offer");
    let theirs = b.peer.create_offer(false).await.expect("an offer");
    a.peer.rollback().await.expect("an offer can be taken back");
    let answer = a.peer.accept_offer(theirs).await.expect("an answer");
    b.peer.accept_answer(answer).await.expect("the answer fits");
    a.saw("the connection", Seen::connected).await;
    b.saw("the connection", Seen::connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_fits_nothing_leaves_room_for_the_peers_offer() {
    let (a, b) = connected(&BOTH, &BOTH).await;
    // One cannot be read; the other can, and says nothing of what was offered.
    for (sdp, first) in
        [("v=0\r\nhello\r\n", 0), ("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 10_000)]
    {
        let _ours = a.peer.create_offer(false).await.expect("an offer");
        let nonsense = Sdp { kind: SdpKind::Answer, sdp: sdp.into() };
        assert!(matches!(a.peer.accept_answer(nonsense).await, Err(PeerError::BadSdp(_))), "{sdp:?}");
        let had = b.seen.borrow().audio.len();
        let goes_on = b.saw("sound goes on", |seen| seen.audio.len() > had + 10);
        send_until(&a, MediaKind::Audio, first, goes_on).await;
    }
    let _ours = a.peer.create_offer(true).await.expect("an offer");
    let nonsense = Sdp { kind: SdpKind::Answer, sdp: "v=0\r\nhello\r\n".into() };
    assert!(matches!(a.peer.accept_answer(nonsense).await, Err(PeerError::BadSdp(_))));
    negotiate(&b, &a, true).await;
    let had = b.seen.borrow().audio.len();
    let more = b.saw("sound after that", |seen| seen.audio.len() > had + 10);
    send_until(&a, MediaKind::Audio, 20_000, more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_with_a_reason_and_the_connection_lives_on() {
    let (a, b) = pair(&BOTH, &BOTH).await;
    for sdp in ["", "v=0", "v=0\r\nm=video x y z\r\n", "hello"] {
        let offer = Sdp { kind: SdpKind::Offer, sdp: sdp.into() };
        let refused = b.peer.accept_offer(offer).await;
        assert!(matches!(refused, Err(PeerError::BadSdp(_))), "{sdp:?}: {refused:?}");
    }
    // Read as a whole, and refused for a part.
    let mut offer = a.peer.create_offer(false).await.expect("an offer");
    offer.sdp += "a=candidate:1 1 udp nonsense 127.0.0.1 9 typ host\r\n";
    let refused = b.peer.accept_offer(offer).await;
    assert!(matches!(refused, Err(PeerError::BadSdp(_))), "{refused:?}");
    a.peer.rollback().await.expect("an offer can be taken back");
    negotiate(&a, &b, false).await;
    b.saw("the connection", Seen::connected).await;
    let (a, _b) = pair(&BOTH, &BOTH).await;
    let answer = Sdp { kind: SdpKind::Answer, sdp: "v=0\r\n".into() };
    assert!(matches!(a.peer.accept_answer(answer).await, Err(PeerError::BadSdp(_))));
    assert!(matches!(a.peer.send_channel("early").await, Err(PeerError::ChannelNotOpen)));
    let (a, b) = pair(&BOTH, &BOTH).await;
    negotiate(&a, &b, false).await;
    a.saw("the connection", Seen::connected).await;
}
