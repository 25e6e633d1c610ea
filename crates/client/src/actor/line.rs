//! The running parts of one call: signaling socket, peer connection, devices and chat.
use super::{
    ice::IceServers,
    negotiator::{Making, Negotiator, Order, Outcome},
};
use crate::{
    chat::{ChatError, ChatLog},
    config::MediaOptions,
    signaling::{
        Api,
        nudge::Nudged,
        relay::{Relay, RelayUpdate},
    },
    stats::CallStats,
    studio::{Studio, StudioEvent},
};
use eyeline_protocol::{
    CallId,
    channel::{ChannelMessage, is_eyeline},
    report::Report,
    signal::{ConnectionState, IceCandidate, Sdp, Signal},
};
use std::{future::Future, net::IpAddr};
use tokio::sync::mpsc;

/// Messages of the signaling socket that may wait for the actor; a full queue slows the socket down.
const RELAYED: usize = 256;
/// The server is told how the media fare after each change of the connection's state, and so many seconds later again: it
/// shows figures, it does not plot them.
const REPORT_EVERY_S: u32 = 10;

/// The running parts. Those that a call does not need (yet) are absent.
pub(super) struct Line {
    relay: Option<OpenRelay>,
    peer: Option<(CallId, Negotiator)>,
    pub studio: Studio,
    pub chat: ChatLog,
    pub chat_open: bool,
    pub stats: Option<CallStats>,
    /// Our end of the path in use, where it is an address of this machine's.
    pub local: Option<IpAddr>,
    /// Of the peer connection.
    state: Option<ConnectionState>,
    /// Seconds of figures since the server was told of any.
    unreported_s: u32,
    /// The peer is to be told anew how large its pictures are drawn.
    view_untold: bool,
}

struct OpenRelay {
    call: CallId,
    /// Whether the socket is open.
    up: bool,
    relay: Relay,
    updates: mpsc::Receiver<RelayUpdate>,
}

/// What the running parts report.
pub(super) enum LineUpdate {
    Relay(CallId, RelayUpdate),
    Peer(CallId, Outcome),
    Studio(StudioEvent),
    Nothing,
}

impl Line {
    pub(super) fn new(studio: Studio) -> Self {
        Self {
            relay: None,
            peer: None,
            studio,
            chat: ChatLog::default(),
            chat_open: false,
            stats: None,
            local: None,
            state: None,
            unreported_s: 0,
            view_untold: false,
        }
    }

    /// Waits for the next report.
    pub(super) async fn next(&mut self) -> LineUpdate {
        let relay = async {
            match &mut self.relay {
                Some(open) => match open.updates.recv().await {
                    Some(update) => {
                        open.up = match update {
                            RelayUpdate::Up => true,
                            RelayUpdate::Down | RelayUpdate::Gone => false,
                            RelayUpdate::Signal(_) => open.up,
                        };
                        LineUpdate::Relay(open.call, update)
                    }
                    None => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        let peer = async {
            match &mut self.peer {
                Some((call, negotiator)) => LineUpdate::Peer(*call, negotiator.next().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            update = relay => update,
            update = peer => update,
            event = self.studio.next() => LineUpdate::Studio(event),
        }
    }

    /// Nothing of the last call is to be seen any more.
    pub(super) fn new_call(&mut self) {
        self.chat = ChatLog::default();
        self.chat_open = false;
        self.stats = None;
        self.local = None;
        self.state = None;
        self.unreported_s = 0;
        self.view_untold = false;
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.relay = None;
        self.peer = None;
        self.studio.stop();
        self.new_call();
    }

    pub(super) fn open_relay(&mut self, api: Api, call: CallId, nudged: Nudged) {
        let (sender, updates) = mpsc::channel(RELAYED);
        self.relay =
            Some(OpenRelay { call, up: false, relay: Relay::start(api, call, nudged, sender), updates });
    }

    pub(super) fn close_relay(&mut self) {
        self.relay = None;
    }

    pub(super) fn send_signal(&mut self, signal: &Signal) {
        if matches!(signal, Signal::ConnectionState { .. }) {
            // Said as it is, since the peer may wait for it even where it is nothing new; the figures follow.
            self.unreported_s = REPORT_EVERY_S;
        }
        let taken = self.relay.as_ref().is_none_or(|open| open.relay.send(signal));
        if !taken {
            tracing::warn!("the signaling socket does not keep up");
        }
    }

    /// The peer connection's state has changed.
    pub(super) fn set_state(&mut self, state: ConnectionState) {
        self.state = Some(state);
    }

    /// Takes one second's figures.
    pub(super) fn take_stats(&mut self, stats: CallStats) {
        self.unreported_s += 1;
        // What waits for a socket is old when it opens.
        if let (Some(state), Some(open)) = (self.state, self.relay.as_ref().filter(|open| open.up))
            && self.unreported_s >= REPORT_EVERY_S
        {
            self.unreported_s = 0;
            if !open.relay.report(&Report { state, stats: Some(Box::new(stats.webrtc.clone())) }) {
                tracing::warn!("the signaling socket does not keep up");
            }
        }
        self.stats = Some(stats);
    }

    pub(super) fn make_peer(&mut self, call: CallId, options: &MediaOptions, servers: IceServers) {
        let making = Making {
            relay_only: options.relay_only,
            video_codecs: options.video_codecs.clone(),
            servers,
            link: self.studio.link(),
        };
        self.peer = Some((call, Negotiator::start(making)));
    }

    /// Closes the peer connection; the future ends when its last words have left.
    pub(super) fn close_peer(&mut self) -> Option<impl Future<Output = ()> + use<>> {
        self.chat_open = false;
        self.studio.disconnect();
        self.peer.take().map(|(_, negotiator)| negotiator.finish())
    }

    pub(super) fn create_offer(&self, seq: u32, ice_restart: bool) {
        self.order(Order::CreateOffer { seq, ice_restart });
    }

    pub(super) fn accept_offer(&mut self, seq: u32, offer: Sdp, rollback: bool) {
        self.recognise(&offer);
        self.order(Order::AcceptOffer { seq, offer, rollback });
    }

    pub(super) fn apply_answer(&mut self, answer: Sdp) {
        self.recognise(&answer);
        self.order(Order::ApplyAnswer(answer));
    }

    pub(super) fn add_candidate(&self, candidate: IceCandidate) {
        self.order(Order::AddCandidate(candidate));
    }

    pub(super) fn send_channel(&self, message: ChannelMessage) {
        self.order(Order::SendChannel(message));
    }

    pub(super) fn request_key_frame(&self) {
        self.order(Order::RequestKeyFrame);
    }

    pub(super) fn ask_stats(&mut self) {
        if std::mem::take(&mut self.view_untold) {
            self.tell_view();
        }
        self.order(Order::Stats);
    }

    fn order(&self, order: Order) {
        if let Some((_, negotiator)) = &self.peer {
            negotiator.order(order);
        }
    }

    fn recognise(&mut self, remote: &Sdp) {
        if is_eyeline(&remote.sdp) {
            self.chat.expect_acknowledgements();
        }
    }

    pub(super) fn open_channel(&mut self) {
        self.chat_open = true;
        self.tell_view();
    }

    /// Lets the other side know how large its pictures are drawn here.
    pub(super) fn tell_view(&self) {
        if let Some((width, height)) = self.studio.view()
            && self.chat_open
            && self.chat.is_with_ours()
        {
            self.order(Order::SendChannel(ChannelMessage::View { width, height }));
        }
    }

    pub(super) fn close_chat(&mut self) {
        self.chat_open = false;
    }

    /// The call is over: nothing can be written or confirmed any more.
    pub(super) fn end_chat(&mut self) {
        self.chat_open = false;
        self.chat.close();
    }

    pub(super) fn write_chat(&mut self, text: &str, now_ms: u64) -> Result<(), ChatError> {
        let open = self.peer.as_ref().filter(|_| self.chat_open);
        self.chat.write(text, now_ms, |message| {
            open.is_some_and(|(_, negotiator)| {
                negotiator.order(Order::SendChannel(message));
                true
            })
        })
    }

    pub(super) fn read_channel(&mut self, message: &ChannelMessage, now_ms: u64) {
        if let ChannelMessage::View { width, height } = *message {
            self.studio.set_view((width, height));
        }
        if let Some(answer) = self.chat.receive(message, now_ms) {
            self.order(Order::SendChannel(answer));
        }
    }

    pub(super) fn not_sent(&mut self, message: &ChannelMessage) {
        match message {
            ChannelMessage::Text { id: Some(id), .. } => self.chat.fail(*id),
            ChannelMessage::View { .. } => self.view_untold = true,
            // The next one says the same, or the server does.
            ChannelMessage::Text { id: None, .. }
            | ChannelMessage::Ack { .. }
            | ChannelMessage::MediaState { .. }
            | ChannelMessage::Bye { .. } => {}
        }
    }
}
