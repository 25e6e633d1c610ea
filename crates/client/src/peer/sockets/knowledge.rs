//! What both session descriptions say that the sockets make use of.
use super::{super::cookie::Cookie, stun};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by all sockets of a connection, and the connection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Knowledge(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// ICE passwords (RFC 8839 section 5.4).
    local_password: Option<String>,
    remote_password: Option<String>,
    peer_is_ours: bool,
    ours: Option<Cookie>,
    /// How often a cookie was asked for.
    given: usize,
    theirs: Option<Cookie>,
    /// Checks that count as answered before they were, since ICE began anew.
    assumed: u64,
    /// First hellos that were not sent, and those that were made up here.
    withheld: u64,
    made_up: u64,
}

impl Knowledge {
    /// What our DTLS asks for a cookie with.
    pub(in super::super) fn set_cookie(&self, cookie: Cookie) {
        self.known().ours = Some(cookie);
    }

    /// Our newest description.
    pub(in super::super) fn set_local(&self, sdp: &str) {
        self.known().local_password = password(sdp);
    }

    /// The peer's newest description.
    pub(in super::super) fn set_remote(&self, sdp: &str, is_ours: bool) {
        let mut known = self.known();
        let password = password(sdp);
        if known.remote_password != password {
            known.assumed = 0;
        }
        known.remote_password = password;
        known.peer_is_ours = is_ours;
        known.theirs = Cookie::in_sdp(sdp);
    }

    /// Whether a check is signed by the peer. rtc-ice looks at who controls whom before it looks at that: anybody who knows
    /// this address could have it take the other role.
    pub(super) fn is_genuine(&self, check: &[u8]) -> bool {
        let password = self.known().local_password.clone();
        password.is_some_and(|password| stun::signed_by(check, &password).is_some())
    }

    /// The password that our checks are answered with.
    pub(super) fn remote_password(&self) -> Option<String> {
        self.known().remote_password.clone()
    }

    /// The password that checks of a peer are signed with which is one of our own clients.
    pub(super) fn password_of_own_kind(&self) -> Option<String> {
        let known = self.known();
        known.local_password.clone().filter(|_| known.peer_is_ours)
    }

    /// The cookie that our DTLS asks for.
    pub(super) fn our_cookie(&self) -> Option<Cookie> {
        self.known().ours
    }

    /// The same, where the peer is to be told of it: before the handshake.
    pub(in super::super) fn new_cookie(&self) -> Option<Cookie> {
        let known = self.known();
        known.ours.filter(|_| known.given == 0)
    }

    /// The cookie for our DTLS, which makes one once.
    pub(in super::super) fn give_cookie(&self) -> Option<Cookie> {
        let mut known = self.known();
        known.given += 1;
        known.ours.filter(|_| known.given == 1)
    }

    /// How often it has asked.
    #[cfg(test)]
    pub(in super::super) fn cookies_given(&self) -> usize {
        self.known().given
    }

    /// The cookie that the DTLS of a peer asks for which is one of our own clients.
    pub(super) fn their_cookie(&self) -> Option<Cookie> {
        let known = self.known();
        known.theirs.filter(|_| known.peer_is_ours)
    }

    /// A check counts as answered as it leaves.
    pub(super) fn note_assumed(&self) {
        self.known().assumed += 1;
    }

    /// How many did, since ICE began anew.
    pub(in super::super) fn assumed(&self) -> u64 {
        self.known().assumed
    }

    /// A first hello was not sent.
    pub(super) fn note_withheld(&self) {
        let mut known = self.known();
        known.withheld += 1;
        tracing::debug!(hellos = known.withheld, "asked for the cookie here");
    }

    /// A first hello was made up.
    pub(super) fn note_made_up(&self) {
        let mut known = self.known();
        known.made_up += 1;
        tracing::debug!(hellos = known.made_up, "the cookie came at once");
    }

    /// How many first hellos were not sent, and made up.
    #[cfg(test)]
    pub(in super::super) fn hellos(&self) -> (u64, u64) {
        let known = self.known();
        (known.withheld, known.made_up)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All media share one path: the first password is that of all.
fn password(sdp: &str) -> Option<String> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=ice-pwd:"))
        .map(|password| password.trim_end().to_owned())
}
