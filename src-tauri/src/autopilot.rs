//! Does what the command line asks for, by the same commands that a person gives: signs in, calls, accepts.
use crate::options::{Options, Secret};
use eyeline_client::{
    Command, Snapshot,
    snapshot::{Link, NoticeCode, Phase},
};
use eyeline_protocol::rest::Presence;

/// What is still to be done.
#[derive(Debug)]
pub struct Autopilot {
    sign_in: SignIn,
    account: Option<Account>,
    call: Option<String>,
    auto_accept: bool,
    accepted: bool,
}

#[derive(Debug)]
struct Account {
    server: String,
    username: String,
    password: Secret,
    register: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignIn {
    Due,
    Registering,
    Done,
}

impl Autopilot {
    /// For this command line.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let named = (options.server.clone(), options.user.clone(), options.password.clone());
        let account = match named {
            (Some(server), Some(username), Some(password)) => {
                Some(Account { server, username, password, register: options.register })
            }
            (Some(_) | None, _, _) => None,
        };
        Self {
            sign_in: if account.is_some() { SignIn::Due } else { SignIn::Done },
            account,
            call: options.call.clone(),
            auto_accept: options.auto_accept,
            accepted: false,
        }
    }

    /// What to do in this state of the program.
    pub fn next(&mut self, snapshot: &Snapshot) -> Vec<Command> {
        [self.sign_in(snapshot), self.dial(snapshot), self.accept(snapshot)].concat()
    }

    fn sign_in(&mut self, snapshot: &Snapshot) -> Vec<Command> {
        // What is remembered goes first, also where its server is waited for.
        let busy = snapshot.busy || snapshot.account.is_none() && snapshot.server.link == Link::Connecting;
        let Some(account) = self.account.as_ref().filter(|_| !busy) else {
            return Vec::new();
        };
        let name_taken = snapshot.notice.as_ref().is_some_and(|notice| notice.code == NoticeCode::NameTaken);
        let signed_in = snapshot.account.as_ref().is_some_and(|user| same(&user.username, &account.username));
        let (next, commands) = match self.sign_in {
            SignIn::Due if signed_in => (SignIn::Done, Vec::new()),
            SignIn::Due if account.register => (SignIn::Registering, vec![account.register()]),
            SignIn::Due => (SignIn::Done, vec![account.sign_in()]),
            SignIn::Registering if name_taken => {
                (SignIn::Done, vec![Command::DismissNotice, account.sign_in()])
            }
            SignIn::Registering | SignIn::Done => return Vec::new(),
        };
        self.sign_in = next;
        commands
    }

    fn dial(&mut self, snapshot: &Snapshot) -> Vec<Command> {
        if snapshot.account.is_none() || snapshot.call.is_some() {
            return Vec::new();
        }
        let peer = self.call.as_ref().and_then(|name| {
            let online = |presence| presence == Presence::Online;
            snapshot.contacts.iter().find(|user| same(&user.username, name) && online(user.presence))
        });
        let Some(peer) = peer else { return Vec::new() };
        self.call = None;
        vec![Command::Dial { user_id: peer.id }]
    }

    fn accept(&mut self, snapshot: &Snapshot) -> Vec<Command> {
        let rings = snapshot.call.as_ref().is_some_and(|call| call.phase == Phase::Incoming);
        let accept = self.auto_accept && rings && !self.accepted;
        self.accepted = rings;
        if accept { vec![Command::Accept] } else { Vec::new() }
    }
}

impl Account {
    fn sign_in(&self) -> Command {
        Command::SignIn {
            server: self.server.clone(),
            username: self.username.clone(),
            password: self.password.reveal().to_owned(),
        }
    }

    fn register(&self) -> Command {
        Command::Register {
            server: self.server.clone(),
            username: self.username.clone(),
            password: self.password.reveal().to_owned(),
            display_name: None,
        }
    }
}

/// User names know no upper and lower case.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
#[path = "autopilot_tests.rs"]
mod tests;
