//! Offers, answers and candidates: perfect negotiation (W3C WebRTC section 10.7) with the caller impolite.
//!
//! Nothing is assumed of the relay but that messages come whole: an unanswered offer is sent again, a repeated
//! offer is answered by the same answer, a repeated answer is dropped.
use crate::{Output, Role, Time, time::backoff};
use eyeline_protocol::signal::{CANDIDATES_MAX, IceCandidate, Sdp, Signal};
use std::{collections::VecDeque, mem, time::Duration};

/// How long an offer may go unanswered before it is sent again: two slow round trips and a slow answer.
const RESEND_AFTER: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Negotiation {
    role: Role,
    step: Step,
    /// Number of the latest description asked of the peer connection; answers to earlier ones are stale.
    seq: u32,
    /// Who hears what is sent.
    reach: Reach,
    /// Whether the server keeps the offer that it was given last, and its candidates, for the peer when that comes.
    deposited: bool,
    /// Whether to look for new paths as soon as the peer can be told. An ICE restart gives up the candidates of both
    /// sides, and with them any path that might come back by itself.
    restart_wanted: bool,
    /// Whether this machine's network has become another one since the descriptions were begun that are not in force yet:
    /// where they lead nobody can be reached, and others are to follow as soon as they are settled.
    outdated: bool,
    /// Own candidates since the latest description was asked for; at most [`CANDIDATES_MAX`].
    local: Vec<IceCandidate>,
    /// The peer's candidates that came before its description; at most [`CANDIDATES_MAX`].
    early: Vec<IceCandidate>,
    /// The latest offer of the peer, and the answer to it.
    answered: Option<(Sdp, Sdp)>,
    /// The latest answer of the peer.
    applied: Option<Sdp>,
}

/// Who hears what is sent over the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Nobody, as far as is known.
    Nobody,
    /// The server. It keeps a description, and the candidates of that, for the peer when that comes.
    Server,
    /// The peer.
    Peer,
}

#[derive(Debug)]
enum Step {
    /// Both descriptions are in force, or none.
    Stable,
    /// The peer connection creates an offer.
    CreatingOffer,
    /// An offer awaits its answer.
    Offered {
        offer: Sdp,
        /// Times it was sent: 0 while the peer cannot be reached.
        sent: u32,
        resend_at: Time,
    },
    /// The peer connection creates an answer.
    Answering { offer: Sdp },
}

/// What an offer of the peer meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfferCollision {
    /// No offer of ours.
    None,
    /// An offer of ours that the peer has not seen, or that the polite side takes back.
    Yield,
    /// An offer of ours that stands: the peer takes its own back.
    Insist,
}

/// Whether an input has brought the two descriptions into agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Progress {
    Pending,
    Settled,
}

type Out = VecDeque<Output>;

impl Negotiation {
    /// The caller asks for the first offer at once, so that it is with the server when the peer comes.
    pub(crate) fn start(role: Role, out: &mut Out) -> Self {
        let mut negotiation = Self {
            role,
            step: Step::Stable,
            seq: 0,
            reach: Reach::Nobody,
            deposited: false,
            restart_wanted: false,
            outdated: false,
            local: Vec::new(),
            early: Vec::new(),
            answered: None,
            applied: None,
        };
        match role {
            Role::Caller => negotiation.create_offer(out),
            Role::Callee => {}
        }
        negotiation
    }

    /// Whether the peer has been heard of.
    pub(crate) fn has_remote(&self) -> bool {
        self.answered.is_some() || self.applied.is_some()
    }

    pub(crate) fn create_offer(&mut self, out: &mut Out) {
        self.seq += 1;
        self.deposited = false;
        self.restart_wanted = false;
        self.outdated = false;
        self.step = Step::CreatingOffer;
        self.local.clear();
        out.push_back(Output::CreateOffer { seq: self.seq, ice_restart: self.has_remote() });
    }

    /// Looks for new paths, or speeds up what is under way. The callee leaves the first offer to the caller.
    pub(crate) fn restart(&mut self, now: Time, out: &mut Out) {
        match self.step {
            Step::Stable if self.has_remote() && !self.linked() => self.restart_wanted = true,
            Step::Stable if self.has_remote() => self.create_offer(out),
            Step::Offered { sent: 0, .. } => self.create_offer(out),
            Step::Offered { .. } => self.send_offer(now, out),
            Step::Stable | Step::CreatingOffer | Step::Answering { .. } => {}
        }
    }

    /// Whether no description is under way.
    pub(crate) fn is_settled(&self) -> bool {
        match self.step {
            Step::Stable => true,
            Step::CreatingOffer | Step::Offered { .. } | Step::Answering { .. } => false,
        }
    }

    /// Whether no offer has left: none is there, or it is still being made.
    pub(crate) fn is_unsent(&self) -> bool {
        match self.step {
            Step::Stable | Step::CreatingOffer | Step::Offered { sent: 0, .. } => true,
            Step::Offered { .. } | Step::Answering { .. } => false,
        }
    }

    /// The addresses of this machine are others: what is under way leads nowhere.
    pub(crate) fn on_moved(&mut self) {
        self.outdated = match self.step {
            // An offer that nobody has seen is made anew, not waited for.
            Step::CreatingOffer | Step::Offered { sent: 1.., .. } | Step::Answering { .. } => true,
            Step::Stable | Step::Offered { .. } => false,
        };
    }

    /// Whether what is in force now was begun on another network; said once.
    pub(crate) fn was_outdated(&mut self) -> bool {
        mem::take(&mut self.outdated)
    }

    /// Whether a restart was wanted that waits for the peer; it waits no longer.
    pub(crate) fn put_off(&mut self) -> bool {
        mem::take(&mut self.restart_wanted)
    }

    /// The peer connection could not do what it was asked: back to the descriptions in force.
    pub(crate) fn abandon(&mut self) {
        self.seq += 1;
        self.outdated = false;
        self.step = Step::Stable;
    }

    pub(crate) fn linked(&self) -> bool {
        self.reach == Reach::Peer
    }

    /// The relay is closed; what is said now is not heard.
    pub(crate) fn unlink(&mut self) {
        (self.reach, self.deposited) = (Reach::Nobody, false);
    }

    /// The relay is open, and the peer is not there: the first offer can be left with the server.
    pub(crate) fn await_peer(&mut self, now: Time, out: &mut Out) {
        (self.reach, self.deposited) = (Reach::Server, false);
        self.send_offer(now, out);
    }

    /// The relay to the peer is open (again): says what may not have been heard.
    pub(crate) fn link(&mut self, connected: bool, now: Time, out: &mut Out) {
        self.reach = Reach::Peer;
        let (restart, deposited) = (mem::take(&mut self.restart_wanted), mem::take(&mut self.deposited));
        match &mut self.step {
            Step::Offered { resend_at, .. } if deposited => *resend_at = now + RESEND_AFTER,
            Step::Offered { .. } => self.send_offer(now, out),
            Step::Stable if restart && !connected => self.create_offer(out),
            Step::Stable if !connected => self.send_candidates(out),
            Step::Stable | Step::CreatingOffer | Step::Answering { .. } => {}
        }
    }

    fn send_offer(&mut self, now: Time, out: &mut Out) {
        // What is kept at the server would be old when the peer comes back to a call that it was in.
        let is_first = !self.has_remote();
        if let Step::Offered { offer, sent, resend_at } = &mut self.step
            && (self.reach == Reach::Peer || (self.reach == Reach::Server && is_first))
        {
            self.deposited = self.reach == Reach::Server;
            out.push_back(Output::Send(Signal::Offer { offer: offer.clone() }));
            *resend_at = now + RESEND_AFTER.max(backoff(*sent));
            *sent += 1;
            self.send_candidates(out);
        }
    }

    fn send_answer(&self, out: &mut Out) {
        if let Some((_, answer)) = &self.answered
            && self.linked()
        {
            out.push_back(Output::Send(Signal::Answer { answer: answer.clone() }));
            self.send_candidates(out);
        }
    }

    fn send_candidates(&self, out: &mut Out) {
        out.extend(self.local.iter().cloned().map(send_candidate));
    }

    pub(crate) fn on_offer_created(&mut self, seq: u32, offer: Sdp, now: Time, out: &mut Out) {
        match self.step {
            Step::CreatingOffer if seq == self.seq => {
                self.step = Step::Offered { offer, sent: 0, resend_at: now };
                self.send_offer(now, out);
            }
            Step::CreatingOffer | Step::Stable | Step::Offered { .. } | Step::Answering { .. } => {}
        }
    }

    pub(crate) fn on_answer_created(&mut self, seq: u32, answer: Sdp, out: &mut Out) -> Progress {
        match mem::replace(&mut self.step, Step::Stable) {
            Step::Answering { offer } if seq == self.seq => {
                self.answered = Some((offer, answer));
                self.send_answer(out);
                Progress::Settled
            }
            step @ (Step::Answering { .. } | Step::Stable | Step::CreatingOffer | Step::Offered { .. }) => {
                self.step = step;
                Progress::Pending
            }
        }
    }

    pub(crate) fn on_offer(&mut self, offer: Sdp, out: &mut Out) {
        self.reach = Reach::Peer;
        if self.answered.as_ref().is_some_and(|(known, _)| *known == offer) {
            match self.step {
                Step::Stable => self.send_answer(out),
                Step::CreatingOffer | Step::Offered { .. } | Step::Answering { .. } => {}
            }
            return;
        }
        let collision = match (&self.step, self.role) {
            (Step::Answering { offer: known }, _) if *known == offer => return,
            (Step::Stable | Step::Answering { .. }, _) => OfferCollision::None,
            (Step::CreatingOffer | Step::Offered { sent: 0, .. }, _) => OfferCollision::Yield,
            (Step::Offered { .. }, Role::Callee) => OfferCollision::Yield,
            (Step::Offered { .. }, Role::Caller) => OfferCollision::Insist,
        };
        match collision {
            OfferCollision::Insist => {}
            OfferCollision::None | OfferCollision::Yield => {
                self.seq += 1;
                self.outdated = false;
                self.local.clear();
                out.push_back(Output::AcceptOffer {
                    seq: self.seq,
                    offer: offer.clone(),
                    rollback: collision == OfferCollision::Yield,
                });
                self.step = Step::Answering { offer };
                self.deliver_early(out);
            }
        }
    }

    pub(crate) fn on_answer(&mut self, answer: Sdp, out: &mut Out) -> Progress {
        self.reach = Reach::Peer;
        match self.step {
            Step::Offered { sent: 1.., .. } if self.applied.as_ref() != Some(&answer) => {
                self.step = Step::Stable;
                self.applied = Some(answer.clone());
                out.push_back(Output::ApplyAnswer(answer));
                self.deliver_early(out);
                Progress::Settled
            }
            Step::Offered { .. } | Step::Stable | Step::CreatingOffer | Step::Answering { .. } => {
                Progress::Pending
            }
        }
    }

    pub(crate) fn on_candidate(&mut self, candidate: IceCandidate, out: &mut Out) {
        let ready = match self.step {
            Step::Stable | Step::CreatingOffer => self.has_remote(),
            Step::Answering { .. } => true,
            Step::Offered { .. } => false,
        };
        if ready {
            out.push_back(Output::AddCandidate(candidate));
        } else if self.early.len() < CANDIDATES_MAX {
            self.early.push(candidate);
        }
    }

    fn deliver_early(&mut self, out: &mut Out) {
        out.extend(self.early.drain(..).map(Output::AddCandidate));
    }

    pub(crate) fn on_local_candidate(&mut self, candidate: IceCandidate, out: &mut Out) {
        if self.local.len() == CANDIDATES_MAX {
            return;
        }
        self.local.push(candidate.clone());
        let description_is_out = match self.step {
            Step::Stable | Step::Offered { sent: 1.., .. } => true,
            Step::Offered { .. } | Step::CreatingOffer | Step::Answering { .. } => false,
        };
        if description_is_out && (self.linked() || self.deposited) {
            out.push_back(send_candidate(candidate));
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        match self.step {
            Step::Offered { sent: 1.., resend_at, .. } if self.linked() => Some(resend_at),
            Step::Offered { .. } | Step::Stable | Step::CreatingOffer | Step::Answering { .. } => None,
        }
    }

    pub(crate) fn on_timeout(&mut self, now: Time, out: &mut Out) {
        if self.next_timeout().is_some_and(|at| at <= now) {
            self.send_offer(now, out);
        }
    }
}

fn send_candidate(candidate: IceCandidate) -> Output {
    Output::Send(Signal::IceCandidate { candidate: Some(candidate) })
}
