//! What we read from session descriptions beside webrtc-rs, and what we add to ours.
use super::{VideoCodec, cookie::Cookie};
pub(super) use eyeline_protocol::channel::is_eyeline as is_ours;
use eyeline_protocol::{
    channel::tool_marked,
    signal::{Sdp, SdpKind},
};
use eyeline_transport::VideoFormat;

/// A codec of the description, with the payload type that its author wants to receive it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payload<C> {
    pub codec: C,
    pub payload_type: u8,
}

/// What is sent in, as the answer has it that both sides agreed on.
#[derive(Debug, Clone, Default)]
pub(super) struct Formats {
    pub opus: Option<u8>,
    pub red: Option<u8>,
    pub video: Option<Payload<VideoCodec>>,
    /// All that the peer may send pictures in.
    pub received: Vec<VideoFormat>,
}

impl Formats {
    /// By that answer, where our encoders are `ours`.
    pub fn agreed(answer: &str, ours: &[VideoCodec]) -> Self {
        Self {
            opus: opus(answer),
            red: red(answer),
            video: video_codec(answer, ours),
            received: video_formats(answer),
        }
    }
}

/// The video codec to send by the peer's `sdp`: the first of its list that is also in `ours`.
fn video_codec(sdp: &str, ours: &[VideoCodec]) -> Option<Payload<VideoCodec>> {
    let section = section(sdp, "video")?;
    formats(section).find_map(|payload_type| {
        let name = encoding(section, payload_type)?;
        let codec = *ours.iter().find(|codec| codec.name().eq_ignore_ascii_case(name))?;
        let usable = match codec {
            VideoCodec::Vp8 => true,
            // Without it a picture must fit one packet (RFC 6184 section 6.2).
            VideoCodec::H264 => fmtp(section, payload_type).contains("packetization-mode=1"),
        };
        usable.then_some(Payload { codec, payload_type })
    })
}

/// Each format of pictures in `sdp`, with the payload type of its retransmissions (RFC 4588 section 8.1).
fn video_formats(sdp: &str) -> Vec<VideoFormat> {
    let Some(section) = section(sdp, "video") else { return Vec::new() };
    let named = formats(section).filter_map(|format| Some((format, encoding(section, format)?)));
    let (rtx, media): (Vec<_>, Vec<_>) = named.partition(|(_, name)| name.eq_ignore_ascii_case("rtx"));
    let repaired = |rtx: u8| parameters(fmtp(section, rtx)).find(|(name, _)| *name == "apt")?.1.parse().ok();
    let format = |(payload_type, name)| VideoFormat {
        payload_type,
        mime_type: format!("video/{name}"),
        repairs: rtx.iter().map(|(rtx, _)| *rtx).find(|rtx| repaired(*rtx) == Some(payload_type)),
    };
    media.into_iter().map(format).collect()
}

/// The payload type of Opus in the peer's `sdp`.
fn opus(sdp: &str) -> Option<u8> {
    let section = section(sdp, "audio")?;
    formats(section).find(|pt| encoding(section, *pt).is_some_and(|name| name.eq_ignore_ascii_case("opus")))
}

/// The payload type of redundant sound (RFC 2198) over Opus in the peer's `sdp`.
fn red(sdp: &str) -> Option<u8> {
    let (section, opus) = (section(sdp, "audio")?, opus(sdp)?.to_string());
    formats(section).find(|pt| {
        let named = encoding(section, *pt).is_some_and(|name| name.eq_ignore_ascii_case("red"));
        named && fmtp(section, *pt).split('/').all(|format| format == opus)
    })
}

/// The peer's `sdp` without redundant sound, where what it says of Opus differs from `ours`: of two formats rtc keeps only
/// those that match to the letter, and would keep the redundancy and lose the sound.
pub(super) fn with_opus_kept(sdp: &str, ours: &str) -> String {
    let differs = || {
        let (section, theirs) = (section(sdp, "audio")?, opus(sdp)?);
        let mine: Vec<(&str, &str)> = parameters(ours).collect();
        let conflicts = |(name, value)| mine.iter().any(|(known, mine)| *known == name && *mine != value);
        parameters(fmtp(section, theirs)).any(conflicts).then_some(red(sdp)?)
    };
    let Some(red) = differs() else { return sdp.to_owned() };
    let of_red = |line: &&str| {
        ["rtpmap", "fmtp", "rtcp-fb"].iter().any(|a| line.starts_with(&format!("a={a}:{red} ")))
    };
    let kept = sdp.lines().filter(|line| !of_red(line)).map(|line| {
        let formats: Vec<&str> = line.split(' ').collect();
        let named = red.to_string();
        match line.starts_with("m=audio ") {
            true => formats
                .into_iter()
                .enumerate()
                .filter(|(n, f)| *n < 3 || **f != named)
                .map(|(_, f)| f)
                .collect::<Vec<_>>()
                .join(" "),
            false => line.to_owned(),
        }
    });
    kept.map(|line| line + "\r\n").collect()
}

fn parameters(fmtp: &str) -> impl Iterator<Item = (&str, &str)> {
    fmtp.split(';').filter_map(|parameter| parameter.trim().split_once('='))
}

/// Our description `sdp` with our name and version in it, the cookie that our DTLS asks for, and the statements that
/// candidates trickle (RFC 8840) and that control packets go alone (RFC 5506), which webrtc-rs leaves out.
pub(super) fn ours(kind: SdpKind, sdp: &str, cookie: Option<Cookie>) -> Sdp {
    let cookie = cookie.map(|cookie| cookie.line()).unwrap_or_default();
    let trickle = if sdp.contains("a=ice-options:") { "" } else { "a=ice-options:trickle\r\n" };
    let sdp = match sdp.contains("a=rtcp-rsize") {
        true => sdp.to_owned(),
        false => sdp.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-rsize\r\n"),
    };
    let session = sdp.find("\r\nm=").map_or(sdp.len(), |end| end + 2);
    let (session, media) = sdp.split_at(session);
    tool_marked(Sdp { kind, sdp: format!("{session}{cookie}{trickle}{media}") })
}

/// The first media description of this kind, from its `m=` line on, unless it was refused: port 0, and not because it
/// is offered on another one's port only (RFC 9143 section 6).
fn section<'a>(sdp: &'a str, kind: &str) -> Option<&'a str> {
    let mut sections = sdp.split("\nm=").skip(1);
    let section = sections.find(|section| section.split(' ').next() == Some(kind))?;
    let has_port = section.split(' ').nth(1) != Some("0");
    (has_port || section.lines().any(|line| line == "a=bundle-only")).then_some(section)
}

fn formats(section: &str) -> impl Iterator<Item = u8> {
    let line = section.lines().next().unwrap_or_default();
    line.split_ascii_whitespace().skip(3).filter_map(|format| format.parse().ok())
}

fn attribute<'a>(section: &'a str, name: &str, payload_type: u8) -> Option<&'a str> {
    let prefix = format!("a={name}:{payload_type} ");
    section.lines().find_map(|line| line.strip_prefix(&prefix))
}

fn encoding(section: &str, payload_type: u8) -> Option<&str> {
    attribute(section, "rtpmap", payload_type)?.split('/').next()
}

fn fmtp(section: &str, payload_type: u8) -> &str {
    attribute(section, "fmtp", payload_type).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 97 102 103 96\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
        a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=0;profile-level-id=42e01f\r\n\
        a=rtpmap:103 H264/90000\r\na=fmtp:103 profile-level-id=42e01f;packetization-mode=1\r\n\
        a=rtpmap:96 VP8/90000\r\n";

    #[test]
    fn the_peers_first_codec_that_we_send_is_chosen() {
        let both = [VideoCodec::Vp8, VideoCodec::H264];
        assert_eq!(video_codec(SDP, &both), Some(Payload { codec: VideoCodec::H264, payload_type: 103 }));
        let vp8 = [VideoCodec::Vp8];
        assert_eq!(video_codec(SDP, &vp8), Some(Payload { codec: VideoCodec::Vp8, payload_type: 96 }));
        assert_eq!(video_codec(SDP, &[]), None);
        assert_eq!(opus(SDP), Some(111));
        assert_eq!(red(SDP), None);
        let with_red = SDP.replace("111 0\r\n", "111 63\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n");
        assert_eq!(red(&with_red), Some(63));
        assert_eq!(red(&with_red.replace("63 111/111", "63 0/0")), None);
    }

    #[test]
    fn the_peer_may_send_in_each_format_and_repair_it() {
        let formats = video_formats(SDP).into_iter();
        let formats: Vec<_> = formats.map(|f| (f.payload_type, f.mime_type, f.repairs)).collect();
        let named = |payload_type, name: &str, repairs| (payload_type, format!("video/{name}"), repairs);
        assert_eq!(formats, [named(102, "H264", None), named(103, "H264", None), named(96, "VP8", Some(97))]);
        assert_eq!(video_formats("v=0\r\n"), []);
    }

    #[test]
    fn redundancy_gives_way_where_opus_differs() {
        let offer = "v=0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\n\
            a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
        let ours = "minptime=10;useinbandfec=1;usedtx=1";
        assert_eq!(with_opus_kept(offer, ours), offer);
        let other = offer.replace("useinbandfec=1", "useinbandfec=0");
        let kept = with_opus_kept(&other, ours);
        assert!(kept.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n") && !kept.contains(":63"), "{kept}");
        assert_eq!((opus(&kept), red(&kept)), (Some(111), None));
    }

    #[test]
    fn a_refused_section_has_no_codec() {
        let refused = SDP.replace("m=video 9", "m=video 0");
        assert_eq!(video_codec(&refused, &[VideoCodec::Vp8]), None);
    }

    #[test]
    fn a_section_on_anothers_port_is_not_refused() {
        let offered = SDP.replace("m=audio 9", "m=audio 0");
        assert_eq!(opus(&offered), None);
        assert_eq!(opus(&offered.replace("a=rtpmap:111", "a=bundle-only\r\na=rtpmap:111")), Some(111));
    }

    #[test]
    fn our_clients_know_each_other() {
        let cookie = Cookie::random();
        let described = |sdp: &str, cookie| ours(SdpKind::Offer, sdp, cookie).sdp;
        let ours = described(SDP, Some(cookie));
        assert!(ours.contains("a=ice-options:trickle\r\na=tool:eyeline/"), "{ours}");
        assert_eq!(Cookie::in_sdp(&ours), Some(cookie));
        let muxed = described(&SDP.replace("m=video", "a=rtcp-mux\r\nm=video"), None);
        assert!(muxed.contains("a=rtcp-mux\r\na=rtcp-rsize\r\nm=video"), "control packets go alone");
        assert!(is_ours(&ours));
        assert!(!is_ours(SDP));
        assert!(!is_ours(&SDP.replace("v=0\r\n", "v=0\r\na=tool:eyeliner/1\r\n")));
        assert!(!is_ours(&format!("{SDP}a=tool:eyeline/1\r\n")), "it stands at the session's level");
    }
}
