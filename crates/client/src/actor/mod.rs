//! One actor holds the state of the program; everything else only sends it messages.
//!
//! ```text
//!   Command ---+                                   +--> Snapshot (whole, whenever anything in it changed)
//!   events ----+--> Actor::next --> Actor::take ---+
//!   relay -----+          |            ^           +--> requests, sockets, peer connection, devices
//!   peer ------+          v            |
//!   network ---+     CallMachine (pure call logic)
//!   timers ----+
//! ```
//! The actor never waits for anything but its next message: what takes time runs in tasks that report back.
mod account;
mod call;
mod commands;
mod contacts;
mod ice;
mod line;
mod message;
mod negotiator;
mod network;
mod people;
mod view;

use crate::{
    clock::Clock,
    command::Command,
    config::ClientConfig,
    network::{News, Watch},
    signaling::{ServerAddress, nudge::Nudge},
    snapshot::{DevicesView, Link, Notice, NoticeCode, ServerView, SideView, Snapshot},
    stats::CallStats,
    store::{Keeper, Remembered, Store},
    studio::Studio,
    viewer::Viewer,
};
use account::{Account, AccountUpdate, Entry};
use contacts::Contacts;
use eyeline_call::{CallMachine, Input};
use eyeline_media::device::DeviceBackend;
use line::{Line, LineUpdate};
pub(crate) use message::{INBOX, Message, Post};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// Longest that leaving may take: the last words to the server and to the other side.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);

/// The state of the program.
pub(crate) struct Actor {
    config: ClientConfig,
    devices: Arc<dyn DeviceBackend>,
    viewer: Arc<dyn Viewer>,
    clock: Clock,
    remembered: Remembered,
    keeper: Keeper,
    inbox: mpsc::Receiver<Message>,
    post: Post,
    /// Requests and farewells under way; each may end in a message.
    errands: JoinSet<Option<Message>>,
    server: Option<ServerAddress>,
    account: Account,
    /// Attempts to sign in so far.
    entries: u64,
    contacts: Contacts,
    notice: Option<Notice>,
    notices: u64,
    devices_view: DevicesView,
    /// The call logic of the person who is signed in.
    machine: Option<CallMachine>,
    line: Line,
    network: Watch,
    /// To the sockets to the server.
    nudge: Nudge,
    /// What a device's trouble has turned off in this call.
    troubled: SideView,
    snapshots: watch::Sender<Arc<Snapshot>>,
    stats: watch::Sender<Option<CallStats>>,
}

/// What the actor is made of and speaks through.
pub(crate) struct Ends {
    pub inbox: mpsc::Receiver<Message>,
    pub post: Post,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    pub stats: watch::Sender<Option<CallStats>>,
}

/// Whatever comes next.
enum Next {
    Message(Message),
    Account(AccountUpdate),
    Line(LineUpdate),
    Network(News),
    Timeout,
    /// Nobody holds a handle any more.
    Abandoned,
}

impl Actor {
    pub(crate) fn new(
        config: ClientConfig,
        devices: Arc<dyn DeviceBackend>,
        viewer: Arc<dyn Viewer>,
        ends: Ends,
    ) -> Self {
        let store = Store::new(&config.data_dir, config.remember);
        let remembered = store.load();
        let studio = Studio::new(&config, &remembered, Arc::clone(&devices), Arc::clone(&viewer));
        Self {
            config,
            devices,
            viewer,
            clock: Clock::start(),
            keeper: Keeper::start(store, remembered.clone()),
            server: remembered.server.as_deref().and_then(|s| ServerAddress::parse(s).ok()),
            remembered,
            inbox: ends.inbox,
            post: ends.post,
            errands: JoinSet::new(),
            account: Account::Nobody,
            entries: 0,
            contacts: Contacts::default(),
            notice: None,
            notices: 0,
            devices_view: DevicesView::default(),
            machine: None,
            line: Line::new(studio),
            network: Watch::start(),
            nudge: Nudge::default(),
            troubled: SideView::default(),
            snapshots: ends.snapshots,
            stats: ends.stats,
        }
    }

    /// Runs until shut down or abandoned.
    pub(crate) async fn run(mut self) {
        if let (Some(server), Some(token)) = (self.server.clone(), self.remembered.refresh_token.clone()) {
            self.begin_entry(server, Entry::Resume(token));
        }
        loop {
            self.publish();
            let next = self.next().await;
            match next {
                Next::Message(Message::Shutdown(done)) => {
                    self.leave().await;
                    let _ = done.send(());
                    return;
                }
                Next::Message(message) => self.take(message),
                Next::Account(update) => self.on_account(update),
                Next::Line(update) => self.on_line(update),
                Next::Network(news) => self.on_network(&news),
                Next::Timeout => self.feed(Input::Timeout),
                Next::Abandoned => {
                    self.leave().await;
                    return;
                }
            }
        }
    }

    async fn next(&mut self) -> Next {
        let deadline = self.machine.as_ref().and_then(CallMachine::poll_timeout);
        let deadline = deadline.map(|t| self.clock.instant_of(t));
        tokio::select! {
            message = self.inbox.recv() => message.map_or(Next::Abandoned, Next::Message),
            update = self.account.next() => Next::Account(update),
            update = self.line.next() => Next::Line(update),
            news = self.network.next() => Next::Network(news),
            Some(done) = self.errands.join_next() => match done {
                Ok(Some(message)) => Next::Message(message),
                Ok(None) | Err(_) => Next::Line(LineUpdate::Nothing),
            },
            () = sleep_until(deadline) => Next::Timeout,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Command(command) => self.obey(command),
            Message::KeyFrameWanted => self.line.request_key_frame(),
            Message::SignedIn { attempt, result } => self.on_signed_in(attempt, result),
            Message::Waiting { attempt, error } => self.on_waiting(attempt, &error),
            Message::Users { query, found } => self.on_users(&query, found),
            Message::Reply { request, result } => self.feed(Input::Reply { request, result: *result }),
            Message::Devices(found) => self.on_devices(found),
            // Taken by `run`, which has to wait for the end.
            Message::Shutdown(_) => {}
        }
    }

    /// Hangs up, and lets the last words out, to the others and to the disk.
    async fn leave(mut self) {
        self.obey(Command::HangUp);
        self.publish();
        let Self { mut errands, keeper, .. } = self;
        let farewells = async { while errands.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LEAVE_LIMIT, async { tokio::join!(farewells, keeper.finish()) }).await;
    }

    fn notify(&mut self, code: NoticeCode, detail: impl Into<String>) {
        self.notices += 1;
        self.notice = Some(Notice { id: self.notices, code, detail: detail.into() });
    }

    fn remember(&mut self, change: impl FnOnce(&mut Remembered)) {
        change(&mut self.remembered);
        self.keeper.save(&self.remembered);
    }

    fn publish(&self) {
        let snapshot = Snapshot {
            server: ServerView {
                url: self.server.as_ref().map(ToString::to_string).unwrap_or_default(),
                link: match &self.account {
                    Account::Nobody => Link::Idle,
                    Account::SigningIn { .. } => Link::Connecting,
                    Account::SignedIn(account) => account.link,
                },
                insecure: self.server.as_ref().is_some_and(ServerAddress::is_insecure),
            },
            account: self.account.signed_in().map(|a| a.user.clone()),
            busy: matches!(self.account, Account::SigningIn { waiting: false, .. })
                || self.contacts.searching,
            notice: self.notice.clone(),
            contacts: self.contacts.list().to_vec(),
            call: self.call_view(),
            devices: self.devices_view.clone(),
        };
        self.snapshots.send_if_modified(|current| {
            let changed = **current != snapshot;
            if changed {
                *current = Arc::new(snapshot);
            }
            changed
        });
    }
}

async fn sleep_until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
