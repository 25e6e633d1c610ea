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

    /// The peer's description with no more candidates than are taken, and those of them that hide behind a name, which
    /// are to be added once the description is set.
    pub(super) fn of_description<'a>(&self, sdp: &'a str) -> (Cow<'a, str>, Vec<IceCandidate>) {
        let hidden = sdp
            .lines()
            .filter_map(|line| line.strip_prefix("a="))
            .filter(|line| line::hidden_name(line).is_some());
        let hidden = hidden.take(ROUND_MAX).map(|line| IceCandidate {
            candidate: line.to_owned(),
            // All media share one path, that of the first description.
            sdp_m_line_index: Some(0),
            sdp_mid: None,
            username_fragment: None,
        });
        let (bounded, taken) = bounded(sdp);
        self.callers.take(taken);
        (bounded, hidden.collect())
    }

    /// Adds one; what a browser hides behind a name follows once that is known.
    pub(super) async fn add(&self, candidate: IceCandidate) -> Result<(), PeerError> {
        if !self.callers.has_room(ROUND_MAX) {
            return Err(PeerError::BadCandidate("there are enough".into()));
        }
        if line::hidden_name(&candidate.candidate).is_none() {
            self.add_known(candidate).await?;
        } else {
            self.reveal([candidate]);
        }
        self.callers.take(1);
        Ok(())
    }

    /// Adds those that hide behind names, once these are known.
    pub(super) fn reveal(&self, hidden: impl IntoIterator<Item = IceCandidate>) {
        let round = self.callers.round();
        for candidate in hidden {
            tokio::spawn(self.clone().add_revealed(candidate, round));
        }
    }

    async fn add_known(&self, candidate: IceCandidate) -> Result<(), PeerError> {
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
        added.map_err(|error| PeerError::BadCandidate(error.to_string()))
    }

    /// Adds one with a name, unless ICE has begun anew before its address was known.
    async fn add_revealed(self, mut candidate: IceCandidate, round: u64) {
        let Some(line) = line::revealed(&candidate.candidate).await else {
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

/// `sdp` with no more candidates than are taken, and how many these are.
fn bounded(sdp: &str) -> (Cow<'_, str>, usize) {
    let is_candidate = |line: &str| line.starts_with("a=candidate:");
    let all = sdp.lines().filter(|line| is_candidate(line)).count();
    if all <= ROUND_MAX {
        return (sdp.into(), all);
    }
    let mut taken = 0;
    let kept = sdp.split_inclusive('\n').filter(|line| {
        taken += usize::from(is_candidate(line));
        !is_candidate(line) || taken <= ROUND_MAX
    });
    (Cow::Owned(kept.collect()), ROUND_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_as_many_candidates_as_are_taken() {
        let with = |n: usize| {
            format!("v=0\r\n{}m=audio\r\n", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(n))
        };
        for all in [0, 1, ROUND_MAX, ROUND_MAX * 9] {
            let kept = all.min(ROUND_MAX);
            assert_eq!(bounded(&with(all)), (Cow::Owned(with(kept)), kept));
        }
    }
}
