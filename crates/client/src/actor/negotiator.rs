//! Carries out, one after the other and off the actor, what the call logic asks of the peer connection.
use super::ice::IceServers;
use crate::{
    peer::{IceState, Peer, PeerConfig, PeerError, PeerEvent, PeerStats},
    studio::PeerLink,
    task::Task,
};
use eyeline_media::codec::VideoCodec;
use eyeline_protocol::{
    channel::ChannelMessage,
    signal::{ConnectionState, IceCandidate, Sdp},
};
use std::time::Duration;
use tokio::sync::mpsc;

/// Orders that may wait: both sides' candidates of one negotiation, and a person's chat.
const ORDERS: usize = 512;
/// Events that may wait for the actor; it only hands them on.
const EVENTS: usize = 512;
/// Longest wait for the list of STUN and TURN servers before the call goes on without: host candidates need none.
const ICE_SERVERS_LIMIT: Duration = Duration::from_secs(2);

/// Longest that last words may take to leave: two retransmission times-out of SCTP (RFC 9260).
const FLUSH_LIMIT: Duration = Duration::from_millis(500);
/// Longest that closing may take, with everything.
const FINISH_LIMIT: Duration = Duration::from_millis(1_500);

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
    OfferCreated {
        seq: u32,
        offer: Sdp,
    },
    AnswerCreated {
        seq: u32,
        answer: Sdp,
    },
    NegotiationFailed,
    /// There is no connection, and there will be none.
    NoConnection,
    /// A message could not be handed to the data channel.
    NotSent(ChannelMessage),
    Stats(Box<PeerStats>, Option<IceState>),
    Event(PeerEvent),
}

/// The peer connection of one call, driven by a task of its own until this is dropped.
pub(super) struct Negotiator {
    orders: mpsc::Sender<Order>,
    outcomes: mpsc::Receiver<Outcome>,
    task: Task,
}

/// What a peer connection is made with.
pub(super) struct Making {
    pub relay_only: bool,
    pub video_codecs: Vec<VideoCodec>,
    pub servers: IceServers,
    pub link: PeerLink,
}

impl Negotiator {
    pub(super) fn start(making: Making) -> Self {
        let (orders, queue) = mpsc::channel(ORDERS);
        let (sender, outcomes) = mpsc::channel(EVENTS);
        Self { orders, outcomes, task: Task::spawn(drive(making, queue, sender)) }
    }

    /// Gives an order. A full queue means that the connection hangs: the call logic's own deadlines end it.
    pub(super) fn order(&self, order: Order) {
        if let Err(refused) = self.orders.try_send(order) {
            tracing::warn!(%refused, "the peer connection does not keep up");
        }
    }

    /// Waits for the next outcome.
    pub(super) async fn next(&mut self) -> Outcome {
        match self.outcomes.recv().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }

    /// Closes the connection after its last words have left.
    pub(super) async fn finish(self) {
        self.order(Order::Close);
        // Nobody reads the outcomes any more: the task must not wait for that.
        drop(self.outcomes);
        let _ = tokio::time::timeout(FINISH_LIMIT, self.task.ended()).await;
    }
}

/// Makes the connection, then carries out orders and passes events on until told to close.
async fn drive(mut making: Making, mut queue: mpsc::Receiver<Order>, outcomes: mpsc::Sender<Outcome>) {
    let known = tokio::time::timeout(ICE_SERVERS_LIMIT, making.servers.wait_for(Option::is_some)).await;
    let servers = known.ok().and_then(Result::ok).and_then(|list| list.clone()).unwrap_or_default();
    let config =
        PeerConfig { servers, relay_only: making.relay_only, video_codecs: making.video_codecs.clone() };
    let (sender, mut events) = mpsc::channel(EVENTS);
    let peer = match Peer::new(config, making.link.callbacks(), sender).await {
        Ok(peer) => peer,
        Err(error) => {
            tracing::error!(%error, "no peer connection");
            let _ = outcomes.send(Outcome::NoConnection).await;
            return;
        }
    };
    let mut ice = None;
    loop {
        let outcome = tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { break };
                match &event {
                    PeerEvent::State(ConnectionState::Connected) => making.link.connect(peer.sender()),
                    PeerEvent::IceState(state) => ice = Some(*state),
                    PeerEvent::LocalCandidate(_)
                    | PeerEvent::State(_)
                    | PeerEvent::ChannelOpen
                    | PeerEvent::ChannelMessage(_)
                    | PeerEvent::ChannelClosed => {}
                }
                Some(Outcome::Event(event))
            }
            order = queue.recv() => match order {
                Some(Order::Close) | None => break,
                Some(Order::Stats) => Some(Outcome::Stats(Box::new(peer.stats().await), ice)),
                Some(order) => {
                    refresh(&peer, &mut making, &order).await;
                    carry_out(&peer, &making.link, order).await
                }
            },
        };
        if let Some(outcome) = outcome {
            // The actor may have dropped its end; the connection is closed in order all the same.
            let _ = outcomes.send(outcome).await;
        }
    }
    making.link.disconnect();
    peer.flush_channel(FLUSH_LIMIT).await;
    peer.close().await;
}

async fn carry_out(peer: &Peer, link: &PeerLink, order: Order) -> Option<Outcome> {
    match order {
        Order::CreateOffer { seq, ice_restart } => Some(settled(
            peer.create_offer(ice_restart).await.map(|offer| Outcome::OfferCreated { seq, offer }),
        )),
        Order::AcceptOffer { seq, offer, rollback } => {
            let answered = answer(peer, offer, rollback).await;
            agree(peer, link);
            Some(settled(answered.map(|answer| Outcome::AnswerCreated { seq, answer })))
        }
        Order::ApplyAnswer(answer) => {
            let applied = peer.accept_answer(answer).await;
            agree(peer, link);
            applied.err().map(failed)
        }
        Order::AddCandidate(candidate) => {
            if let Err(error) = peer.add_candidate(candidate).await {
                tracing::debug!(%error, "a candidate is left out");
            }
            None
        }
        Order::SendChannel(message) => match peer.send_channel(&message.encode()).await {
            Ok(()) => None,
            Err(error) => {
                tracing::debug!(%error, "not sent over the data channel");
                Some(Outcome::NotSent(message))
            }
        },
        Order::RequestKeyFrame => {
            if let Err(error) = peer.request_key_frame().await {
                tracing::debug!(%error, "no key frame requested");
            }
            None
        }
        // Taken by `drive`.
        Order::Stats | Order::Close => None,
    }
}

/// Looks for new paths by the servers of now: the credentials of the first ones may have expired.
async fn refresh(peer: &Peer, making: &mut Making, order: &Order) {
    if !matches!(order, Order::CreateOffer { ice_restart: true, .. } | Order::AcceptOffer { .. })
        || !making.servers.has_changed().unwrap_or(false)
    {
        return;
    }
    let servers = making.servers.borrow_and_update().clone().unwrap_or_default();
    if let Err(error) = peer.set_servers(servers).await {
        tracing::warn!(%error, "the former STUN and TURN servers stay");
    }
}

async fn answer(peer: &Peer, offer: Sdp, rollback: bool) -> Result<Sdp, PeerError> {
    if rollback {
        peer.rollback().await?;
    }
    peer.accept_offer(offer).await
}

/// From now on the picture goes out in what both sides have.
fn agree(peer: &Peer, link: &PeerLink) {
    if let Some(codec) = peer.video_codec() {
        link.set_codec(codec);
    }
}

fn settled(outcome: Result<Outcome, PeerError>) -> Outcome {
    outcome.unwrap_or_else(failed)
}

fn failed(error: PeerError) -> Outcome {
    tracing::warn!(%error, "negotiation");
    Outcome::NegotiationFailed
}
