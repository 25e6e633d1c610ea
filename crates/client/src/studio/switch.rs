//! A device that is wanted or not, opened and closed off the actor: some drivers take seconds.
use crate::task::Task;
use std::sync::Arc;
use tokio::sync::watch;

/// Follows what is wanted; where it changes while a device opens, only the newest wish counts.
pub(super) struct Switch<C> {
    wanted: watch::Sender<Option<C>>,
    _task: Task,
}

impl<C: Clone + PartialEq + Send + Sync + 'static> Switch<C> {
    /// Starts with nothing wanted. `follow` opens the device of a choice, or closes the one that is open; it may block.
    pub(super) fn new(follow: impl Fn(Option<C>) + Send + Sync + 'static) -> Self {
        let (wanted, mut seen) = watch::channel(None);
        let follow = Arc::new(follow);
        let task = Task::spawn(async move {
            while seen.changed().await.is_ok() {
                let choice = seen.borrow_and_update().clone();
                let follow = Arc::clone(&follow);
                if tokio::task::spawn_blocking(move || follow(choice)).await.is_err() {
                    return;
                }
            }
        });
        Self { wanted, _task: task }
    }

    /// Wants that device, or none.
    pub(super) fn set(&self, choice: Option<C>) {
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != choice;
            *wanted = choice;
            changed
        });
    }

    /// The device has closed by itself: wanted once more, it is opened again.
    pub(super) fn forget(&self) {
        self.wanted.send_if_modified(|wanted| {
            *wanted = None;
            false
        });
    }
}
