//! Who is signed in: from the form or from what is remembered, until signed out.
use super::{
    ice::IceList,
    message::{Message, Post},
};
use crate::{
    signaling::{
        Api, ServerAddress, SignalingError,
        backoff::Backoff,
        events::{Events, EventsUpdate},
        nudge::Nudge,
    },
    snapshot::{Link, NoticeCode},
    task::Task,
};
use eyeline_protocol::rest::{Login, Register, User};
use std::mem;
use tokio::sync::{mpsc, watch};

/// Events that may wait for the actor. It only hands work on, so a few suffice; a full queue slows the socket down.
const EVENTS: usize = 64;

/// Who is signed in.
pub(super) enum Account {
    /// Nobody.
    Nobody,
    /// Being asked of the server.
    SigningIn {
        /// Tells its outcome from those of attempts before.
        attempt: u64,
        /// Whether the server is waited for, that of a remembered session; meanwhile a person may sign in elsewhere.
        waiting: bool,
        /// Ends with this.
        _task: Task,
    },
    /// Somebody.
    SignedIn(Box<SignedIn>),
}

/// Somebody.
pub(super) struct SignedIn {
    pub api: Api,
    pub user: User,
    pub link: Link,
    pub events: Events,
    pub ice: IceList,
    updates: mpsc::Receiver<EventsUpdate>,
    session: watch::Receiver<eyeline_protocol::rest::Session>,
}

/// What a signed-in account reports.
pub(super) enum AccountUpdate {
    /// From the events socket.
    Events(EventsUpdate),
    /// The tokens were renewed.
    Renewed {
        /// To be remembered.
        refresh_token: String,
    },
}

/// What is asked of the server to sign in.
pub(super) enum Entry {
    /// An existing account.
    SignIn(Login),
    /// A new account.
    Register(Register),
    /// The remembered session.
    Resume(String),
}

impl Account {
    /// Starts an attempt; its outcome comes as [`Message::SignedIn`], and [`Message::Waiting`] before where it may be long.
    pub(super) fn enter(attempt: u64, server: ServerAddress, entry: Entry, post: Post) -> Self {
        let task = Task::spawn(async move {
            let result = match entry {
                Entry::SignIn(body) => Api::sign_in(server, &body).await,
                Entry::Register(body) => Api::register(server, &body).await,
                Entry::Resume(token) => resume(attempt, server, token, &post).await,
            };
            post.send(Message::SignedIn { attempt, result }).await;
        });
        Self::SigningIn { attempt, waiting: false, _task: task }
    }

    /// Starts to listen to the server.
    pub(super) fn begin(api: Api, nudge: &Nudge) -> Self {
        let (sender, updates) = mpsc::channel(EVENTS);
        let mut session = api.session();
        let user = session.borrow_and_update().user.clone();
        let events = Events::start(api.clone(), nudge.listen(), sender);
        let (ice, link) = (IceList::keep(api.clone()), Link::Connecting);
        Self::SignedIn(Box::new(SignedIn { api, user, link, events, ice, updates, session }))
    }

    /// The signed-in one.
    pub(super) fn signed_in(&self) -> Option<&SignedIn> {
        match self {
            Self::SignedIn(account) => Some(account),
            Self::Nobody | Self::SigningIn { .. } => None,
        }
    }

    /// Waits for the next update; for ever where nobody is signed in.
    pub(super) async fn next(&mut self) -> AccountUpdate {
        let Self::SignedIn(account) = self else {
            return std::future::pending().await;
        };
        tokio::select! {
            update = account.updates.recv() => match update {
                Some(update) => {
                    account.link = match &update {
                        EventsUpdate::Event(_) => Link::Online,
                        EventsUpdate::Offline => Link::Connecting,
                        EventsUpdate::SignedOut => Link::Idle,
                    };
                    AccountUpdate::Events(update)
                }
                None => std::future::pending().await,
            },
            changed = account.session.changed() => match changed {
                Ok(()) => {
                    let refresh_token = account.session.borrow_and_update().refresh_token.clone();
                    AccountUpdate::Renewed { refresh_token }
                }
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// Tries until the server answers: at start the network may not be there yet. Tells once that it does not.
async fn resume(
    attempt: u64,
    server: ServerAddress,
    token: String,
    post: &Post,
) -> Result<Api, SignalingError> {
    let mut backoff = Backoff::default();
    let mut told = false;
    loop {
        match Api::resume(server.clone(), token.clone()).await {
            Err(error) if error.is_transient() => {
                if !mem::replace(&mut told, true) {
                    post.send(Message::Waiting { attempt, error }).await;
                }
                backoff.pause().await;
            }
            settled => return settled,
        }
    }
}

/// The words for a refused entry.
pub(super) fn notice_code(error: &SignalingError) -> NoticeCode {
    match error {
        SignalingError::Unreachable(_) => NoticeCode::ServerUnreachable,
        SignalingError::NotAServer(_) => NoticeCode::NotAServer,
        SignalingError::SignedOut => NoticeCode::SignedOut,
        SignalingError::Refused { status, detail } => match (*status, detail.code.as_str()) {
            (401, _) => NoticeCode::WrongCredentials,
            (409, _) => NoticeCode::NameTaken,
            (400 | 422, _) => NoticeCode::InvalidAccount,
            (_, "no_such_user") => NoticeCode::NoSuchUser,
            (_, _) => NoticeCode::ServerRefused,
        },
    }
}
