//! `connection_state` with figures: what a client tells the server, and the server nobody but the call's two members.
//!
//! It is [`Signal::ConnectionState`](crate::signal::Signal) with one member more, so a server that does not know of it
//! takes it for that; and a server that does relays the state alone, so a peer never sees it.
use crate::{signal::ConnectionState, stats::WebRtcStats};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// How the sender's peer connection fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "connection_state")]
pub struct Report {
    /// The state.
    pub state: ConnectionState,
    /// The figures; absent where there are none, or where they are none that this version understands.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "understood")]
    pub stats: Option<Box<WebRtcStats>>,
}

impl Report {
    /// Decodes one text frame; `None` for any other message.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        // serde writes the tag of a struct, and does not read it.
        (value.get("type")? == "connection_state").then(|| serde_json::from_value(value).ok())?
    }

    /// Encodes to one text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        #[expect(clippy::expect_used, reason = "string keys and numbers only: serialisation cannot fail")]
        serde_json::to_string(self).expect("a report is always serialisable")
    }
}

/// A stranger may have figures of another shape under the same name: they are left out, and the state still counts.
fn understood<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<WebRtcStats>>, D::Error> {
    let value = Value::deserialize(from)?;
    let stats = serde_json::from_value::<Option<Box<WebRtcStats>>>(value).ok().flatten();
    Ok(stats.filter(|stats| stats.is_bounded()))
}
