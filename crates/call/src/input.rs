//! What the shell tells the machine.
use crate::Request;
use eyeline_protocol::{
    CallId,
    channel::ChannelMessage,
    event::Event,
    rest::{Call, User},
    signal::{ConnectionState, IceCandidate, Sdp, Signal},
};

/// Everything that can happen to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The person wants something.
    Intent(Intent),
    /// The server has answered a [`Request`], which is echoed so that answers find their question.
    Reply {
        /// The request, as it was put out.
        request: Request,
        /// The call as the server now has it, or why there is none.
        result: Result<Call, Failure>,
    },
    /// The events socket brought something.
    Event(Event),
    /// The signaling socket of a call brought something. Ignored unless the call is the present one.
    Signaling {
        /// The call that the socket belongs to.
        call_id: CallId,
        /// What happened.
        fact: SignalingFact,
    },
    /// The peer connection of a call brought something. Ignored unless the call is the present one.
    Peer {
        /// The call that the peer connection belongs to.
        call_id: CallId,
        /// What happened.
        fact: PeerFact,
    },
    /// The network of this machine is another, or may be.
    Network(NetworkFact),
    /// The time given by [`CallMachine::poll_timeout`](crate::CallMachine::poll_timeout) has come.
    Timeout,
}

/// What the person at this device wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Call somebody. While that same person is calling here, it accepts their call.
    Dial {
        /// Whom.
        callee: User,
    },
    /// Take the incoming call.
    Accept,
    /// Refuse the incoming call.
    Decline,
    /// Leave the call, whatever its state.
    HangUp,
    /// Open or close the microphone. Holds for later calls too.
    SetMicrophone(bool),
    /// Switch the camera on or off. Holds for later calls too.
    SetCamera(bool),
    /// The ended call has been seen: show no call any more.
    Dismiss,
}

/// Why a request has no call for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No answer came, or one of the 5xx range: trying again may help.
    Unreachable,
    /// The server said no (4xx).
    Refused {
        /// What a program can act on.
        code: String,
        /// What a person can read.
        message: String,
    },
}

/// What happens on the signaling socket. The shell keeps the socket open, with its own backoff, from
/// [`Output::OpenSignaling`](crate::Output::OpenSignaling) to
/// [`Output::CloseSignaling`](crate::Output::CloseSignaling).
#[derive(Debug, Clone, PartialEq)]
pub enum SignalingFact {
    /// The socket is open.
    Up,
    /// The socket was lost; the shell is about to try again. Never ends a call.
    Down,
    /// The server refuses the socket (401, 403, 404): trying again is useless.
    Refused,
    /// A message came.
    Message(Signal),
}

/// What has become of this machine's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFact {
    /// The path in use cannot work any more: its address is gone, and there are others.
    PathLost,
    /// There is no network, and there was one: nobody can be reached but on this machine itself.
    Gone,
    /// It is another, or back as it was; the address of the path in use is there.
    Changed,
    /// The machine has slept: the path in use may work as before.
    Woken,
}

/// What happens on the peer connection.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerFact {
    /// [`Output::CreateOffer`](crate::Output::CreateOffer) is done: this is the local description now.
    OfferCreated {
        /// As in the output.
        seq: u32,
        /// The offer.
        offer: Sdp,
    },
    /// [`Output::AcceptOffer`](crate::Output::AcceptOffer) is done: this is the local description now.
    AnswerCreated {
        /// As in the output.
        seq: u32,
        /// The answer.
        answer: Sdp,
    },
    /// A description could not be created or applied.
    NegotiationFailed,
    /// No connection can be made at all: no sockets, or no server for the only kind of path that is allowed.
    NoConnection,
    /// A local candidate was found.
    LocalCandidate(IceCandidate),
    /// The connection state is now this one.
    Connection(ConnectionState),
    /// The data channel is open.
    ChannelOpen,
    /// The data channel brought a message. Only `media_state` and `bye` concern the call.
    Channel(ChannelMessage),
}
