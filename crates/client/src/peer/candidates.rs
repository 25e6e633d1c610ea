//! The peer's candidates on their way to webrtc-rs: as many as are sensible, and names looked up.
mod line;

use super::{PeerError, sockets::Callers};
use eyeline_protocol::signal::IceCandidate;
use std::{borrow::Cow, sync::Arc};
use webrtc::peer_connection::{PeerConnection, RTCIceCandidateInit};

/// Most that are taken in one round of ICE: those of a machine with a dozen addresses and relays of each kind. Each is
/// somebody to send checks to, on the peer's word alone.
const ROUND_MAX: usize = 48;

/// Where they go.
#[derive(Clone)]
pub(super) struct Candidates {
    connection: Arc<dyn PeerConnection>,
    callers: Callers,
}

impl Candidates {
    pub(super) fn of(connection: Arc<dyn PeerConnection>, callers: Callers) -> Self {
        Self { connection, callers }
    }

    /// Adds one; what a browser hides behind a name follows once that is known.
    pub(super) async fn add(&self, candidate: IceCandidate) -> Result<(), PeerError> {
        match line::hidden_name(&candidate.candidate).map(String::from) {
            None => self.add_known(candidate).await,
            Some(name) => {
                tokio::spawn(self.clone().add_revealed(candidate, name));
                Ok(())
            }
        }
    }

    async fn add_known(&self, candidate: IceCandidate) -> Result<(), PeerError> {
        if self.callers.taken() >= ROUND_MAX {
            return Err(PeerError::BadCandidate("there are enough".into()));
        }
        let is_answered = line::place(&candidate.candidate)
            .is_some_and(|(address, of_type)| self.callers.told(address, of_type));
        if is_answered {
            return Ok(());
        }
        let candidate = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_m_line_index,
            username_fragment: candidate.username_fragment,
            url: None,
        };
        let added = self.connection.add_ice_candidate(candidate).await;
        added.map_err(|error| PeerError::BadCandidate(error.to_string()))?;
        self.callers.note_taken();
        Ok(())
    }

    /// Adds one with a name, unless ICE has begun anew before its address was known.
    async fn add_revealed(self, mut candidate: IceCandidate, name: String) {
        let round = self.callers.round();
        let Some(line) = line::revealed(&candidate.candidate, &name).await else {
            return tracing::debug!("nobody knows a browser's name; its checks reach us all the same");
        };
        candidate.candidate = line;
        if self.callers.round() == round
            && let Err(error) = self.add_known(candidate).await
        {
            tracing::debug!(%error, "a candidate is left out");
        }
    }
}

/// `sdp` with no more candidates than are taken.
pub(super) fn bounded(sdp: &str) -> Cow<'_, str> {
    let is_candidate = |line: &str| line.starts_with("a=candidate:");
    if sdp.lines().filter(|line| is_candidate(line)).count() <= ROUND_MAX {
        return sdp.into();
    }
    let mut taken = 0;
    let kept = sdp.split_inclusive('\n').filter(|line| {
        taken += usize::from(is_candidate(line));
        !is_candidate(line) || taken <= ROUND_MAX
    });
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_as_many_candidates_as_are_taken() {
        let with = |n: usize| {
            format!("v=0\r\n{}m=audio\r\n", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(n))
        };
        assert_eq!(bounded(&with(ROUND_MAX)), with(ROUND_MAX));
        assert_eq!(bounded(&with(ROUND_MAX * 9)), with(ROUND_MAX));
    }
}
