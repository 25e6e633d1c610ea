//! What must hold when everything has come to rest.
use super::{Device, World};
use eyeline_call::Phase;
use eyeline_protocol::{
    CallId,
    rest::{Call, CallStatus},
};

impl World {
    /// The two ends and the server agree, and nobody waits for anything any more.
    pub fn assert_settled(&self) {
        for dev in &self.devices {
            let view = dev.machine.view();
            match view.phase {
                Phase::Idle | Phase::Ended => {}
                Phase::Active => {
                    let call = self.call(view.call_id.expect("a call"));
                    assert_eq!(call.status, CallStatus::Ongoing, "{view:?}");
                    let other = |d: &Device| {
                        let it = d.machine.view();
                        d.member.device != dev.member.device
                            && it.call_id == view.call_id
                            && it.phase == Phase::Active
                    };
                    assert!(self.devices.iter().any(other), "alone in {view:?}");
                }
                Phase::Dialing
                | Phase::Ringing
                | Phase::Incoming
                | Phase::Connecting
                | Phase::Reconnecting => {
                    panic!("waits for ever: {view:?}")
                }
            }
        }
        for (call, _) in self.server.calls.values().filter(|(call, _)| call.status != CallStatus::Ended) {
            let in_it = |d: &&Device| {
                d.machine.view().call_id == Some(call.id) && d.machine.view().phase == Phase::Active
            };
            assert_eq!(self.devices.iter().filter(in_it).count(), 2, "nobody is in {call:?}");
        }
    }

    fn call(&self, id: CallId) -> &Call {
        &self.server.calls[&id].0
    }
}
