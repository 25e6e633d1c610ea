//! Decoding of tagged messages, with the reason in a type when it fails.
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// Why a message was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// The text is not JSON (RFC 8259), or not a JSON object.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// The object has no string member `type`.
    #[error("no \"type\" member")]
    NoType,
    /// The object's `type` is none that this version knows.
    #[error("unknown message type {0:?}")]
    UnknownType(String),
    /// The `type` is known but the rest does not fit it.
    #[error("malformed {kind:?} message: {reason}")]
    Malformed {
        /// The message's `type`.
        kind: String,
        /// What did not fit.
        reason: String,
    },
}

/// Decodes a message that is tagged by its `type` member, one of `known`.
///
/// # Errors
/// [`DecodeError`], most specific variant first.
pub(crate) fn tagged<T: DeserializeOwned>(text: &str, known: &[&str]) -> Result<T, DecodeError> {
    let value: Value = serde_json::from_str(text).map_err(|e| DecodeError::NotJson(e.to_string()))?;
    if !value.is_object() {
        return Err(DecodeError::NotJson("not an object".into()));
    }
    let kind = value.get("type").and_then(Value::as_str).ok_or(DecodeError::NoType)?.to_owned();
    if !known.contains(&kind.as_str()) {
        return Err(DecodeError::UnknownType(clip(&kind)));
    }
    serde_json::from_value(value).map_err(|e| DecodeError::Malformed { kind, reason: clip(&e.to_string()) })
}

/// Keeps a peer's text short enough for a log line or an error message.
fn clip(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
