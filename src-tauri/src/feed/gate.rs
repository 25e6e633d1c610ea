//! Who may open a socket: the app's own page, on this machine, with an unused token.
use super::token::Tokens;
use eyeline_client::viewer::Side;
use std::time::Instant;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Uri, header};

/// Origins of the app's own page: macOS and Linux, then Windows.
const ORIGINS: [&str; 3] = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];
const QUERY_TOKEN: &str = "token=";

/// The path under which one side's pictures are found.
#[must_use]
pub fn path(side: Side) -> &'static str {
    match side {
        Side::Own => "/feed/self",
        Side::Remote => "/feed/remote",
    }
}

/// The side whose pictures this request may have. Its token is used up.
pub fn admit(uri: &Uri, headers: &HeaderMap, tokens: &mut Tokens, now: Instant) -> Option<Side> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    if !ORIGINS.contains(&origin) {
        return None;
    }
    let side = [Side::Own, Side::Remote].into_iter().find(|side| uri.path() == path(*side))?;
    let token = uri.query()?.strip_prefix(QUERY_TOKEN)?;
    tokens.redeem(token, side, now).then_some(side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::http::HeaderValue;

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn ask(origin: Option<&'static str>, uri: impl FnOnce(String) -> String) -> Option<Side> {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let uri = uri(tokens.issue(Side::Remote, now)).parse().expect("a test's own address");
        let origin = origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
        admit(&uri, &origin.into_iter().collect(), &mut tokens, now)
    }

    fn good(token: String) -> String {
        format!("/feed/remote?token={token}")
    }

    #[test]
    fn the_app_s_own_page_is_let_in() {
        for origin in ORIGINS {
            assert_eq!(ask(Some(origin), good), Some(Side::Remote), "{origin}");
        }
    }

    #[test]
    fn no_other_page_is_let_in_even_with_a_token() {
        let others =
            ["http://localhost", "https://evil.example", "null", "tauri://localhost.evil.example", ""];
        for origin in others {
            assert_eq!(ask(Some(origin), good), None, "{origin}");
        }
        assert_eq!(ask(None, good), None, "a program that names no origin");
    }

    #[test]
    fn no_other_path_and_no_other_side_is_opened() {
        let page = Some(ORIGINS[0]);
        assert_eq!(ask(page, |token| format!("/feed/self?token={token}")), None);
        assert_eq!(ask(page, |token| format!("/feed?token={token}")), None);
        assert_eq!(ask(page, |token| format!("/feed/remote?token={token}&x=1")), None);
        assert_eq!(ask(page, |_| "/feed/remote".to_owned()), None);
        assert_eq!(ask(page, |_| "/feed/remote?token=".to_owned()), None);
    }
}
