//! Signing in and out, and what the server tells about people.
use super::{
    Actor, Message,
    account::{Account, AccountUpdate, Entry, notice_code},
};
use crate::{
    command::Command,
    signaling::{Api, ServerAddress, SignalingError, events::EventsUpdate},
    snapshot::NoticeCode,
};
use eyeline_call::{CallMachine, Input, Intent};
use eyeline_protocol::{
    event::Event,
    rest::{Login, Register, User},
};
use std::time::Duration;

/// How long people who come are waited for before they are looked up together.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

impl Actor {
    /// Asks the server at `address` for a session.
    pub(super) fn enter(&mut self, address: &str, entry: Entry) {
        if self.account.signed_in().is_some() {
            self.sign_out();
        }
        self.notice = None;
        match ServerAddress::parse(address) {
            Ok(server) => {
                self.server = Some(server.clone());
                self.begin_entry(server, entry);
            }
            Err(error) => self.notify(NoticeCode::NotAServer, error.to_string()),
        }
    }

    pub(super) fn begin_entry(&mut self, server: ServerAddress, entry: Entry) {
        self.entries += 1;
        self.account = Account::enter(self.entries, server, entry, self.post.clone());
    }

    pub(super) fn login(username: String, password: String) -> Entry {
        Entry::SignIn(Login { username, password, device_name: Some(device_name()) })
    }

    pub(super) fn registration(username: String, password: String, display_name: Option<String>) -> Entry {
        Entry::Register(Register { username, password, display_name, device_name: Some(device_name()) })
    }

    pub(super) fn on_waiting(&mut self, delayed: u64, error: &SignalingError) {
        if let Account::SigningIn { attempt, waiting, .. } = &mut self.account
            && *attempt == delayed
        {
            *waiting = true;
            self.notify(notice_code(error), error.to_string());
        }
    }

    pub(super) fn on_signed_in(&mut self, ended: u64, result: Result<Api, SignalingError>) {
        if !matches!(self.account, Account::SigningIn { attempt, .. } if attempt == ended) {
            return;
        }
        match result {
            Ok(api) => {
                self.notice = None;
                let session = api.session().borrow().clone();
                self.machine = Some(CallMachine::new(session.user.id, session.device_id));
                let choices = self.line.studio.choices();
                let (camera, microphone) = (choices.has_camera(), choices.has_microphone());
                self.feed(Input::Intent(Intent::SetCamera(camera)));
                self.feed(Input::Intent(Intent::SetMicrophone(microphone)));
                self.account = Account::begin(api, &self.nudge);
                let server = self.server.as_ref().map(ToString::to_string);
                self.remember(|r| {
                    r.server = server;
                    r.refresh_token = Some(session.refresh_token);
                });
                self.search(String::new());
            }
            Err(error) => {
                if matches!(error, SignalingError::SignedOut) {
                    self.remember(|r| r.refresh_token = None);
                }
                self.account = Account::Nobody;
                self.notify(notice_code(&error), error.to_string());
            }
        }
    }

    /// Ends the session here and at the server, and with it a call.
    pub(super) fn sign_out(&mut self) {
        self.obey(Command::HangUp);
        if let Some(account) = self.account.signed_in() {
            let api = account.api.clone();
            // The farewells of the call go first: they need the session.
            let mut farewells = std::mem::take(&mut self.errands);
            self.errands.spawn(async move {
                while farewells.join_next().await.is_some() {}
                if let Err(error) = api.sign_out().await {
                    tracing::debug!(%error, "signing out");
                }
                None
            });
        }
        self.forget_account();
    }

    fn forget_account(&mut self) {
        self.account = Account::Nobody;
        self.machine = None;
        self.line.clear();
        self.contacts = Default::default();
        self.remember(|r| r.refresh_token = None);
    }

    pub(super) fn on_account(&mut self, update: AccountUpdate) {
        match update {
            AccountUpdate::Renewed { refresh_token } => {
                self.remember(|r| r.refresh_token = Some(refresh_token))
            }
            AccountUpdate::Events(EventsUpdate::Offline) => {}
            AccountUpdate::Events(EventsUpdate::SignedOut) => {
                self.obey(Command::HangUp);
                self.forget_account();
                self.notify(NoticeCode::SignedOut, "");
            }
            AccountUpdate::Events(EventsUpdate::Event(event)) => self.on_event(*event),
        }
    }

    fn on_event(&mut self, event: Event) {
        match &event {
            Event::Presence { user_id, presence } => {
                let me = self.account.signed_in().is_some_and(|a| a.user.id == *user_id);
                if !me && !self.contacts.set_presence(*user_id, *presence) {
                    self.look_again_soon();
                }
                return;
            }
            // Others may have come and gone while the socket was away.
            Event::Welcome { .. } => {
                self.search(self.contacts.query.clone());
                if let Some(account) = self.account.signed_in() {
                    account.ice.welcomed();
                }
            }
            Event::IncomingCall { .. } | Event::CallUpdate { .. } => {}
            Event::Error { code, message } => tracing::warn!(code, message, "the server complains"),
            Event::TokenExpiring { .. } | Event::ServerShutdown { .. } => return,
        }
        self.feed(Input::Event(event));
    }

    pub(super) fn search(&mut self, query: String) {
        if self.account.signed_in().is_some() {
            self.contacts.query = query;
            self.contacts.searching = true;
            self.look_up(Duration::ZERO);
        }
    }

    /// Somebody has come who is not in the list, and may belong there. When a server starts, everybody comes at once:
    /// one search serves them all.
    fn look_again_soon(&mut self) {
        if !std::mem::replace(&mut self.contacts.looking_again, true) {
            self.look_up(LOOK_AGAIN_AFTER);
        }
    }

    /// Searches for what is in the field now, `after` that long.
    fn look_up(&mut self, after: Duration) {
        let Some(account) = self.account.signed_in() else {
            return;
        };
        let (api, query) = (account.api.clone(), self.contacts.query.clone());
        self.errands.spawn(async move {
            tokio::time::sleep(after).await;
            let found = api.users(&query).await;
            Some(Message::Users { query, found })
        });
    }

    pub(super) fn on_users(&mut self, query: &str, found: Result<Vec<User>, SignalingError>) {
        self.contacts.looking_again = false;
        if query != self.contacts.query {
            return;
        }
        self.contacts.searching = false;
        match found {
            Ok(people) => self.contacts.replace(people),
            Err(error) => tracing::debug!(%error, "search"),
        }
    }
}

/// Tells this installation from others of the same person.
fn device_name() -> String {
    let host = std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).unwrap_or_default();
    let system = std::env::consts::OS;
    if host.is_empty() { system.to_owned() } else { format!("{host} ({system})") }
}
