//! Which devices cannot take a call that rings: as long as another one could, the call goes on ringing there.
use crate::sync::Shared;
use eyeline_protocol::{CallId, DeviceId};
use std::collections::{HashMap, HashSet};

/// Devices by the ringing call that they cannot take.
#[derive(Debug, Default)]
pub struct BusyDevices(Shared<HashMap<CallId, HashSet<DeviceId>>>);

impl BusyDevices {
    /// This device cannot take the call.
    pub fn add(&self, call: CallId, device: DeviceId) {
        self.0.lock().entry(call).or_default().insert(device);
    }

    /// Whether this device has said that it cannot take the call.
    #[must_use]
    pub fn has(&self, call: CallId, device: DeviceId) -> bool {
        self.0.lock().get(&call).is_some_and(|devices| devices.contains(&device))
    }

    /// The call rings no longer.
    pub fn forget(&self, call: CallId) {
        self.0.lock().remove(&call);
    }
}
