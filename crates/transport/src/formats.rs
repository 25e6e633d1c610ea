//! What the payload types of the peer's pictures stand for. It may go over from one to another in mid-stream, and rtc tells
//! its chain of the first one only.
use rtc::interceptor::StreamInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A format that was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoFormat {
    /// RTP payload type of pictures in it.
    pub payload_type: u8,
    /// Such as `video/VP8`.
    pub mime_type: String,
    /// RTP payload type of what repeats them.
    pub repairs: Option<u8>,
}

/// All that were agreed on. Shared with whoever negotiates.
#[derive(Debug, Clone, Default)]
pub struct VideoFormats(Arc<Mutex<Vec<VideoFormat>>>);

impl VideoFormats {
    /// From now on these are.
    pub fn set(&self, formats: Vec<VideoFormat>) {
        *self.lock() = formats;
    }

    /// The payload type of what a retransmission of that payload type repeats.
    pub(crate) fn repaired_by(&self, repairs: u8) -> Option<u8> {
        self.lock().iter().find(|format| format.repairs == Some(repairs)).map(|format| format.payload_type)
    }

    fn mime_type(&self, payload_type: u8) -> Option<String> {
        let formats = self.lock();
        formats.iter().find(|format| format.payload_type == payload_type).map(|f| f.mime_type.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<VideoFormat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a received stream is in at present.
#[derive(Debug)]
pub(crate) struct Current {
    payload_type: u8,
    mime_type: String,
}

impl Current {
    /// At first.
    pub fn of(stream: &StreamInfo) -> Self {
        Self { payload_type: stream.payload_type, mime_type: stream.mime_type.clone() }
    }

    /// Such as `video/VP8`.
    pub fn mime_type(&self) -> &str {
        &self.mime_type
    }

    /// The next packet is of that payload type; whether that is another format than the one before had. What was not agreed
    /// on changes nothing.
    pub fn follow(&mut self, payload_type: u8, agreed: &VideoFormats) -> bool {
        if payload_type == self.payload_type {
            return false;
        }
        let Some(mime_type) = agreed.mime_type(payload_type) else { return false };
        *self = Self { payload_type, mime_type };
        true
    }
}
