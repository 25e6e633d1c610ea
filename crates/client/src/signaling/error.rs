//! What can go wrong between this machine and the server.
use eyeline_protocol::rest::{ErrorBody, ErrorDetail};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{
    handshake::client::Response,
    http::{StatusCode, header::CONTENT_TYPE},
};

/// Why a request or a socket failed.
#[derive(Debug, Clone, Error)]
pub enum SignalingError {
    /// No answer: name not found, connection refused or timed out, TLS refused.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// Something answered, but not an Eyeline server.
    #[error("this is not an Eyeline server: {0}")]
    NotAServer(String),
    /// The server refused the request, and says why.
    #[error("{} ({})", detail.message, detail.code)]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words.
        detail: ErrorDetail,
    },
    /// The session has ended: signed out elsewhere, expired or revoked.
    #[error("signed out")]
    SignedOut,
}

impl SignalingError {
    /// Reads an error answer; what has not our form did not come from our server.
    pub(super) fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice::<ErrorBody>(body) {
            Ok(body) => Self::Refused { status: status.as_u16(), detail: body.error },
            // A proxy in front of a server that is down answers in its own words.
            Err(_) if status.is_server_error() => Self::Unreachable(status.to_string()),
            Err(_) => Self::NotAServer(status.to_string()),
        }
    }

    /// Reads the refusal of a WebSocket. Of its body only what came together with the head is known, which may be nothing:
    /// then its status is taken for our server's. Another's page says nothing of a call; but a token that anybody refuses
    /// is worth a new one.
    pub(super) fn of_upgrade(response: &Response) -> Self {
        let status = response.status();
        let content = response.headers().get(CONTENT_TYPE);
        let ours = content.is_none_or(|content| content.as_bytes().starts_with(b"application/json"));
        match Self::of_answer(status, response.body().as_deref().unwrap_or_default()) {
            Self::NotAServer(message)
                if status == StatusCode::UNAUTHORIZED || ours && status.is_client_error() =>
            {
                let detail = ErrorDetail { code: "refused".into(), message };
                Self::Refused { status: status.as_u16(), detail }
            }
            other => other,
        }
    }

    /// Whether trying again later can help, with a server that was there before.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // Of a server that was one before, a proxy speaks while it restarts.
            Self::Unreachable(_) | Self::NotAServer(_) => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::SignedOut => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, content: Option<&str>, body: &[u8]) -> SignalingError {
        let mut response = Response::new(Some(body.to_vec()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        if let Some(content) = content {
            response.headers_mut().insert(CONTENT_TYPE, content.parse().expect("a content type"));
        }
        SignalingError::of_upgrade(&response)
    }

    #[test]
    fn a_socket_refused_without_a_readable_body_is_refused_by_its_status() {
        for status in [401, 403, 404, 409, 410] {
            for (content, body) in [(None, &b""[..]), (Some("application/json"), &b"{\"error\": {\"co"[..])] {
                let error = refused(status, content, body);
                assert!(
                    matches!(error, SignalingError::Refused { status: told, .. } if told == status),
                    "{error:?}"
                );
            }
        }
        let body = br#"{"error": {"code": "already_ended", "message": "over"}}"#;
        let error = refused(409, Some("application/json"), body);
        assert!(matches!(error, SignalingError::Refused { detail, .. } if detail.code == "already_ended"));
    }

    #[test]
    fn a_page_of_a_proxy_is_no_word_of_the_server_on_a_call_but_on_a_token() {
        for status in [403, 404, 409, 410] {
            let error = refused(status, Some("text/html"), b"<html>");
            assert!(matches!(error, SignalingError::NotAServer(_)), "{error:?}");
        }
        let error = refused(401, Some("text/html"), b"<html>");
        assert!(matches!(error, SignalingError::Refused { status: 401, .. }), "{error:?}");
        let error = refused(502, None, b"");
        assert!(matches!(error, SignalingError::Unreachable(_)), "{error:?}");
    }
}
