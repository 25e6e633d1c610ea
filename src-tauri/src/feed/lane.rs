//! Where media threads hand pictures of one side to the socket that shows them.
//!
//! ```text
//!   media thread -- put --> Lane { Queue } -- take --> Seat (the socket's task)
//! ```
//!
//! A lane has one seat: who opens a new one (a reloaded UI) turns the former out.
use super::queue::{Outgoing, Queue};
use eyeline_client::viewer::RemoteForm;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// The way of one side's pictures.
#[derive(Debug)]
pub struct Lane {
    spacing: Duration,
    form: watch::Sender<RemoteForm>,
    view: watch::Sender<Option<(u32, u32)>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    hidden: bool,
    seat: Option<Arc<Notify>>,
}

/// The right to take pictures from a lane. Dropping it leaves the lane.
#[derive(Debug)]
pub struct Seat {
    lane: Arc<Lane>,
    wake: Arc<Notify>,
}

/// Another socket has taken the seat.
#[derive(Debug, PartialEq, Eq)]
pub struct TurnedOut;

impl Lane {
    /// A lane on which decoded pictures keep at least this much time between them.
    #[must_use]
    pub fn new(spacing: Duration) -> Self {
        Self {
            spacing,
            form: watch::Sender::new(RemoteForm::Nothing),
            view: watch::Sender::new(None),
            state: Mutex::default(),
        }
    }

    /// Takes the seat.
    #[must_use]
    pub fn sit(self: &Arc<Self>) -> Seat {
        let wake = Arc::new(Notify::new());
        let former = self.with(|state| {
            state.queue = Queue::new(self.spacing);
            state.queue.set_hidden(state.hidden);
            state.seat.replace(Arc::clone(&wake))
        });
        if let Some(former) = former {
            former.notify_one();
        }
        Seat { lane: Arc::clone(self), wake }
    }

    /// The form in which pictures are of use, now and as it changes.
    pub fn form(&self) -> watch::Receiver<RemoteForm> {
        self.form.subscribe()
    }

    /// How large pictures are drawn, now and as it changes ([`Queue::view`]).
    pub fn view(&self) -> watch::Receiver<Option<(u32, u32)>> {
        self.view.subscribe()
    }

    /// The window is hidden or shown.
    pub fn set_hidden(&self, hidden: bool) {
        self.with(|state| {
            state.hidden = hidden;
            state.queue.set_hidden(hidden);
        });
    }

    /// Puts something into the queue and wakes the socket. Never blocks for longer than a few moves.
    pub fn put<T>(&self, put: impl FnOnce(&mut Queue) -> T) -> T {
        self.with(|state| {
            let result = put(&mut state.queue);
            if let Some(seat) = &state.seat {
                seat.notify_one();
            }
            result
        })
    }

    /// Every change goes through here, so that the form and the size which others see are those of the queue.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let (form, view) = (state.queue.form(), state.queue.view());
        self.view.send_if_modified(|shown| std::mem::replace(shown, view) != view);
        self.form.send_if_modified(|shown| std::mem::replace(shown, form) != form);
        result
    }
}

impl Seat {
    /// Waits until there may be something to take.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The next thing to send, if anything can be sent now.
    ///
    /// # Errors
    /// [`TurnedOut`]: this socket is to be closed.
    pub fn take(&self) -> Result<Option<Outgoing>, TurnedOut> {
        self.change(Queue::next)
    }

    /// Changes how pictures are wanted.
    ///
    /// # Errors
    /// [`TurnedOut`]: this socket is to be closed.
    pub fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> Result<T, TurnedOut> {
        self.lane.with(|state| if self.sits(state) { Ok(change(&mut state.queue)) } else { Err(TurnedOut) })
    }

    fn sits(&self, state: &State) -> bool {
        state.seat.as_ref().is_some_and(|seat| Arc::ptr_eq(seat, &self.wake))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lane.with(|state| {
            if self.sits(state) {
                state.seat = None;
                state.queue = Queue::default();
            }
        });
    }
}
