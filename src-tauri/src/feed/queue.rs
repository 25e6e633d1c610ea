//! What waits for one socket: at most one decoded picture, at most a few encoded ones.
//!
//! Decoded pictures: the latest wins, and it waits until the UI is ready for it. Encoded pictures depend on each other:
//! they go in order, and where one had to be dropped everything is dropped until the next key frame.
use super::wire::{Codec, Want};
use eyeline_client::viewer::{EncodedPicture, RemoteForm};
use eyeline_media::frame::{MediaTime, VideoFrame};
use std::{collections::VecDeque, time::Duration};

/// Encoded pictures that may wait to be seen: a quarter of a second at 30 a second. Later than that a fresh start is better.
const MOST_ENCODED: usize = 8;
/// Those included that are only to be decoded: two seconds at 30 a second. A chain that was repaired brings many at once.
const MOST_OF_ALL: usize = 64;
/// A key frame that was asked for and did not come is asked for again after this: a few round trips and an encoder's turn.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The next thing to send.
#[derive(Debug)]
pub enum Outgoing {
    /// What was drawn last is no longer true.
    Cleared,
    /// An encoded picture.
    Encoded(EncodedPicture),
    /// A decoded picture, not yet scaled; the UI will say when it is ready for another.
    Decoded(VideoFrame, Want),
}

/// Whether the other side must be asked for a key frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum KeyFrame {
    /// It must.
    Ask,
    /// There is no need, or it was asked a moment ago.
    No,
}

/// What waits for one socket.
#[derive(Debug, Default)]
pub struct Queue {
    spacing: Duration,
    want: Option<Want>,
    hidden: bool,
    cleared: bool,
    ui_busy: bool,
    latest: Option<VideoFrame>,
    last_decoded_at: Option<MediaTime>,
    encoded: VecDeque<EncodedPicture>,
    /// Encoded pictures can be understood from the next key frame on only.
    broken: bool,
    asked_at: Option<MediaTime>,
    /// The UI has no decoder for what the other side sends.
    undecodable: bool,
}

impl Queue {
    /// An empty queue. No decoded picture is sent sooner than `spacing` after the one before, by capture time.
    #[must_use]
    pub fn new(spacing: Duration) -> Self {
        Self { spacing, ..Self::default() }
    }

    /// The form in which pictures are of use now.
    pub fn form(&self) -> RemoteForm {
        match &self.want {
            Some(want) if want.looks() && !self.hidden => {
                if self.undecodable || want.codecs.iter().all(|codec| !want.takes_encoded(*codec)) {
                    RemoteForm::Decoded
                } else {
                    RemoteForm::Encoded
                }
            }
            Some(_) | None => RemoteForm::Nothing,
        }
    }

    /// How large pictures are drawn, in pixels of the screen: 0 by 0 where nobody looks; unknown, where there is no UI.
    pub fn view(&self) -> Option<(u32, u32)> {
        self.want.as_ref().map(|want| if self.hidden { (0, 0) } else { (want.width, want.height) })
    }

    /// The UI says how it wants pictures.
    pub fn want(&mut self, want: Want) {
        self.change_form(|queue| {
            queue.undecodable &= queue.want.as_ref().is_some_and(|old| old.codecs == want.codecs);
            queue.want = Some(want);
        });
    }

    /// The window is hidden or shown.
    pub fn set_hidden(&mut self, hidden: bool) {
        self.change_form(|queue| queue.hidden = hidden);
    }

    /// The UI has taken the decoded picture.
    pub fn ready(&mut self) {
        self.ui_busy = false;
    }

    /// The UI's decoder cannot go on without a key frame.
    pub fn decoder_is_lost(&mut self) {
        self.encoded.clear();
        self.broken = true;
    }

    /// A decoded picture; it takes the place of one that still waits.
    pub fn offer_decoded(&mut self, frame: VideoFrame) {
        let too_soon = self
            .last_decoded_at
            .is_some_and(|last| frame.captured_at >= last && frame.captured_at - last < self.spacing);
        if self.form() != RemoteForm::Nothing && !too_soon {
            self.last_decoded_at = Some(frame.captured_at);
            self.latest = Some(frame);
        }
    }

    /// An encoded picture; dropped where it could not be decoded for want of an earlier one, which asks for a key frame.
    pub fn offer_encoded(&mut self, picture: EncodedPicture) -> KeyFrame {
        let Some(want) = &self.want else {
            return KeyFrame::No;
        };
        if !want.takes_encoded(Codec::from(picture.codec)) {
            self.change_form(|queue| queue.undecodable = true);
            return KeyFrame::No;
        }
        if self.form() != RemoteForm::Encoded {
            return KeyFrame::No;
        }
        let is_full = self.encoded.len() >= MOST_OF_ALL
            || self.encoded.iter().filter(|picture| !picture.is_past).count() >= MOST_ENCODED;
        if picture.key_frame && (self.broken || is_full) {
            self.encoded.clear();
            (self.broken, self.asked_at) = (false, None);
        }
        self.broken |= is_full && !picture.key_frame;
        if self.broken {
            return self.ask(picture.shown_at);
        }
        self.encoded.push_back(picture);
        KeyFrame::No
    }

    /// What was drawn last is no longer true; neither is what still waits.
    pub fn clear(&mut self) {
        self.latest = None;
        self.encoded.clear();
        (self.cleared, self.broken, self.undecodable) = (true, true, false);
    }

    /// The next thing to send, if anything can be sent now.
    pub fn next(&mut self) -> Option<Outgoing> {
        let want = self.want.as_ref()?;
        if std::mem::take(&mut self.cleared) {
            return Some(Outgoing::Cleared);
        }
        if let Some(picture) = self.encoded.pop_front() {
            return Some(Outgoing::Encoded(picture));
        }
        if self.ui_busy {
            return None;
        }
        let frame = self.latest.take()?;
        self.ui_busy = true;
        Some(Outgoing::Decoded(frame, want.clone()))
    }

    /// Makes a change; a stream of encoded pictures that begins with it begins at a key frame.
    fn change_form(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.form();
        change(self);
        if self.form() != before {
            self.latest = None;
            self.encoded.clear();
            self.broken = true;
        }
    }

    fn ask(&mut self, now: MediaTime) -> KeyFrame {
        if self.asked_at.is_some_and(|asked| now - asked < ASK_AGAIN) {
            return KeyFrame::No;
        }
        self.asked_at = Some(now);
        KeyFrame::Ask
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
