//! What every request handler can reach.
use crate::{
    auth::Sessions, bus::Bus, calls::Switchboard, config::Config, http::AddressLimit, presence::Presence,
    storage::Storage, ws::rooms::Rooms,
};
use std::{ops::Deref, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The server's parts, shared by all requests.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// What outlives the process.
    pub storage: Arc<dyn Storage>,
    /// Who hears what.
    pub bus: Arc<dyn Bus>,
    /// Who is who.
    pub sessions: Sessions,
    /// Who can be reached.
    pub presence: Presence,
    /// Calls.
    pub switchboard: Arc<Switchboard>,
    /// Where signaling sockets meet.
    pub rooms: Arc<Rooms>,
    /// How often one address may try to sign in or up.
    pub sign_in_limit: AddressLimit,
    /// How often one address may refresh and sign out.
    pub refresh_limit: AddressLimit,
    /// Cancelled when the server goes down.
    pub shutdown: CancellationToken,
    /// All open sockets.
    pub sockets: TaskTracker,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
