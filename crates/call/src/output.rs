//! What the machine asks of the shell, to be carried out in order.
use eyeline_protocol::{
    CallId, UserId,
    channel::ChannelMessage,
    event::ClientEvent,
    rest::EndReason,
    signal::{IceCandidate, Sdp, Signal},
};

/// One effect. Those about the peer connection concern the one made last.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send this to the server and bring the answer back as [`Input::Reply`](crate::Input::Reply).
    Request(Request),
    /// Send this on the events socket, if it is open; else forget it.
    Report(ClientEvent),
    /// Open the call's signaling socket and keep it open.
    OpenSignaling(CallId),
    /// Find out at once whether the call's signaling socket still works, and if not open it anew: what cut the path
    /// may have cut that too, and nothing comes on a dead socket.
    CheckSignaling(CallId),
    /// Close the call's signaling socket.
    CloseSignaling(CallId),
    /// Send this on the signaling socket.
    Send(Signal),
    /// Make a peer connection. The caller's makes the data channel.
    CreatePeer {
        /// The call.
        call_id: CallId,
        /// This device's part in it.
        role: Role,
    },
    /// Let what was sent on the data channel leave, then close the peer connection.
    ClosePeer(CallId),
    /// Create an offer and make it the local description, then report
    /// [`PeerFact::OfferCreated`](crate::PeerFact::OfferCreated).
    CreateOffer {
        /// To be returned.
        seq: u32,
        /// With new ICE credentials (RFC 8839 section 4.4.1.1.1).
        ice_restart: bool,
    },
    /// Apply this offer, create an answer and make it the local description, then report
    /// [`PeerFact::AnswerCreated`](crate::PeerFact::AnswerCreated).
    AcceptOffer {
        /// To be returned.
        seq: u32,
        /// The peer's offer.
        offer: Sdp,
        /// Take the own offer back first (RFC 8829 section 4.1.10.2).
        rollback: bool,
    },
    /// Apply this answer.
    ApplyAnswer(Sdp),
    /// Add a candidate of the peer. The remote description is there; one that does not fit it is no failure.
    AddCandidate(IceCandidate),
    /// Send this on the data channel.
    SendChannel(ChannelMessage),
    /// Start to capture what is on, and to render.
    StartMedia(MediaState),
    /// What is captured changes.
    SetMedia(MediaState),
    /// Stop capture and rendering; lights go out.
    StopMedia,
    /// Ring: somebody calls here.
    StartRinging,
    /// Stop ringing.
    StopRinging,
    /// Let the caller hear that it rings at the other end.
    StartRingback,
    /// Stop the ringback.
    StopRingback,
    /// [`CallMachine::view`](crate::CallMachine::view) shows something new. At most one for each input, the last.
    Changed,
}

/// A REST request. All but [`Request::Initiate`] are idempotent, and repeated by the machine while the server
/// cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `POST /calls/initiate`.
    Initiate {
        /// Which attempt of this device, from 1.
        attempt: u32,
        /// Whom to call.
        callee: UserId,
    },
    /// `POST /calls/accept/{call_id}`.
    Accept(CallId),
    /// `POST /calls/decline/{call_id}`.
    Decline(CallId),
    /// `POST /calls/cancel/{call_id}`.
    Cancel(CallId),
    /// `POST /calls/end/{call_id}`. With [`EndReason::Busy`] for a pending call that this device cannot take.
    End(CallId, EndReason),
    /// `GET /calls/{call_id}`.
    Fetch(CallId),
}

/// This device's part in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It placed the call: it makes the first offer, and its offer stands where two collide.
    Caller,
    /// It was called: where two offers collide it takes its own back.
    Callee,
}

/// What one side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaState {
    /// Whether the microphone is open.
    pub microphone: bool,
    /// Whether the camera is on.
    pub camera: bool,
}

impl From<MediaState> for ChannelMessage {
    fn from(MediaState { microphone, camera }: MediaState) -> Self {
        Self::MediaState { microphone, camera }
    }
}
