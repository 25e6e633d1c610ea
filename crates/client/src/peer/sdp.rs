//! What we read from session descriptions beside webrtc-rs, and what we add to ours.
use super::VideoCodec;
use eyeline_protocol::channel::SDP_TOOL;
pub(super) use eyeline_protocol::channel::is_eyeline as is_ours;

/// A codec of the description, with the payload type that its author wants to receive it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payload<C> {
    pub codec: C,
    pub payload_type: u8,
}

/// The video codec to send by the peer's `sdp`: the first of its list that is also in `ours`.
pub(super) fn video_codec(sdp: &str, ours: &[VideoCodec]) -> Option<Payload<VideoCodec>> {
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

/// The payload type of Opus in the peer's `sdp`.
pub(super) fn opus(sdp: &str) -> Option<u8> {
    let section = section(sdp, "audio")?;
    formats(section).find(|pt| encoding(section, *pt).is_some_and(|name| name.eq_ignore_ascii_case("opus")))
}

/// `sdp` with our name and version in it, and with the statement that candidates trickle (RFC 8840), which webrtc-rs
/// leaves out.
pub(super) fn with_session_attributes(sdp: &str) -> String {
    let tool = format!("a=tool:{SDP_TOOL}/{}\r\n", env!("CARGO_PKG_VERSION"));
    let trickle = if sdp.contains("a=ice-options:") { "" } else { "a=ice-options:trickle\r\n" };
    match sdp.find("\r\nm=") {
        Some(at) => {
            let (session, media) = sdp.split_at(at + 2);
            format!("{session}{tool}{trickle}{media}")
        }
        None => format!("{sdp}{tool}{trickle}"),
    }
}

/// The first media description of this kind, from its `m=` line on, unless it was refused (port 0).
fn section<'a>(sdp: &'a str, kind: &str) -> Option<&'a str> {
    let mut sections = sdp.split("\nm=").skip(1);
    let section = sections.find(|section| section.split(' ').next() == Some(kind))?;
    (section.split(' ').nth(1) != Some("0")).then_some(section)
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
    }

    #[test]
    fn a_refused_section_has_no_codec() {
        let refused = SDP.replace("m=video 9", "m=video 0");
        assert_eq!(video_codec(&refused, &[VideoCodec::Vp8]), None);
    }

    #[test]
    fn our_clients_know_each_other() {
        let ours = with_session_attributes(SDP);
        assert!(
            ours.contains("t=0 0\r\na=tool:eyeline/") && ours.contains("a=ice-options:trickle\r\nm=audio")
        );
        assert!(is_ours(&ours));
        assert!(!is_ours(SDP));
        assert!(!is_ours(&SDP.replace("v=0\r\n", "v=0\r\na=tool:eyeliner/1\r\n")));
        assert!(!is_ours(&format!("{SDP}a=tool:eyeline/1\r\n")), "it stands at the session's level");
    }
}
