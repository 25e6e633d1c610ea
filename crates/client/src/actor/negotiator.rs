//! Carries out, one after the other and off the actor, what the call logic asks of the peer connection.
use crate::{
    peer::{MediaCallbacks, Peer, PeerConfig, PeerEvent, PeerStats},
    task::Task,
};
use eyeline_call::Role;
use eyeline_protocol::{
    channel::ChannelMessage,
    rest::IceServer,
    signal::{IceCandidate, Sdp},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};

/// Orders that may wait: both sides' candidates of one negotiation, and a person's chat.
const ORDERS: usize = 512;
/// Events that may wait for the actor; it only hands them on.
const EVENTS: usize = 512;
/// Longest wait for the list of STUN and TURN servers before the call goes on without: host candidates need none.
const ICE_SERVERS_LIMIT: Duration = Duration::from_secs(2);

/// What is asked of the peer connection.
#[derive(Debug)]
pub(super) enum Order {
    CreateOffer { seq: u32, ice_restart: bool },
    AcceptOffer { seq: u32, offer: Sdp, rollback: bool },
    ApplyAnswer(Sdp),
    AddCandidate(IceCandidate),
    SendChannel(ChannelMessage),
    RequestKeyFrame,
    Stats,
    Close,
}

/// What the peer connection answers and reports.
#[derive(Debug)]
pub(super) enum Outcome {
    OfferCreated { seq: u32, offer: Sdp },
    AnswerCreated { seq: u32, answer: Sdp },
    NegotiationFailed,
    /// A message could not be handed to the data channel.
    NotSent(ChannelMessage),
    Stats(Box<PeerStats>),
    Event(PeerEvent),
}

/// The peer connection of one call, driven by a task of its own until this is dropped.
pub(super) struct Negotiator {
    orders: mpsc::Sender<Order>,
    outcomes: mpsc::Receiver<Outcome>,
    /// `None` once it has been told to close: it then ends by itself, after its last words have left.
    _task: Task,
}

/// What a peer connection is made with, beside its ICE servers.
pub(super) struct Making {
    pub role: Role,
    pub relay_only: bool,
    pub video_codecs: Vec<eyeline_media::codec::VideoCodec>,
    pub ice_servers: watch::Receiver<Option<Vec<IceServer>>>,
    pub media: MediaCallbacks,
}

impl Negotiator {
    pub(super) fn start(making: Making, outlet: watch::Sender<Option<Arc<Peer>>>) -> Self {
        let (orders, queue) = mpsc::channel(ORDERS);
        let (sender, outcomes) = mpsc::channel(EVENTS);
        Self { orders, outcomes, _task: Task::spawn(drive(making, outlet, queue, sender)) }
    }

    /// Gives an order. A full queue means that the connection hangs: the call logic's own deadlines end it.
    pub(super) fn order(&self, order: Order) {
        if let Err(refused) = self.orders.try_send(order) {
            tracing::warn!(%refused, "the peer connection does not keep up");
        }
    }

    pub(super) async fn next(&mut self) -> Outcome {
        match self.outcomes.recv().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }
}
