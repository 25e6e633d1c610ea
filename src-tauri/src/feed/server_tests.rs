use super::*;
use bytes::Bytes;
use eyeline_client::viewer::{EncodedPicture, RemoteForm, Viewer};
use eyeline_media::{
    codec::VideoCodec,
    frame::{I420, MediaTime, VideoFrame},
};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

const DEADLINE: Duration = Duration::from_secs(10);
const PAGE: &str = "tauri://localhost";

type Socket = WebSocketStream<TcpStream>;

async fn connect(url: &str, origin: &'static str) -> Result<Socket, Error> {
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("Origin", HeaderValue::from_static(origin));
    let host = request.uri().authority().expect("an address has a host").as_str().to_owned();
    Ok(client_async(request, TcpStream::connect(host).await?).await?.0)
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.expect("the socket is open");
}

async fn hear(socket: &mut Socket) -> Option<Message> {
    let heard = timeout(DEADLINE, socket.next()).await.expect("something comes in time");
    heard.map(|message| message.expect("a whole message"))
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

async fn start() -> (Arc<Hub>, Arc<Feed>) {
    let hub = Arc::new(Hub::default());
    (Arc::clone(&hub), Feed::start(hub).await.expect("a free port"))
}

fn form(hub: &Hub) -> RemoteForm {
    *hub.remote_form().borrow()
}

fn status(refused: &Result<Socket, Error>) -> Option<u16> {
    match refused {
        Err(Error::Http(response)) => Some(response.status().as_u16()),
        _ => None,
    }
}

fn decoded(at: i64) -> VideoFrame {
    VideoFrame { image: Arc::new(I420::black(64, 48)), captured_at: MediaTime(at) }
}

fn encoded(at: i64, key_frame: bool, data: Bytes) -> EncodedPicture {
    EncodedPicture { data, codec: VideoCodec::Vp8, key_frame, is_past: false, shown_at: MediaTime(at) }
}

#[tokio::test]
async fn decoded_pictures_come_scaled_one_for_each_ready() {
    let (hub, feed) = start().await;
    let mut socket = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    say(&mut socket, r#"{"type":"want","mode":"i420","codecs":[],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Decoded).await;
    assert_eq!(*hub.remote_view().borrow(), Some((32, 32)));
    hub.remote_decoded(decoded(1));
    let first = hear(&mut socket).await.expect("a picture").into_data();
    assert_eq!(first.len(), 24 + 32 * 24 * 3 / 2);
    assert_eq!((first[0], &first[4..8], first[8]), (2, &[32, 0, 24, 0][..], 1));
    hub.remote_decoded(decoded(2));
    hub.remote_decoded(decoded(3));
    say(&mut socket, r#"{"type":"ready"}"#).await;
    assert_eq!(hear(&mut socket).await.expect("a picture").into_data()[8], 3, "the latest");
}

#[tokio::test]
async fn encoded_pictures_come_as_they_are_and_clearing_is_told() {
    let (hub, feed) = start().await;
    let mut socket = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    say(&mut socket, r#"{"type":"want","mode":"encoded","codecs":["vp8"],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Encoded).await;
    hub.remote_encoded(encoded(1, false, Bytes::new()));
    timeout(DEADLINE, hub.key_frame_wanted()).await.expect("a stream begins with a key frame");
    hub.remote_encoded(encoded(2, true, Bytes::from_static(b"picture")));
    assert_eq!(hear(&mut socket).await.expect("a picture").into_data()[24..], *b"picture");
    hub.cleared(Side::Remote);
    assert_eq!(hear(&mut socket).await.expect("a word").into_data()[..], [0; 24]);
}

#[tokio::test]
async fn a_ui_that_reads_nothing_stops_the_stream_instead_of_filling_memory() {
    let (hub, feed) = start().await;
    let mut socket = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    say(&mut socket, r#"{"type":"want","mode":"encoded","codecs":["vp8"],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Encoded).await;
    let chunk = Bytes::from(vec![7; 256 * 1024]);
    let flood = async {
        for at in 0.. {
            hub.remote_encoded(encoded(at, at == 0, chunk.clone()));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = flood => {}
        asked = timeout(DEADLINE, hub.key_frame_wanted()) => asked.expect("the queue is bounded"),
    }
}

#[tokio::test]
async fn a_token_opens_one_socket() {
    let (_hub, feed) = start().await;
    let url = feed.open(Side::Own);
    let socket = connect(&url, PAGE).await;
    assert!(socket.is_ok());
    assert_eq!(status(&connect(&url, PAGE).await), Some(403));
}

#[tokio::test]
async fn strangers_are_refused() {
    let (_hub, feed) = start().await;
    assert_eq!(status(&connect(&feed.open(Side::Own), "https://evil.example").await), Some(403));
    let guessed = format!("ws://{}/feed/remote?token=guessed", feed.address);
    assert_eq!(status(&connect(&guessed, PAGE).await), Some(403));
}

#[tokio::test]
async fn a_new_socket_turns_the_former_out_and_keeps_the_lane() {
    let (hub, feed) = start().await;
    let mut former = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    say(&mut former, r#"{"type":"want","mode":"i420","codecs":[],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Decoded).await;
    let mut newer = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    assert!(matches!(hear(&mut former).await, None | Some(Message::Close(_))));
    say(&mut newer, r#"{"type":"want","mode":"i420","codecs":[],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Decoded).await;
}

#[tokio::test]
async fn nobody_looks_once_the_socket_is_closed_or_the_window_hidden() {
    let (hub, feed) = start().await;
    let mut socket = connect(&feed.open(Side::Remote), PAGE).await.expect("let in");
    say(&mut socket, r#"{"type":"want","mode":"i420","codecs":[],"width":32,"height":32}"#).await;
    until("the wish is known", || form(&hub) == RemoteForm::Decoded).await;
    hub.set_hidden(true);
    assert_eq!(form(&hub), RemoteForm::Nothing);
    hub.set_hidden(false);
    assert_eq!(form(&hub), RemoteForm::Decoded);
    drop(socket);
    until("the lane is left", || form(&hub) == RemoteForm::Nothing).await;
}

#[tokio::test]
async fn nonsense_closes_the_socket() {
    let (_hub, feed) = start().await;
    let mut socket = connect(&feed.open(Side::Own), PAGE).await.expect("let in");
    say(&mut socket, r#"{"type":"format_disk"}"#).await;
    assert!(matches!(hear(&mut socket).await, None | Some(Message::Close(_))));
}
