//! Systems whose hints are not known here: the network is looked at every few seconds.
use super::hints::{self, Hints};
use std::{io, time::Duration};

/// The hints of this system: none.
pub(super) fn hints() -> io::Result<Box<dyn Hints>> {
    Ok(Box::new(hints::None))
}

/// A clock that goes on while the machine sleeps.
pub(super) fn awake_or_asleep() -> Duration {
    Duration::from_millis(crate::clock::unix_ms())
}
