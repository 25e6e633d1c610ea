//! The data channel named [`LABEL`], peer to peer: chat, and what our own clients tell each other beside it.
use crate::{DecodeError, decode::tagged, rest::EndReason, signal::Sdp};
use serde::{Deserialize, Serialize};

/// Label of the data channel: ordered and reliable (RFC 8831).
pub const LABEL: &str = "chat";
/// Longest message text, in bytes of UTF-8. Stays below the 64 KiB that every SCTP stack takes as one message.
pub const TEXT_MAX_BYTES: usize = 16 * 1024;

/// Session-level SDP attribute (RFC 8866 section 6.4) by which our clients know each other: `a=tool:eyeline/VERSION`.
pub const SDP_TOOL: &str = "eyeline";

/// Whether the writer of this SDP is one of our clients: it carries `a=tool:eyeline` or `a=tool:eyeline/...` at
/// session level.
#[must_use]
pub fn is_eyeline(sdp: &str) -> bool {
    session_level(sdp)
        .lines()
        .filter_map(|line| line.strip_prefix("a=tool:"))
        .any(|tool| tool.split('/').next() == Some(SDP_TOOL))
}

/// The description with `a=tool:eyeline/VERSION` as the last line of its session level, if none is there.
#[must_use]
pub fn tool_marked(mut description: Sdp) -> Sdp {
    if !is_eyeline(&description.sdp) {
        let session = session_level(&description.sdp);
        let line_end = if session.ends_with('\n') { "" } else { "\r\n" };
        let line = concat!("a=tool:eyeline/", env!("CARGO_PKG_VERSION"), "\r\n");
        let at = session.len();
        description.sdp.insert_str(at, &format!("{line_end}{line}"));
    }
    description
}

/// What stands before the first media description.
fn session_level(sdp: &str) -> &str {
    sdp.find("\nm=").map_or(sdp, |end| &sdp[..=end])
}

/// One message on the data channel.
///
/// `text` is the public contract. The others are ours and go only to a peer whose SDP carries [`SDP_TOOL`], so a
/// peer that speaks the bare contract never sees one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChannelMessage {
    /// A person's words.
    Text {
        /// The words, at most [`TEXT_MAX_BYTES`].
        message: String,
        /// When they were sent, RFC 3339 in UTC, by the sender's clock.
        timestamp: String,
        /// Counts the sender's messages in this call from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The message with this `id` has arrived.
    Ack {
        /// The acknowledged message's `id`.
        id: u64,
    },
    /// What the sender sends at present.
    MediaState {
        /// Whether the microphone is open.
        microphone: bool,
        /// Whether the camera is on; where not, the picture is an avatar and never a frozen frame.
        camera: bool,
    },
    /// How large the sender draws our pictures: larger ones are of no use to it.
    View {
        /// Width of where the whole picture fits in, in pixels of its screen; 0: nobody looks.
        width: u32,
        /// Height likewise.
        height: u32,
    },
    /// The sender has ended the call: faster than the way through the server, and works without it.
    Bye {
        /// Why.
        reason: EndReason,
    },
}

impl ChannelMessage {
    /// The tags of all messages, as they stand in `type`.
    pub const TYPES: [&'static str; 5] = ["text", "ack", "media_state", "view", "bye"];

    /// Decodes one data channel message.
    ///
    /// # Errors
    /// [`DecodeError`]; also where the text is longer than [`TEXT_MAX_BYTES`].
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let message: Self = tagged(text, &Self::TYPES)?;
        match &message {
            Self::Text { message: text, .. } if text.len() > TEXT_MAX_BYTES => {
                Err(DecodeError::Malformed { kind: "text".into(), reason: "message over 16 KiB".into() })
            }
            Self::Text { .. }
            | Self::Ack { .. }
            | Self::MediaState { .. }
            | Self::View { .. }
            | Self::Bye { .. } => Ok(message),
        }
    }

    /// Encodes to one data channel message.
    #[must_use]
    pub fn encode(&self) -> String {
        #[expect(clippy::expect_used, reason = "string keys and integers only: serialisation cannot fail")]
        serde_json::to_string(self).expect("a channel message is always serialisable")
    }
}
