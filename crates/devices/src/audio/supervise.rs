//! The thread that owns a stream: builds it, watches it, rebuilds it, and tells when it is lost.
use super::host::{self, Direction, Hosts, typed};
use crate::worker::Worker;
use cpal::{Device, ErrorKind, Stream};
use eyeline_media::{clock::MediaClock, device::DeviceError, frame::MediaTime};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel},
    },
    time::Duration,
};

/// How often a stream is looked at.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// After so many checks without a callback it is asked whether the device is still there: the longest period in use
/// is some 100 ms (Bluetooth).
const QUIET_CHECKS: u32 = 8;
/// How many checks lie between two looks whether PulseAudio has moved the stream: when a device is unplugged it plays
/// on, or records, on another one, without a word.
const MOVED_CHECKS: u64 = 8;
/// After so many checks without a callback the stream is rebuilt. PulseAudio may have rendered two seconds ahead for a
/// device that nobody used, and starts a new stream behind that (measured: 1.6 s on a null sink).
const STALLED_CHECKS: u32 = 30;
/// So many rebuilds without a callback, and the device counts as lost.
const REBUILDS: u32 = 2;
/// A thread that shows no life for so long hangs in its driver, as cpal does where a PulseAudio server dies while it is
/// spoken to: a question to the server and the opening of a stream take less.
const HUNG: Duration = Duration::from_secs(8);
/// Longest that a device may take to open: Bluetooth headsets switch their profile first.
const OPEN_LIMIT: Duration = Duration::from_secs(5);

/// What callbacks say without waiting for anybody.
#[derive(Default)]
pub(super) struct Health {
    /// Callbacks so far.
    pub(super) callbacks: AtomicU64,
    /// Samples that were missing (speaker) or found no room (microphone).
    pub(super) missed: AtomicU64,
    /// Between ring and air, in microseconds.
    pub(super) device_latency_us: AtomicU64,
    /// Samples that a callback moves.
    pub(super) period: AtomicU32,
    fault: AtomicU8,
    /// Signs of life of the stream's thread.
    beats: AtomicU64,
}

const SOUND: u8 = 0;
const INVALID: u8 = 1;
const GONE: u8 = 2;

impl Health {
    /// Notes what a stream complains of.
    pub(super) fn complain(&self, error: &cpal::Error) {
        match error.kind() {
            // It goes on by itself.
            ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
            ErrorKind::DeviceNotAvailable => self.fault.store(GONE, Relaxed),
            _ => self.fault.store(INVALID, Relaxed),
        }
    }
}

/// A stream with its thread. `F` is our end of what the callback reads or writes; there is a new one each time that
/// the stream is rebuilt.
pub(super) struct Supervised<F> {
    pub(super) health: Arc<Health>,
    direction: Direction,
    silence: Cell<Silence>,
    feeds: Receiver<Result<F, DeviceError>>,
    // Dropped after `feeds`: a thread that waits to hand over a feed gives up.
    _worker: Worker,
}

impl<F: Send + 'static> Supervised<F> {
    /// Opens the device named by `id`, or the default one, by `build`, which is called on the stream's own thread.
    pub(super) fn open(
        hosts: Arc<Hosts>,
        direction: Direction,
        id: Option<&str>,
        build: impl Fn(&Device, &Arc<Health>) -> Result<(Stream, F), cpal::Error> + Send + 'static,
    ) -> Result<(Self, F), DeviceError> {
        let health = Arc::<Health>::default();
        // One: the consumer takes each as it comes, or is about to be dropped.
        let (feed, feeds) = sync_channel(1);
        let (id, shared) = (id.map(str::to_owned), health.clone());
        let failed = |reason: String| DeviceError::Other { device: direction.kind().into(), reason };
        let worker = Worker::spawn(direction.kind(), move |stop| {
            let name = id.clone().unwrap_or_else(|| direction.kind().into());
            let mut device =
                Supervisor { hosts: &hosts, direction, id, name, health: &shared, build: &build };
            let mut next = device.build();
            let mut in_vain = 0;
            loop {
                let stream = match next {
                    Ok((stream, made)) => {
                        if feed.send(Ok(made)).is_err() {
                            return;
                        }
                        stream
                    }
                    Err(error) => {
                        let _given_up = feed.send(Err(error));
                        return;
                    }
                };
                let before = shared.callbacks.load(Relaxed);
                let Some(verdict) = device.watch(|| stop.requested_within(CHECK_EVERY)) else {
                    return;
                };
                drop(stream);
                tracing::debug!(device = device.name, "stream ended");
                in_vain = if shared.callbacks.load(Relaxed) == before { in_vain + 1 } else { 0 };
                next = match verdict {
                    Verdict::Rebuild if in_vain <= REBUILDS => {
                        device.build().map_err(|e| device.gone_if_missing(e))
                    }
                    Verdict::Rebuild | Verdict::Lost => Err(device.lost()),
                };
            }
        })
        .map_err(|e| failed(e.to_string()))?;
        let first = match feeds.recv_timeout(OPEN_LIMIT) {
            Ok(first) => first?,
            Err(RecvTimeoutError::Timeout) => return Err(DeviceError::Timeout(direction.kind().into())),
            Err(RecvTimeoutError::Disconnected) => return Err(failed("its driver broke".into())),
        };
        Ok((Self { health, direction, silence: Cell::default(), feeds, _worker: worker }, first))
    }

    fn hangs(&self) -> bool {
        let silence = self.silence.get().look(MediaClock::now(), self.health.beats.load(Relaxed));
        self.silence.set(silence);
        silence.lasts > HUNG
    }

    /// A new feed where the stream was rebuilt.
    ///
    /// # Errors
    /// The one that ended the stream.
    pub(super) fn changed(&self) -> Result<Option<F>, DeviceError> {
        match self.feeds.try_recv() {
            Ok(feed) => feed.map(Some),
            Err(TryRecvError::Empty) if !self.hangs() => Ok(None),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                Err(DeviceError::Lost(self.direction.kind().into()))
            }
        }
    }
}

/// For how long the stream's thread has shown no life, as far as somebody was there to see it: a machine that sleeps is
/// no driver that hangs.
#[derive(Debug, Clone, Copy, Default)]
struct Silence {
    beats: u64,
    looked: MediaTime,
    lasts: Duration,
}

impl Silence {
    fn look(self, now: MediaTime, beats: u64) -> Self {
        let lasts = self.lasts + (now - self.looked).min(CHECK_EVERY);
        Self { beats, looked: now, lasts: if beats == self.beats { lasts } else { Duration::ZERO } }
    }
}

struct Supervisor<'a, B> {
    hosts: &'a Arc<Hosts>,
    direction: Direction,
    id: Option<String>,
    name: String,
    health: &'a Arc<Health>,
    build: &'a B,
}

enum Verdict {
    Rebuild,
    Lost,
}

impl<F, B: Fn(&Device, &Arc<Health>) -> Result<(Stream, F), cpal::Error>> Supervisor<'_, B> {
    /// Finds the device and starts a stream. Once found it stays that device: where another one should take its
    /// place, it is for the user to know.
    fn build(&mut self) -> Result<(Stream, F), DeviceError> {
        let (device, id) = host::find(self.hosts, self.direction, self.id.as_deref())?;
        self.name = host::name(&device, &id);
        self.id = Some(id);
        self.health.fault.store(SOUND, Relaxed);
        self.health.beats.fetch_add(1, Relaxed);
        (self.build)(&device, self.health).map_err(|e| typed(&self.name, e))
    }

    /// Watches until something has to be done; none where it should stop.
    fn watch(&self, mut stop: impl FnMut() -> bool) -> Option<Verdict> {
        let (mut seen, mut quiet) = (self.health.callbacks.load(Relaxed), 0);
        let moves = self.id.as_ref().is_some_and(|id| id.starts_with("pulseaudio:"));
        let mut checks = 0_u64;
        while !stop() {
            self.health.beats.fetch_add(1, Relaxed);
            checks += 1;
            let callbacks = self.health.callbacks.load(Relaxed);
            quiet = if callbacks == seen { quiet + 1 } else { 0 };
            seen = callbacks;
            match self.health.fault.load(Relaxed) {
                GONE => return Some(Verdict::Lost),
                INVALID => return Some(Verdict::Rebuild),
                _ if moves && checks.is_multiple_of(MOVED_CHECKS) && self.unplugged() => {
                    return Some(Verdict::Lost);
                }
                _ if quiet == QUIET_CHECKS && self.unplugged() => return Some(Verdict::Lost),
                _ if quiet >= STALLED_CHECKS => return Some(Verdict::Rebuild),
                _ => {}
            }
        }
        None
    }

    fn unplugged(&self) -> bool {
        let before = self.health.callbacks.load(Relaxed);
        match host::find(self.hosts, self.direction, self.id.as_deref()) {
            Err(DeviceError::NotFound { .. } | DeviceError::Lost(_)) => true,
            // A server that answers nobody may still play.
            Err(DeviceError::Timeout(_)) => self.health.callbacks.load(Relaxed) == before,
            Ok(_) | Err(_) => false,
        }
    }

    fn lost(&self) -> DeviceError {
        DeviceError::Lost(self.name.clone())
    }

    /// A device that was there and is not found again is lost.
    fn gone_if_missing(&self, error: DeviceError) -> DeviceError {
        if matches!(error, DeviceError::NotFound { .. }) { self.lost() } else { error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_shows_no_life_hangs_unless_the_machine_slept() {
        let at = |ms: i64| MediaTime(ms * 1_000);
        let mut silence = Silence::default();
        for ms in (0..60_000).step_by(100) {
            silence = silence.look(at(ms), ms as u64 / 1_000);
            assert!(silence.lasts < Duration::from_millis(1_000));
        }
        silence = silence.look(at(3_600_000), 59);
        assert!(silence.lasts < Duration::from_millis(1_200), "asleep for an hour");
        for ms in (0..=8_000).step_by(10) {
            silence = silence.look(at(3_600_000 + ms), 59);
        }
        assert!(silence.lasts > HUNG);
    }
}
