//! The life of one WebSocket: reads, writes, keep-alive and the end, the same for every kind.
//!
//! ```text
//!   client frames --> Handler::text --> Reply --+
//!   Outbox (bus, rooms, ...) -------------------+--> frames to the client
//! ```
use super::outbox::{Close, Inbox, Outgoing};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use std::{future::Future, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Between pings; also what keeps NAT bindings and proxies open.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// A peer that let this many pings pass without a sign of life is gone.
const MISSED_MAX: u32 = 2;
/// A write that takes longer has nobody at the other end.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// axum's default of 128 KiB is what most of a connection's memory goes to; messages here are small (measured: 5.7
/// instead of 134 KiB a connection).
const READ_BUFFER: usize = 4096;
/// Messages that the server refuses or closes the socket over; bounds what a flood can cost.
pub const ERRORS_MAX: u32 = 20;

/// What to do after a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    None,
    /// Tell the client that its message was refused; counts towards [`ERRORS_MAX`].
    Refuse(Utf8Bytes),
    /// Say something.
    Send(Utf8Bytes),
    /// Close the socket.
    Close(Close),
}

/// What makes one kind of socket differ from another.
pub trait Handler: Send {
    /// The first words on the socket.
    fn greeting(&mut self) -> Option<Utf8Bytes> {
        None
    }

    /// A text frame has come.
    fn text(&mut self, text: &str) -> impl Future<Output = Reply> + Send;

    /// When [`Handler::on_deadline`] wants to run.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The deadline has passed.
    fn on_deadline(&mut self) -> impl Future<Output = Reply> + Send {
        async { Reply::None }
    }

    /// The last words before the server goes down.
    fn farewell(&self) -> Option<Utf8Bytes> {
        None
    }
}

/// Sets the limits that every socket has; a message larger than `message_max` bytes ends the socket.
pub fn limited(upgrade: WebSocketUpgrade, message_max: usize) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(message_max)
        .max_frame_size(message_max)
}

/// Runs a socket to its end.
pub async fn run(
    mut ws: WebSocket,
    mut inbox: Inbox,
    shutdown: CancellationToken,
    mut handler: impl Handler,
) {
    let overflowed = inbox.overflowed();
    let mut keep_alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut silent_for, mut errors) = (0, 0);
    if let Some(text) = handler.greeting()
        && !write(&mut ws, Message::Text(text), &overflowed).await
    {
        return;
    }
    let close = loop {
        let deadline = handler.deadline();
        let reply = tokio::select! {
            outgoing = inbox.recv() => match outgoing {
                Some(Outgoing::Text(text)) => Reply::Send(text),
                Some(Outgoing::Close(close)) => Reply::Close(close),
                None => return,
            },
            frame = ws.recv() => {
                silent_for = 0;
                match frame {
                    Some(Ok(Message::Text(text))) => handler.text(&text).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Reply::None,
                    Some(Ok(Message::Binary(_)) | Err(_)) => Reply::Close(Close::Protocol),
                    Some(Ok(Message::Close(_))) | None => return,
                }
            }
            _ = keep_alive.tick() => {
                if silent_for >= MISSED_MAX {
                    return;
                }
                silent_for += 1;
                if !write(&mut ws, Message::Ping(axum::body::Bytes::new()), &overflowed).await {
                    return;
                }
                Reply::None
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                handler.on_deadline().await
            }
            () = shutdown.cancelled() => {
                if let Some(text) = handler.farewell() {
                    write(&mut ws, Message::Text(text), &overflowed).await;
                }
                Reply::Close(Close::Restart)
            }
        };
        let text = match reply {
            Reply::None => continue,
            Reply::Close(close) => break close,
            Reply::Send(text) => text,
            Reply::Refuse(text) => {
                errors += 1;
                text
            }
        };
        if !write(&mut ws, Message::Text(text), &overflowed).await {
            break Close::SlowReader;
        }
        if errors >= ERRORS_MAX {
            break Close::TooManyErrors;
        }
    };
    let frame = CloseFrame { code: close.code(), reason: close.reason().into() };
    // The other end may be gone already; then there is nobody to tell.
    let _ = timeout(WRITE_TIMEOUT, ws.send(Message::Close(Some(frame)))).await;
    let _ = timeout(CLOSE_TIMEOUT, drain(&mut ws)).await;
}

/// How long the client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Waits for the client's close frame: what it still sends goes nowhere, but its kernel must not be told so before
/// our own close frame has been read.
async fn drain(ws: &mut WebSocket) {
    while let Some(Ok(_)) = ws.recv().await {}
}

async fn write(ws: &mut WebSocket, message: Message, overflowed: &CancellationToken) -> bool {
    tokio::select! {
        done = timeout(WRITE_TIMEOUT, ws.send(message)) => matches!(done, Ok(Ok(()))),
        () = overflowed.cancelled() => false,
    }
}
