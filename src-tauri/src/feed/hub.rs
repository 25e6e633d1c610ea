//! The [`Viewer`] of the window: sorts pictures into the lanes of the two sides.
use super::{
    lane::Lane,
    queue::{KeyFrame, Queue},
};
use eyeline_client::viewer::{EncodedPicture, RemoteForm, Side, Viewer};
use eyeline_media::frame::VideoFrame;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// The self view shows at most 30 pictures a second: 33 ms apart, less what a camera's clock may jitter.
const OWN_SPACING: Duration = Duration::from_millis(30);

/// Both lanes, and the wish for a key frame.
#[derive(Debug)]
pub struct Hub {
    remote: Arc<Lane>,
    own: Arc<Lane>,
    key_frame: Notify,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            remote: Arc::new(Lane::new(Duration::ZERO)),
            own: Arc::new(Lane::new(OWN_SPACING)),
            key_frame: Notify::new(),
        }
    }
}

impl Hub {
    /// The lane of one side's pictures.
    #[must_use]
    pub fn lane(&self, side: Side) -> &Arc<Lane> {
        match side {
            Side::Own => &self.own,
            Side::Remote => &self.remote,
        }
    }

    /// The window is hidden or shown; while it is hidden nobody looks.
    pub fn set_hidden(&self, hidden: bool) {
        self.remote.set_hidden(hidden);
        self.own.set_hidden(hidden);
    }

    /// Waits until the other side is to be asked for a key frame. Wishes that come together are one.
    pub async fn key_frame_wanted(&self) {
        self.key_frame.notified().await;
    }
}

impl Viewer for Hub {
    fn remote_form(&self) -> watch::Receiver<RemoteForm> {
        self.remote.form()
    }

    fn remote_view(&self) -> watch::Receiver<Option<(u32, u32)>> {
        self.remote.view()
    }

    fn remote_decoded(&self, frame: VideoFrame) {
        self.remote.put(|queue| queue.offer_decoded(frame));
    }

    fn remote_encoded(&self, picture: EncodedPicture) {
        match self.remote.put(|queue| queue.offer_encoded(picture)) {
            KeyFrame::Ask => self.key_frame.notify_one(),
            KeyFrame::No => {}
        }
    }

    fn own(&self, frame: VideoFrame) {
        self.own.put(|queue| queue.offer_decoded(frame));
    }

    fn cleared(&self, side: Side) {
        self.lane(side).put(Queue::clear);
    }
}
