//! One open socket, from the first wish of the UI to its end.
use super::{
    lane::{Seat, TurnedOut},
    queue::{Outgoing, Queue},
    wire::{self, FromUi},
};
use eyeline_media::{
    frame::I420,
    scale::{fit, scale},
};
use futures_util::{SinkExt, StreamExt};
use std::borrow::Cow;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message},
};

/// Serves one socket until the UI closes it, breaks the rules, or opens another one.
///
/// While a picture is being written nothing is read, so that a UI that does not take pictures gets none.
///
/// # Errors
/// What the socket reports; a UI that goes away without a word is no error to anybody.
pub async fn serve<S>(mut socket: WebSocketStream<S>, seat: Seat) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let Ok(wish) = serde_json::from_str(&text) else { break };
                    if seat.change(|queue| obey(queue, wish)).is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => break,
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Err(error)) => return Err(error),
            },
            () = seat.woken() => {}
        }
        if !send_what_waits(&mut socket, &seat).await? {
            break;
        }
    }
    socket.close(None).await
}

/// Whether the socket may stay open.
async fn send_what_waits<S>(socket: &mut WebSocketStream<S>, seat: &Seat) -> Result<bool, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match seat.take() {
            Ok(Some(outgoing)) => socket.send(Message::binary(message(&outgoing))).await?,
            Ok(None) => return Ok(true),
            Err(TurnedOut) => return Ok(false),
        }
    }
}

fn obey(queue: &mut Queue, wish: FromUi) {
    match wish {
        FromUi::Want(want) => queue.want(want),
        FromUi::Ready => queue.ready(),
        FromUi::KeyFrame => queue.decoder_is_lost(),
    }
}

fn message(outgoing: &Outgoing) -> Vec<u8> {
    match outgoing {
        Outgoing::Cleared => wire::cleared(),
        Outgoing::Encoded(picture) => wire::encoded(picture),
        Outgoing::Decoded(frame, want) => {
            wire::i420(&as_drawn(&frame.image, (want.width, want.height)), frame.captured_at)
        }
    }
}

/// The picture, no larger than it is drawn, so that less is copied into the webview.
fn as_drawn(image: &I420, limit: (u32, u32)) -> Cow<'_, I420> {
    let size = (image.width(), image.height());
    let drawn = fit(size, limit);
    if drawn == size {
        return Cow::Borrowed(image);
    }
    let mut small = I420::black(drawn.0, drawn.1);
    scale(image, &mut small);
    Cow::Owned(small)
}
