//! The video receiver: its threads, and the handle that feeds them.
use super::{
    Assembler, AvSync, EncodedFrame, EncodedSink, VideoSink,
    render::{self, Item, Outputs},
    timing::VideoTiming,
};
use crate::{
    clock::MediaClock,
    codec::{CodecError, VideoCodec, VideoDecoder},
    error::{PipelineError, spawn},
    frame::{I420, MediaTime},
    rtp::RtpPacket,
    slot::lock,
    stats::{VideoReceiveCounters, VideoReceiveStats, us},
};
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

/// Decoded pictures that may wait for their moment: 250 ms at 30 frames a second. Where they are to wait longer, decoding
/// waits, and the assembler keeps the packets.
const RENDER_QUEUE: usize = 8;
/// A closed gate asks for a key frame this often.
const GATE_REQUEST_INTERVAL: Duration = Duration::from_millis(500);
/// How long the decode thread sleeps when nothing is due; packets wake it.
const IDLE: Duration = Duration::from_secs(3600);

/// What a video receiver has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoReceiveEvent {
    /// Nothing can be shown before a key frame: send a PLI.
    KeyFrameNeeded,
}

/// A running video receiver. Dropping it ends its threads.
pub struct VideoReceive {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    outputs: Arc<Mutex<Outputs>>,
    counters: Arc<VideoReceiveCounters>,
}

#[derive(Default)]
struct State {
    assembler: Assembler,
    /// Counts the streams that have followed one another.
    stream: u64,
    want_decoded: bool,
    /// The encoded sink by number: each one must begin with a key frame.
    encoded_sink: Option<u64>,
    encoded_sinks: u64,
    closed: bool,
}

impl VideoReceive {
    /// Starts without a sink. `events` is called on the decode thread and must not block.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub fn start(
        sync: AvSync,
        events: impl FnMut(VideoReceiveEvent) + Send + 'static,
    ) -> Result<Self, PipelineError> {
        let (outputs, counters) = (Arc::<Mutex<Outputs>>::default(), Arc::<VideoReceiveCounters>::default());
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            outputs: Arc::clone(&outputs),
            counters: Arc::clone(&counters),
        });
        let (items, queue) = sync_channel(RENDER_QUEUE);
        let this = Self { shared: Arc::clone(&shared) };
        spawn("video-render", move || render::run(&queue, &outputs, &counters))?;
        let stage = DecodeStage {
            sync,
            events,
            items,
            timing: VideoTiming::default(),
            stream: 0,
            decoder: None,
            decoder_open: false,
            encoded_open: None,
            last_request: None,
        };
        spawn("video-decode", move || stage.run(&shared))?;
        Ok(this)
    }

    /// Takes a packet in any order; cheap, for the network's thread.
    pub fn push(&self, codec: VideoCodec, packet: RtpPacket, arrival: MediaTime) {
        let counters = &self.shared.counters;
        counters.packets.add(1);
        counters.bytes.add(packet.payload.len());
        if !lock(&self.shared.state).assembler.push(codec, packet, arrival) {
            counters.packets_discarded.add(1);
        }
        self.shared.changed.notify_one();
    }

    /// Another stream takes the place of the one before, with numbers and times of its own: it begins with a key frame.
    pub fn begin_anew(&self) {
        let mut state = lock(&self.shared.state);
        state.assembler.begin_anew();
        state.stream += 1;
    }

    /// Shows decoded pictures in `sink`, or stops decoding.
    pub fn set_decoded_sink(&self, sink: Option<Box<dyn VideoSink>>) {
        lock(&self.shared.state).want_decoded = sink.is_some();
        let mut outputs = lock(&self.shared.outputs);
        outputs.decoded = sink;
        outputs.note_unseen();
    }

    /// Gives encoded frames to `sink`, from the next key frame on, or to nobody.
    pub fn set_encoded_sink(&self, sink: Option<Box<dyn EncodedSink>>) {
        let mut outputs = lock(&self.shared.outputs);
        let mut state = lock(&self.shared.state);
        state.encoded_sinks += 1;
        outputs.encoded = sink.map(|sink| (state.encoded_sinks, sink));
        outputs.note_unseen();
        state.encoded_sink = outputs.encoded.as_ref().map(|(number, _)| *number);
    }

    /// Tells the round trip, for how long a retransmission is waited for.
    pub fn set_round_trip(&self, rtt: Duration) {
        lock(&self.shared.state).assembler.set_round_trip(rtt);
    }

    /// Tells whether the sender is one of ours ([`Assembler::trust_chains`]).
    pub fn trust_chains(&self, ours: bool) {
        lock(&self.shared.state).assembler.trust_chains(ours);
    }

    /// Tells whether the other side's camera is on: the gap while it is not is a pause, and no freeze.
    pub fn set_camera_on(&self, on: bool) {
        let mut outputs = lock(&self.shared.outputs);
        outputs.camera_off = !on;
        outputs.paused |= !on;
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> VideoReceiveStats {
        self.shared.counters.snapshot()
    }
}

impl Drop for VideoReceive {
    fn drop(&mut self) {
        lock(&self.shared.state).closed = true;
        self.shared.changed.notify_one();
    }
}

/// What happens to each whole frame.
struct DecodeStage<F> {
    sync: AvSync,
    events: F,
    items: SyncSender<Item>,
    /// Of this stream.
    timing: VideoTiming,
    stream: u64,
    decoder: Option<(VideoCodec, Box<dyn VideoDecoder>)>,
    /// Whether the decoder has what the next frame refers to.
    decoder_open: bool,
    /// The encoded sink that has been given what the next frame refers to.
    encoded_open: Option<u64>,
    last_request: Option<MediaTime>,
}

/// What the assembler has for the decode stage.
enum Next {
    Frame { frame: EncodedFrame, stream: u64, want_decoded: bool, encoded_sink: Option<u64> },
    RequestKeyFrame,
    Closed,
}

impl<F: FnMut(VideoReceiveEvent)> DecodeStage<F> {
    fn run(mut self, shared: &Shared) {
        loop {
            match shared.next() {
                Next::Frame { frame, stream, want_decoded, encoded_sink } => {
                    if std::mem::replace(&mut self.stream, stream) != stream {
                        (self.timing, self.decoder_open, self.encoded_open) = Default::default();
                    }
                    if !self.frame(frame, want_decoded, encoded_sink, &shared.counters) {
                        return;
                    }
                }
                Next::RequestKeyFrame => self.request(&shared.counters),
                Next::Closed => return,
            }
        }
    }

    fn request(&mut self, counters: &VideoReceiveCounters) {
        self.last_request = Some(MediaClock::now());
        counters.key_frame_requests.add(1);
        (self.events)(VideoReceiveEvent::KeyFrameNeeded);
    }

    /// Returns `false` where the render stage has gone.
    fn frame(
        &mut self,
        frame: EncodedFrame,
        want_decoded: bool,
        encoded_sink: Option<u64>,
        counters: &VideoReceiveCounters,
    ) -> bool {
        if frame.codec.is_too_large(&frame.data) {
            tracing::debug!("a picture is left out, since it would be too large");
            (self.decoder_open, self.encoded_open) = (false, None);
            return true;
        }
        counters.frames_assembled.add(1);
        counters.key_frames.add(usize::from(frame.key));
        self.decoder_open = want_decoded && (self.decoder_open || frame.key);
        if encoded_sink.is_none() || frame.key {
            self.encoded_open = encoded_sink;
        }
        let for_sink = encoded_sink.filter(|_| self.encoded_open == encoded_sink);
        let now = MediaClock::now();
        let due = if frame.is_past { now } else { self.due(&frame, now) };
        let mut image = None;
        if self.decoder_open {
            match self.decode(&frame) {
                Ok(picture) => {
                    let took = MediaClock::now() - now;
                    counters.decode_ms.average(took);
                    counters.decode_us.add(us(took));
                    if let Some(picture) = &picture {
                        counters.frames_decoded.add(1);
                        counters.key_frames_decoded.add(usize::from(frame.key));
                        counters.size.set(picture.width(), picture.height());
                    }
                    counters.frames_dropped.add(usize::from(frame.is_past));
                    image = picture.filter(|_| !frame.is_past);
                }
                Err(error) => {
                    tracing::debug!(%error, key = frame.key, "frame not decoded");
                    self.decoder_open = false;
                }
            }
        }
        let shut = (want_decoded && !self.decoder_open) || for_sink != encoded_sink;
        if shut && self.last_request.is_none_or(|last| now - last >= GATE_REQUEST_INTERVAL) {
            self.request(counters);
        }
        if image.is_none() && for_sink.is_none() {
            return true;
        }
        self.items.send(Item { frame, image, encoded_sink: for_sink, due }).is_ok()
    }

    fn due(&mut self, frame: &EncodedFrame, now: MediaTime) -> MediaTime {
        let due = self.timing.due(frame.rtp_time, frame.complete_at);
        self.sync.video_due(frame.rtp_timestamp, now).map_or(due, |synced| due.max(synced))
    }

    fn decode(&mut self, frame: &EncodedFrame) -> Result<Option<Arc<I420>>, CodecError> {
        let decoder = match &mut self.decoder {
            Some((codec, decoder)) if *codec == frame.codec => decoder,
            slot => &mut slot.insert((frame.codec, frame.codec.decoder()?)).1,
        };
        decoder.decode(&frame.data)
    }
}

impl Shared {
    /// Waits for something to do.
    fn next(&self) -> Next {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return Next::Closed;
            }
            let now = MediaClock::now();
            if let Some(frame) = state.assembler.pop(now) {
                let (want_decoded, encoded_sink) = (state.want_decoded, state.encoded_sink);
                return Next::Frame { frame, stream: state.stream, want_decoded, encoded_sink };
            }
            if state.assembler.poll_key_frame_request(now) {
                return Next::RequestKeyFrame;
            }
            let wait = state.assembler.request_due().map_or(IDLE, |due| due - now);
            (state, _) = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(all(test, feature = "vp8", feature = "h264"))]
#[path = "video_tests.rs"]
mod tests;
