//! From the actor's state to the snapshot.
use crate::{
    chat::ChatLog,
    clock::Clock,
    snapshot::{CallFailure, CallView, Direction, Phase, SideView},
    stats::CallStats,
};
use eyeline_call::{EndedBy, Failure, MediaState, Role, View};

/// What of a call the call logic does not know.
pub(super) struct Beside<'a> {
    pub chat: &'a ChatLog,
    pub chat_open: bool,
    pub stats: Option<&'a CallStats>,
    /// What the other side sends as far as can be seen from its packets, for one that does not tell.
    pub seen: SideView,
}

/// The call as a person sees it; `None` where there is none.
pub(super) fn call_view(view: &View, beside: Beside<'_>, clock: &Clock) -> Option<CallView> {
    let peer = view.peer.clone()?;
    let phase = phase(view.phase)?;
    let end = view.end.as_ref();
    Some(CallView {
        id: view.call_id,
        peer,
        direction: match view.role {
            Some(Role::Callee) => Direction::Incoming,
            Some(Role::Caller) | None => Direction::Outgoing,
        },
        phase,
        ring_until_ms: view.ring_deadline.map(|t| clock.unix_ms_of(t)),
        connected_at_ms: view.connected_at.map(|t| clock.unix_ms_of(t)),
        duration_ms: end.map(|end| {
            let lasted = view.connected_at.map(|since| end.at.since(since)).unwrap_or_default();
            u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX)
        }),
        end_reason: end.map(|end| end.reason),
        failure: end.and_then(|end| end.failure.clone()).map(|failure| match failure {
            Failure::Unreachable => CallFailure { code: "unreachable".into(), detail: String::new() },
            Failure::Refused { code, message } => CallFailure { code, detail: message },
        }),
        ended_by_peer: end.is_some_and(|end| end.by == EndedBy::Peer),
        local: side(view.local, beside.stats.and_then(|stats| stats.video_paused) == Some(true)),
        // Of one that does not tell, nobody knows whether its camera is off or its path too thin.
        remote: view
            .remote
            .map_or(SideView { paused: false, ..beside.seen }, |media| side(media, beside.seen.paused)),
        chat_open: beside.chat_open,
        chat: beside.chat.lines().to_vec(),
        quality: beside.stats.map(CallStats::quality),
    })
}

fn side(media: MediaState, paused: bool) -> SideView {
    SideView { microphone: media.microphone, camera: media.camera, paused: media.camera && paused }
}

fn phase(phase: eyeline_call::Phase) -> Option<Phase> {
    Some(match phase {
        eyeline_call::Phase::Idle => return None,
        eyeline_call::Phase::Dialing => Phase::Dialing,
        eyeline_call::Phase::Ringing => Phase::Ringing,
        eyeline_call::Phase::Incoming => Phase::Incoming,
        eyeline_call::Phase::Connecting => Phase::Connecting,
        eyeline_call::Phase::Active => Phase::Active,
        eyeline_call::Phase::Reconnecting => Phase::Reconnecting,
        eyeline_call::Phase::Ended => Phase::Ended,
    })
}
