use super::*;
use futures_util::FutureExt;
use std::{io::Write, sync::Arc};
use tokio_tungstenite::{
    client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};
use tracing_subscriber::{Layer, Registry};

#[test]
fn a_log_goes_on_where_it_was_until_it_is_long() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (log, old) = (folder.path().join("eyeline.log"), folder.path().join("eyeline.old.log"));
    open(folder.path())?.write_all(b"first ")?;
    open(folder.path())?.write_all(b"second")?;
    assert_eq!(fs::read_to_string(&log)?, "first second");
    File::options().append(true).open(&log)?.set_len(LONGEST + 1)?;
    open(folder.path())?;
    assert_eq!((fs::metadata(log)?.len(), fs::metadata(old)?.len()), (0, LONGEST + 1));
    Ok(())
}

/// What `act` logs, with a filter that lets everything through but for `lid`.
fn heard(lid: impl Layer<Registry> + Send + Sync, act: impl FnOnce()) -> String {
    let file = Arc::new(tempfile::tempfile().expect("a file to log to"));
    let everything = EnvFilter::new("trace,tungstenite::handshake=trace,h2::codec=trace");
    let said = fmt::layer().with_ansi(false).with_writer(Arc::clone(&file));
    let guard = registry().with(lid).with(everything).with(said).set_default();
    act();
    drop(guard);
    io::Seek::rewind(&mut &*file).expect("a file can be rewound");
    io::read_to_string(&*file).expect("what is logged is text")
}

/// Sends the request of a WebSocket to nobody.
fn shake_hands() {
    let mut request = "ws://server/ws".into_client_request().expect("an address");
    request.headers_mut().insert("Authorization", HeaderValue::from_static("Bearer s3cret"));
    let (near, _far) = tokio::io::duplex(4096);
    assert!(client_async(request, near).now_or_never().is_none(), "nobody answers");
}

#[test]
fn no_handshake_is_printed_whatever_the_variable_says() {
    assert!(
        heard(filter_fn(|_| true), shake_hands).contains("s3cret"),
        "it would be, were it not for the lid"
    );
    assert!(!heard(filter_fn(may_be_told), shake_hands).contains("s3cret"));
}

#[test]
fn the_lid_is_on_the_lowest_level_of_those_libraries_only() {
    let said = heard(filter_fn(may_be_told), || {
        tracing::trace!(target: "h2::codec::framed_write", "headers");
        tracing::trace!(target: "hyper", "request");
        tracing::debug!(target: "h2::codec::framed_write", "frame sent");
        tracing::trace!(target: "hyperspace", "stars");
        tracing::trace!(target: "eyeline_client::call", "state");
    });
    assert!(!said.contains("headers") && !said.contains("request"), "{said}");
    assert!(said.contains("frame sent") && said.contains("stars") && said.contains("state"), "{said}");
}
