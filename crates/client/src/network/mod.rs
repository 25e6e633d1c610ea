//! What this machine's network is, and when it becomes another.
//!
//! ```text
//!   hints (netlink, routing socket, IP helper) --+
//!   a look every few seconds --------------------+--> Changes (pure) --> Usable::look --> News
//!   a clock that goes on while asleep --> Sleep (pure) ---------------------------------> News
//! ```
//! The system only says *when* to look. What is there is then asked in one way on every system.
mod changes;
mod hints;
mod sleep;
mod usable;

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_vendor = "apple", windows)))]
#[path = "other.rs"]
mod system;

use crate::{clock::Clock, task::Task};
use changes::Changes;
use sleep::Sleep;
use std::sync::Arc;
use tokio::sync::mpsc;
pub(crate) use usable::Usable;

/// News that may wait: the reader only hands them on.
const NEWS: usize = 16;

/// What has become of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It is another than before.
    Changed {
        /// What it was when there last was one.
        before: Arc<Usable>,
        /// What it is.
        now: Arc<Usable>,
    },
    /// The machine has slept. The network may be the same, and every connection dead.
    Woken,
}

/// Watches until dropped.
pub(crate) struct Watch {
    news: mpsc::Receiver<News>,
    _task: Task,
}

impl Watch {
    /// Starts to watch.
    pub(crate) fn start() -> Self {
        let (sender, news) = mpsc::channel(NEWS);
        Self { news, _task: Task::spawn(watch(sender)) }
    }

    /// Waits for the next news.
    pub(crate) async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

async fn watch(news: mpsc::Sender<News>) {
    let clock = Clock::start();
    let mut hints = system::hints().unwrap_or_else(|error| {
        tracing::warn!(%error, "changes of the network are only seen by looking");
        Box::new(hints::None)
    });
    let mut changes = Changes::new(look().unwrap_or_default(), clock.now());
    let mut sleep = Sleep::default();
    let mut tick = tokio::time::interval(sleep::TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let look_at = tokio::time::Instant::from_std(clock.instant_of(changes.next_look()));
        let found = tokio::select! {
            hint = hints.next() => {
                if let Err(error) = hint {
                    tracing::warn!(%error, "changes of the network are only seen by looking");
                    hints = Box::new(hints::None);
                }
                changes.on_hint(clock.now());
                None
            }
            () = tokio::time::sleep_until(look_at) => match look() {
                Some(found) => changes
                    .on_look(found, clock.now())
                    .map(|(before, now)| News::Changed { before, now }),
                None => {
                    changes.on_failed_look(clock.now());
                    None
                }
            },
            _ = tick.tick() => sleep.on_tick(system::awake_or_asleep()).then_some(News::Woken),
        };
        if let Some(found) = found {
            tracing::info!(?found, "network");
            if news.send(found).await.is_err() {
                return;
            }
        }
    }
}

fn look() -> Option<Usable> {
    Usable::look().inspect_err(|error| tracing::warn!(%error, "this machine's addresses are unknown")).ok()
}
