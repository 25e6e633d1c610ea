//! Ends calls that everybody has forgotten.
//!
//! A lost socket never ends a call: media goes from peer to peer. But an accepted call neither of whose two devices has
//! been connected for minutes would keep both people busy for ever, though they may be there on other devices.
use super::Switchboard;
use crate::storage::{CallRecord, Profile};
use eyeline_protocol::{
    CallId,
    rest::{CallStatus, EndReason},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Ends abandoned calls until the server goes down.
pub async fn reap(board: Arc<Switchboard>, abandoned_after: Duration) {
    let mut tick = interval((abandoned_after / 8).max(Duration::from_millis(50)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unattended = HashMap::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = board.shutdown.cancelled() => return,
        }
        let calls = match board.storage.all_live_calls().await {
            Ok(calls) => calls,
            Err(error) => {
                tracing::error!(%error, "live calls could not be read");
                continue;
            }
        };
        let alone = calls.iter().filter(|call| is_unattended(&board, call)).map(|call| call.id);
        for id in overdue(&mut unattended, alone, Instant::now(), abandoned_after) {
            if let Err(error) = board.end_if(id, CallStatus::Ongoing, EndReason::ConnectionFailed).await {
                tracing::error!(call = %id, error = error.message(), "an abandoned call could not be ended");
            }
        }
    }
}

/// Whether the call was accepted, and neither of its two devices has any socket open.
pub(super) fn is_unattended(board: &Switchboard, call: &CallRecord) -> bool {
    let away = |person: &Profile| !board.presence.devices(person.id).iter().any(|device| call.is_on(*device));
    call.status == CallStatus::Ongoing
        && away(&call.caller)
        && away(&call.callee)
        && !board.rooms.is_attended(call.id)
}

/// Notes since when each call is unattended, forgets those that are not, and names those over the limit.
fn overdue(
    since: &mut HashMap<CallId, Instant>,
    unattended: impl Iterator<Item = CallId>,
    now: Instant,
    limit: Duration,
) -> Vec<CallId> {
    *since = unattended.map(|id| (id, since.get(&id).copied().unwrap_or(now))).collect();
    since.iter().filter(|(_, since)| now.duration_since(**since) >= limit).map(|(id, _)| *id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_unattended_without_a_break_are_overdue() {
        let (steady, returning) = (CallId::new(), CallId::new());
        let limit = Duration::from_secs(120);
        let start = Instant::now();
        let mut since = HashMap::new();
        assert!(overdue(&mut since, [steady, returning].into_iter(), start, limit).is_empty());
        assert!(overdue(&mut since, [steady].into_iter(), start + limit / 2, limit).is_empty());
        let due = overdue(&mut since, [steady, returning].into_iter(), start + limit, limit);
        assert_eq!(due, [steady]);
    }
}
