//! The streams that we send, and what is kept of each for its repairs.
use super::History;
use crate::{MediaKind, key_frame};
use rtc::{interceptor::StreamInfo, rtp};
use std::{collections::BTreeMap, time::Instant};

/// The header extension that numbers packets.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// A stream of ours.
pub(super) struct Local {
    pub kind: MediaKind,
    mime_type: String,
    /// The header extension that its packets are numbered in, its repairs included.
    pub extension: Option<u8>,
    history: Option<History>,
}

/// All of them, by SSRC.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<u32, Local>);

impl Streams {
    /// A stream is set up, perhaps not for the first time.
    pub fn bind(&mut self, stream: &StreamInfo) {
        let Some(kind) = MediaKind::of(&stream.mime_type) else { return };
        let extension = stream.rtp_header_extensions.iter().find(|extension| extension.uri == TRANSPORT_CC);
        let told = stream.rtcp_feedback.iter().any(|feedback| feedback.typ == "transport-cc");
        let extension = extension.filter(|_| told).and_then(|extension| u8::try_from(extension.id).ok());
        let known = self.0.remove(&stream.ssrc).and_then(|local| local.history);
        let history = match (stream.ssrc_rtx, stream.payload_type_rtx) {
            // Bound anew, repairs go on by number: one that was used already would use a nonce twice.
            (Some(ssrc), Some(payload_type)) => match known.filter(|known| known.ssrc() == ssrc) {
                Some(known) => Some(known.with_payload_type(payload_type)),
                None => Some(History::new(ssrc, payload_type, first_of(ssrc))),
            },
            // Sent again under its own number, a packet would use a nonce of AES-GCM twice.
            (Some(_) | None, _) => None,
        };
        self.0.insert(stream.ssrc, Local { kind, mime_type: stream.mime_type.clone(), extension, history });
    }

    /// Whether any packets are numbered.
    pub fn are_numbered(&self) -> bool {
        self.0.values().any(|local| local.extension.is_some())
    }

    /// What media go by that SSRC.
    pub fn kind(&self, ssrc: u32) -> Option<MediaKind> {
        self.0.get(&ssrc).map(|local| local.kind)
    }

    /// The stream that an SSRC is of, or repairs.
    pub fn of(&self, ssrc: u32) -> Option<&Local> {
        let repairs = |local: &&Local| local.history.as_ref().is_some_and(|history| history.ssrc() == ssrc);
        self.0.get(&ssrc).or_else(|| self.0.values().find(repairs))
    }

    /// Those of the streams that are repaired.
    pub fn histories(&self) -> impl Iterator<Item = &History> {
        self.0.values().filter_map(|local| local.history.as_ref())
    }

    /// Likewise.
    pub fn histories_mut(&mut self) -> impl Iterator<Item = &mut History> {
        self.0.values_mut().filter_map(|local| local.history.as_mut())
    }

    /// Of the media by that SSRC.
    pub fn history(&self, ssrc: u32) -> Option<&History> {
        self.0.get(&ssrc)?.history.as_ref()
    }

    /// Likewise.
    pub fn history_mut(&mut self, ssrc: u32) -> Option<&mut History> {
        self.0.get_mut(&ssrc)?.history.as_mut()
    }

    /// Keeps a packet that has left, to be repaired from now on.
    pub fn keep(&mut self, packet: rtp::Packet, number: Option<u64>, now: Instant) {
        if let Some(local) = self.0.get_mut(&packet.header.ssrc)
            && let Some(history) = &mut local.history
        {
            let key = key_frame::begins(&local.mime_type, &packet.payload);
            history.keep(packet, key, number.unwrap_or_default(), now);
        }
    }

    /// Whether there is anything that padding could be made of.
    pub fn can_pad(&self) -> bool {
        self.histories().any(|history| !history.is_empty())
    }

    /// A packet that the peer throws away.
    pub fn padding(&mut self, size: usize) -> Option<rtp::Packet> {
        self.histories_mut().find_map(|history| history.padding(size))
    }
}

/// A first sequence number that an onlooker cannot guess (RFC 3550 section 5.1): SSRCs are drawn at random.
fn first_of(ssrc: u32) -> u16 {
    (ssrc ^ (ssrc >> 16)) as u16
}
