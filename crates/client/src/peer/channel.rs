//! The data channel: the first one there is, whoever made it and whatever its name.
use super::{PeerError, PeerEvent};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use webrtc::data_channel::{DataChannel, DataChannelEvent};

/// Bytes that may wait to be sent: several of the longest chat messages; beyond that the sender is told.
pub(super) const SEND_BUFFER: usize = 256 * 1024;

/// Least time from one message to the next. A hundred a second is more than anybody reads; a peer that says more waits, and
/// nothing else does.
const MESSAGE_EVERY: Duration = Duration::from_millis(10);
/// Between two looks at what is still unacknowledged: webrtc-rs tells of a low mark only, not of none.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The channel of this connection, once there is one.
#[derive(Clone, Default)]
pub(super) struct Channel(Arc<Mutex<Option<Arc<dyn DataChannel>>>>);

impl Channel {
    /// Takes `channel` where there is none yet, and reports what happens on it until it closes.
    pub fn adopt(&self, channel: Arc<dyn DataChannel>, events: mpsc::Sender<PeerEvent>) {
        {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if held.is_some() {
                return;
            }
            *held = Some(Arc::clone(&channel));
        }
        let this = self.clone();
        tokio::spawn(async move {
            let mut pace = tokio::time::interval(MESSAGE_EVERY);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // Waits where the application is slow: SCTP then slows the peer down, and nothing is lost.
            while let Some(event) = channel.poll().await {
                pace.tick().await;
                let event = match event {
                    DataChannelEvent::OnOpen => PeerEvent::ChannelOpen,
                    DataChannelEvent::OnMessage(message) => match String::from_utf8(message.data.to_vec()) {
                        Ok(text) => PeerEvent::ChannelMessage(text),
                        Err(_) => continue,
                    },
                    DataChannelEvent::OnClose => break,
                    // The enum is webrtc's and open.
                    _ => continue,
                };
                if events.send(event).await.is_err() {
                    break;
                }
            }
            this.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            // The application may be gone already.
            let _ = events.send(PeerEvent::ChannelClosed).await;
        });
    }

    /// Whether a channel exists, open or not.
    pub fn exists(&self) -> bool {
        self.held().is_some()
    }

    /// Waits until the peer has acknowledged all that was sent.
    pub async fn flushed(&self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        while let Some(channel) = self.held()
            && channel.outstanding_bytes().await.is_ok_and(|bytes| bytes > 0)
        {
            look.tick().await;
        }
    }

    fn held(&self) -> Option<Arc<dyn DataChannel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends one text message.
    pub async fn send(&self, text: &str) -> Result<(), PeerError> {
        let channel = self.held().ok_or(PeerError::ChannelNotOpen)?;
        channel.try_send_text(text).await.map_err(|error| match error {
            webrtc::error::Error::ErrSendBufferFull => PeerError::ChannelFull,
            _ => PeerError::ChannelNotOpen,
        })
    }
}
