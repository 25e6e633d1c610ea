//! A queue of one: the newest value wins, an older one that nobody took is dropped.
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The newest value of a stream. For pictures: a late stage then works on what is true now, never on a backlog.
#[derive(Debug)]
pub struct Latest<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    closed: bool,
}

/// What [`Latest::take`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// The newest value.
    Value(T),
    /// Nothing came in time.
    Timeout,
    /// Nothing will ever come again.
    Closed,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { value: None, closed: false }), changed: Condvar::new() }
    }
}

impl<T> Latest<T> {
    /// Puts a value in, and returns whether it replaced one that nobody took.
    pub fn put(&self, value: T) -> bool {
        let replaced = lock(&self.state).value.replace(value).is_some();
        self.changed.notify_one();
        replaced
    }

    /// Takes the newest value, waiting at most `limit` for one.
    pub fn take(&self, limit: Duration) -> Taken<T> {
        let state = lock(&self.state);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, limit, |state| state.value.is_none() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        match state.value.take() {
            Some(value) => Taken::Value(value),
            None if state.closed => Taken::Closed,
            None => Taken::Timeout,
        }
    }

    /// Empties it.
    pub fn clear(&self) {
        lock(&self.state).value = None;
    }

    /// Ends the stream: whoever waits gets [`Taken::Closed`].
    pub fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }
}

/// Locks, also where another thread panicked with the lock held: the states guarded here are valid at every step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_value_wins() {
        let slot = Latest::default();
        assert!(!slot.put(1));
        assert!(slot.put(2));
        assert_eq!(slot.take(Duration::ZERO), Taken::Value(2));
        assert_eq!(slot.take(Duration::ZERO), Taken::Timeout);
    }

    #[test]
    fn closing_wakes_a_waiter() {
        let slot = Latest::<u8>::default();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| slot.take(Duration::from_secs(60)));
            slot.close();
            assert_eq!(waiter.join().unwrap(), Taken::Closed);
        });
    }
}
