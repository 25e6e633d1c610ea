//! A thread that owns a device, and what becomes of it when the device's user lets go.
use eyeline_media::device::PULL_LIMIT;
use std::{
    convert::Infallible,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

/// A running thread. Dropping it asks the thread to end, and waits until it has: at most [`PULL_LIMIT`], after which a
/// thread that hangs in a driver is left behind.
pub(crate) struct Worker {
    name: &'static str,
    stop: Option<SyncSender<Infallible>>,
    done: Receiver<Infallible>,
}

/// The thread's side of [`Worker`].
pub(crate) struct Stop(Receiver<Infallible>);

impl Stop {
    /// Whether the thread should end.
    #[cfg(feature = "camera")]
    pub(crate) fn requested(&self) -> bool {
        matches!(self.0.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected))
    }

    /// Waits for at most `limit`; true where the thread should end.
    #[cfg(feature = "audio")]
    pub(crate) fn requested_within(&self, limit: Duration) -> bool {
        matches!(self.0.recv_timeout(limit), Err(RecvTimeoutError::Disconnected))
    }
}

impl Worker {
    /// Starts `body` on a thread called `name`.
    ///
    /// # Errors
    /// The system's, where it grants no thread.
    pub(crate) fn spawn(
        name: &'static str,
        body: impl FnOnce(&Stop) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let (alive, done) = sync_channel(0);
        thread::Builder::new().name(name.into()).spawn(move || {
            // Dropped last, even where a driver panics: that is what `done` waits for.
            let _alive = alive;
            body(&Stop(stopped));
        })?;
        Ok(Self { name, stop: Some(stop), done })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop = None;
        if matches!(self.done.recv_timeout(PULL_LIMIT), Err(RecvTimeoutError::Timeout)) {
            tracing::warn!(thread = self.name, "the driver hangs; its thread is left behind");
        }
    }
}

/// Runs `ask` on a thread of its own and waits for its answer, for at most `limit`: drivers may hang, or panic.
///
/// None where there was no answer.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    ask: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    // One answer, once.
    let (answer, answered) = sync_channel(1);
    thread::Builder::new()
        .name("device-query".into())
        .spawn(move || {
            // Nobody listens any more where the limit has passed.
            let _late = answer.send(ask());
        })
        .ok()?;
    answered.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_worker_waits_for_its_end() {
        let (ended, has_ended) = sync_channel(1);
        let worker = Worker::spawn("test", move |stop| {
            while !stop.requested() {
                thread::yield_now();
            }
            ended.send(()).unwrap();
        })
        .unwrap();
        drop(worker);
        has_ended.try_recv().unwrap();
    }

    #[test]
    fn an_answer_that_hangs_is_given_up() {
        let (release, held) = sync_channel::<()>(0);
        assert_eq!(within(Duration::from_millis(20), move || held.recv().is_err()), None);
        drop(release);
    }

    #[test]
    fn a_panic_in_a_driver_stays_there() {
        assert_eq!(within(PULL_LIMIT, || -> u8 { panic!("a driver's bug") }), None);
    }
}
