//! webrtc-rs's callbacks, each handed on and never waited in: its network task stands still meanwhile.
use super::{
    PeerEvent,
    channel::Channel,
    sockets::{Callers, Hurry},
};
use eyeline_protocol::signal::{ConnectionState, IceCandidate};
use rtc::peer_connection::transport::RTCIceTcpCandidateType;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::timeout,
};
use webrtc::{
    data_channel::DataChannel,
    peer_connection::{
        PeerConnectionEventHandler, RTCIceConnectionState, RTCIceGatheringState, RTCIceProtocol,
        RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    },
};

/// The peer hears of our TCP candidates when paths have been tried for so long, and none works. On one that loses packets
/// TCP would answer before UDP does, and be taken for the whole call: what TCP repeats is late, and all behind it.
const TCP_WAIT: Duration = Duration::from_secs(3);

/// What ICE is doing (`RTCIceConnectionState`, W3C WebRTC section 5.6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IceState {
    /// Nothing has happened yet.
    New,
    /// Paths are being tried.
    Checking,
    /// A path works.
    Connected,
    /// A path works and no more are tried.
    Completed,
    /// The path does not answer at present.
    Disconnected,
    /// No path works.
    Failed,
    /// Closed.
    Closed,
}

impl IceState {
    /// The standard's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Checking => "checking",
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Disconnected => "disconnected",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

pub(super) struct Handler {
    pub events: mpsc::Sender<PeerEvent>,
    pub channel: Channel,
    /// To be told whether there is a connection.
    pub hurry: Hurry,
    /// To know one round of ICE from the next.
    pub callers: Callers,
    pub ice: watch::Sender<IceState>,
}

impl Handler {
    fn tell(&self, event: PeerEvent) {
        tell(&self.events, event);
    }

    /// Tells of a candidate once nothing better has worked for a while, in this round.
    fn tell_if_needed(&self, candidate: IceCandidate) {
        let (events, callers, ice) = (self.events.clone(), self.callers.clone(), self.ice.subscribe());
        let round = callers.round();
        tokio::spawn(async move {
            if finds_nothing(ice).await && callers.round() == round {
                tell(&events, PeerEvent::LocalCandidate(Some(candidate)));
            }
        });
    }
}

/// Waits until paths are tried, and then whether none works for [`TCP_WAIT`].
async fn finds_nothing(mut ice: watch::Receiver<IceState>) -> bool {
    let tries = |state: &IceState| *state == IceState::Checking;
    let is_over =
        |state: &IceState| matches!(state, IceState::Connected | IceState::Completed | IceState::Closed);
    // An error says that the connection is gone.
    ice.wait_for(tries).await.is_ok() && timeout(TCP_WAIT, ice.wait_for(is_over)).await.is_err()
}

fn tell(events: &mpsc::Sender<PeerEvent>, event: PeerEvent) {
    match events.try_send(event) {
        Err(error @ TrySendError::Full(_)) => {
            tracing::error!(%error, "the owner of the peer connection does not keep up");
        }
        // Nobody wants to know any more.
        Ok(()) | Err(TrySendError::Closed(_)) => {}
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let (protocol, tcp_type) = (event.candidate.protocol, event.candidate.tcp_type);
        let candidate = match event.candidate.to_json() {
            Ok(candidate) => candidate,
            Err(error) => return tracing::warn!(%error, "candidate left out"),
        };
        // The end of candidates is told by the gathering state. And where a connection is to come from says nothing.
        if candidate.candidate.is_empty() || tcp_type == RTCIceTcpCandidateType::Active {
            return;
        }
        let candidate = IceCandidate {
            candidate: candidate.candidate,
            // All media share one path, that of the first description.
            sdp_m_line_index: Some(0),
            sdp_mid: candidate.sdp_mid.filter(|mid| !mid.is_empty()),
            username_fragment: candidate.username_fragment,
        };
        match protocol {
            RTCIceProtocol::Tcp if !self.callers.needs_streams() => self.tell_if_needed(candidate),
            _ => self.tell(PeerEvent::LocalCandidate(Some(candidate))),
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.tell(PeerEvent::LocalCandidate(None));
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        let state = match state {
            RTCIceConnectionState::New => IceState::New,
            RTCIceConnectionState::Checking => IceState::Checking,
            RTCIceConnectionState::Connected => IceState::Connected,
            RTCIceConnectionState::Completed => IceState::Completed,
            RTCIceConnectionState::Disconnected => IceState::Disconnected,
            RTCIceConnectionState::Failed => IceState::Failed,
            RTCIceConnectionState::Closed => IceState::Closed,
            // The enum is webrtc's and open.
            _ => return,
        };
        self.ice.send_replace(state);
        self.tell(PeerEvent::IceState(state));
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let state = match state {
            RTCPeerConnectionState::New => ConnectionState::New,
            RTCPeerConnectionState::Connecting => ConnectionState::Connecting,
            RTCPeerConnectionState::Connected => ConnectionState::Connected,
            RTCPeerConnectionState::Disconnected => ConnectionState::Disconnected,
            RTCPeerConnectionState::Failed => ConnectionState::Failed,
            RTCPeerConnectionState::Closed => ConnectionState::Closed,
            // The enum is webrtc's and open.
            _ => return,
        };
        self.hurry.set(!matches!(state, ConnectionState::Connected | ConnectionState::Closed));
        self.tell(PeerEvent::State(state));
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        self.channel.adopt(channel, self.events.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn tcp_is_told_of_when_three_seconds_of_checks_find_nothing() {
        let (ice, states) = watch::channel(IceState::New);
        let waits = tokio::spawn(finds_nothing(states));
        sleep(TCP_WAIT * 2).await;
        assert!(!waits.is_finished(), "nothing has been tried yet");
        ice.send_replace(IceState::Checking);
        sleep(TCP_WAIT - Duration::from_millis(1)).await;
        assert!(!waits.is_finished());
        ice.send_replace(IceState::Failed);
        sleep(Duration::from_millis(2)).await;
        assert!(waits.is_finished() && waits.await.expect("no panic"));
    }

    #[tokio::test(start_paused = true)]
    async fn tcp_is_not_told_of_where_a_path_works_or_the_connection_is_closed() {
        for end in [Some(IceState::Connected), Some(IceState::Closed), None] {
            let (ice, states) = watch::channel(IceState::Checking);
            let waits = tokio::spawn(finds_nothing(states));
            sleep(TCP_WAIT / 2).await;
            match end {
                Some(state) => drop(ice.send_replace(state)),
                None => drop(ice),
            }
            sleep(TCP_WAIT).await;
            assert_eq!(waits.await.ok(), Some(false), "{end:?}");
        }
    }
}
