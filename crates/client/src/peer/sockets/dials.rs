//! Whom we connect to by TCP. The peer says where, and may be anybody: not to this machine itself, not to a service, and
//! not to many at a time.
use crate::peer::addresses::is_local_only;
use std::{
    collections::HashSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Connections that are open or being opened at a time; a machine has an address or two of each family.
const DIALS_MAX: usize = 8;
/// Ports below are those of services. Who waits for a peer listens on a port that the system chose.
const PORT_MIN: u16 = 1_024;

/// Shared by all rounds of a connection.
#[derive(Debug, Clone)]
pub(super) struct Dials {
    allowed: bool,
    open: Arc<Mutex<HashSet<SocketAddr>>>,
}

/// The right to one connection, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Place {
    dials: Dials,
    to: SocketAddr,
}

impl Dials {
    /// `allowed`: whether the peer may see an address of this machine.
    pub(super) fn new(allowed: bool) -> Self {
        Self { allowed, open: Arc::default() }
    }

    /// Whether a connection to there may be made.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] where none may ever, [`io::ErrorKind::AlreadyExists`] where there is one,
    /// [`io::ErrorKind::ResourceBusy`] where there are enough.
    pub(super) fn place(&self, to: SocketAddr) -> io::Result<Place> {
        if !self.allowed || !may_listen(to) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut open = self.open();
        if open.contains(&to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if open.len() >= DIALS_MAX {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        open.insert(to);
        Ok(Place { dials: self.clone(), to })
    }

    fn open(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.dials.open().remove(&self.to);
    }
}

/// Whether a peer can be there.
fn may_listen(at: SocketAddr) -> bool {
    let ip = at.ip().to_canonical();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    at.port() >= PORT_MIN && !is_local_only(ip) && !ip.is_multicast() && !is_broadcast
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(dials: &Dials, to: &str) -> Option<io::ErrorKind> {
        dials.place(to.parse().expect("an address")).err().map(|error| error.kind())
    }

    #[test]
    fn a_peer_is_neither_this_machine_nor_a_service_nor_many() {
        let dials = Dials::new(true);
        for nobody in [
            "127.0.0.1:5000",
            "[::1]:5000",
            "[::ffff:127.0.0.1]:5000",
            "0.0.0.0:5000",
            "169.254.169.254:8080",
            "224.0.0.1:5000",
            "255.255.255.255:5000",
            "192.0.2.1:25",
            "192.0.2.1:0",
        ] {
            assert_eq!(refused(&dials, nobody), Some(io::ErrorKind::PermissionDenied), "{nobody}");
        }
        assert_eq!(refused(&dials, "192.0.2.1:5000"), None);
        assert_eq!(refused(&dials, "[2001:db8::1]:5000"), None);
    }

    #[test]
    fn who_hides_this_machine_connects_to_nobody() {
        assert_eq!(refused(&Dials::new(false), "192.0.2.1:5000"), Some(io::ErrorKind::PermissionDenied));
    }

    #[test]
    fn one_connection_to_each_and_a_few_to_all() {
        let dials = Dials::new(true);
        let place = |port: u16| dials.place(([192, 0, 2, 1], port).into());
        let mut places: Vec<Place> = (0..8).map(|n| place(5_000 + n).expect("room")).collect();
        assert_eq!(place(5_000).expect_err("twice").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(place(6_000).expect_err("a ninth").kind(), io::ErrorKind::ResourceBusy);
        places.pop();
        assert!(place(6_000).is_ok());
    }
}
