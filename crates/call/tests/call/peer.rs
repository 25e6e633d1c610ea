//! A model of a peer connection: strict about the order of descriptions, simple about everything else.
use crate::solo::{candidate, eyeline_sdp};
use eyeline_call::{Output, PeerFact};
use eyeline_protocol::{
    CallId,
    signal::{IceCandidate, Sdp, SdpKind},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signaling {
    Stable,
    HaveLocalOffer,
}

/// ICE credentials are numbers; a description is named `UFRAG.SERIAL` and an answer `UFRAG.SERIAL.OFFER_UFRAG`.
#[derive(Debug)]
pub struct Peer {
    pub call_id: CallId,
    signaling: Signaling,
    /// Credentials in force, and those of the offer that is out.
    pub local: Option<u64>,
    offered: Option<u64>,
    pub remote: Option<u64>,
    /// Whose candidates have come.
    pub candidates: Vec<u64>,
    pub connected: bool,
    pub channel_open: bool,
}

impl Peer {
    pub fn new(call_id: CallId) -> Self {
        Self {
            call_id,
            signaling: Signaling::Stable,
            local: None,
            offered: None,
            remote: None,
            candidates: Vec::new(),
            connected: false,
            channel_open: false,
        }
    }

    /// Carries out an output; `fresh` is a number never used before. What it makes known comes back.
    pub fn perform(&mut self, output: &Output, fresh: u64) -> Vec<PeerFact> {
        match output {
            Output::CreateOffer { seq, ice_restart } => {
                let ufrag = self.local.filter(|_| !ice_restart).unwrap_or(fresh);
                self.signaling = Signaling::HaveLocalOffer;
                self.offered = Some(ufrag);
                let offer = eyeline_sdp(SdpKind::Offer, &format!("{ufrag}.{fresh}"));
                vec![PeerFact::OfferCreated { seq: *seq, offer }, PeerFact::LocalCandidate(own(ufrag))]
            }
            Output::AcceptOffer { seq, offer, rollback } => {
                let had_offer = self.signaling == Signaling::HaveLocalOffer;
                assert_eq!(*rollback, had_offer, "an offer of ours is taken back, and only then");
                self.signaling = Signaling::Stable;
                self.offered = None;
                let theirs = numbers(offer)[0];
                let restarted = self.remote != Some(theirs);
                self.remote = Some(theirs);
                let ufrag = self.local.filter(|_| !restarted).unwrap_or(fresh);
                self.local = Some(ufrag);
                let answer = eyeline_sdp(SdpKind::Answer, &format!("{ufrag}.{fresh}.{theirs}"));
                vec![PeerFact::LocalCandidate(own(ufrag)), PeerFact::AnswerCreated { seq: *seq, answer }]
            }
            Output::ApplyAnswer(answer) => {
                assert_eq!(self.signaling, Signaling::HaveLocalOffer, "an answer needs an offer");
                self.signaling = Signaling::Stable;
                self.local = self.offered.take();
                self.remote = Some(numbers(answer)[0]);
                vec![]
            }
            Output::AddCandidate(candidate) => {
                assert!(self.remote.is_some(), "a candidate needs a remote description");
                self.candidates
                    .extend(candidate.candidate.split(':').nth(1).and_then(|n| n.parse::<u64>().ok()));
                vec![]
            }
            _other => vec![],
        }
    }

    /// Whether ICE checks of these two succeed on a working network.
    pub fn fits(&self, other: &Self) -> bool {
        let settled = self.signaling == Signaling::Stable && other.signaling == Signaling::Stable;
        let known = |a: &Self, b: &Self| b.local.is_some_and(|ufrag| a.candidates.contains(&ufrag));
        settled
            && self.local.is_some()
            && self.remote.is_some()
            && self.local == other.remote
            && other.local == self.remote
            && (known(self, other) || known(other, self))
    }
}

fn own(ufrag: u64) -> IceCandidate {
    candidate(&ufrag.to_string())
}

fn numbers(sdp: &Sdp) -> Vec<u64> {
    let name = sdp.sdp.lines().find_map(|line| line.strip_prefix("s=")).expect("a name");
    name.split('.').filter_map(|n| n.parse().ok()).collect()
}
