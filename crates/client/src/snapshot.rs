//! Everything that a person can see, as one value. The UI is a function of it and keeps no call logic of its own.
//!
//! A new [`Snapshot`] is published whenever anything in it has changed, whole.
use eyeline_protocol::{
    CallId,
    rest::{EndReason, User},
};
use serde::{Deserialize, Serialize};

/// The state of the program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct Snapshot {
    /// The signaling server and how the connection to it fares.
    pub server: ServerView,
    /// Who is signed in; `None` shows the sign-in screen.
    pub account: Option<User>,
    /// Whether a sign-in, registration or search is under way. Not while the server of a remembered session is waited for.
    pub busy: bool,
    /// The newest thing that went wrong and that a person should read, until dismissed.
    pub notice: Option<Notice>,
    /// Everybody who can be called, those online first, then by name.
    pub contacts: Vec<User>,
    /// The call, from the first ring until its end has been dismissed.
    pub call: Option<CallView>,
    /// Cameras, microphones and speakers.
    pub devices: DevicesView,
}

/// The signaling server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct ServerView {
    /// Base address, such as `https://calls.example.org`.
    pub url: String,
    /// The live connection.
    pub link: Link,
    /// Plain HTTP to an address beyond this machine: passwords can be read on the way.
    pub insecure: bool,
}

/// The live connection to the signaling server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Not wanted: nobody is signed in.
    #[default]
    Idle,
    /// Being made, or made again after a loss.
    Connecting,
    /// Made.
    Online,
}

/// Something a person should read once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct Notice {
    /// Tells this notice from the next one with the same words.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number"))]
    pub id: u64,
    /// What it is about; the UI has words for each.
    pub code: NoticeCode,
    /// The particulars, in English, such as a device's name or the server's own words; may be empty.
    pub detail: String,
}

/// What a [`Notice`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    /// User name or password are wrong.
    WrongCredentials,
    /// The name to register is taken.
    NameTaken,
    /// The server refuses the name or the password to register; `detail` says why.
    InvalidAccount,
    /// The server does not answer.
    ServerUnreachable,
    /// The address is not one of an Eyeline server.
    NotAServer,
    /// The server's answer was an error that has no code of its own here.
    ServerRefused,
    /// The sign-in has expired or was revoked.
    SignedOut,
    /// The person called does not exist any more.
    NoSuchUser,
    /// The camera cannot be used; `detail` says why. The call goes on without it.
    Camera,
    /// The microphone cannot be used. The call goes on without it.
    Microphone,
    /// The speaker cannot be used. The call goes on without it.
    Speaker,
    /// A chat message could not be sent.
    ChatFailed,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct CallView {
    /// Identifier; `None` until the server has given one.
    pub id: Option<CallId>,
    /// The other person.
    pub peer: User,
    /// Who placed it.
    pub direction: Direction,
    /// Where it stands.
    pub phase: Phase,
    /// While it rings: the Unix time at which it stops ringing, in milliseconds, by this machine's clock.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number | null"))]
    pub ring_until_ms: Option<u64>,
    /// Since when media flows: Unix time in milliseconds.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number | null"))]
    pub connected_at_ms: Option<u64>,
    /// How long it lasted, once ended, in milliseconds.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number | null"))]
    pub duration_ms: Option<u64>,
    /// Once ended: why.
    pub end_reason: Option<EndReason>,
    /// Why it could not be placed, where that is why it ended.
    pub failure: Option<CallFailure>,
    /// Once ended: whether the end came from the other side.
    pub ended_by_peer: bool,
    /// What this side sends.
    pub local: SideView,
    /// What the other side sends.
    pub remote: SideView,
    /// Whether chat can be written now.
    pub chat_open: bool,
    /// Chat, oldest first.
    pub chat: Vec<ChatLine>,
    /// How the media fares; `None` until there is something to tell.
    pub quality: Option<Quality>,
}

/// Why the server did not place a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct CallFailure {
    /// The server's word for it (`user_not_found`, `rate_limited`, ...), or `unreachable`.
    pub code: String,
    /// The server's sentence; empty where there was no answer.
    pub detail: String,
}

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// This side.
    Outgoing,
    /// The other side.
    Incoming,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The server is being asked.
    Dialing,
    /// It rings at the other side.
    Ringing,
    /// It rings here.
    Incoming,
    /// Accepted; no media yet.
    Connecting,
    /// Media flows.
    Active,
    /// The path was lost and is being found again.
    Reconnecting,
    /// Over.
    Ended,
}

/// What one side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct SideView {
    /// Whether the microphone is open.
    pub microphone: bool,
    /// Whether the camera is on. Where not, an avatar is shown.
    pub camera: bool,
    /// Whether the camera's pictures are left out for now, since the connection has no room for them.
    pub paused: bool,
}

/// One line of chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct ChatLine {
    /// Counts the lines of this call from 1, in the order in which they are shown.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number"))]
    pub id: u64,
    /// Whether this side wrote it.
    pub mine: bool,
    /// The words.
    pub text: String,
    /// Unix time in milliseconds, by the writer's clock.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number"))]
    pub sent_at_ms: u64,
    /// How far it got.
    pub delivery: Delivery,
}

/// How far a line of chat got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Not yet handed to the connection.
    Sending,
    /// Handed to the connection.
    Sent,
    /// The other side has it. Every received line is `Delivered`.
    Delivered,
    /// It did not get through.
    Failed,
}

/// How the media fares, for bars and a panel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct Quality {
    /// 0 (nothing comes) to 4 (excellent).
    pub bars: u8,
    /// Round-trip time of the path in use, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Received packets lost in the last second, in percent.
    pub loss_pct: Option<f64>,
    /// Received, in kbit/s.
    pub kbps_in: Option<f64>,
    /// Sent, in kbit/s.
    pub kbps_out: Option<f64>,
    /// Pictures rendered in the last second.
    pub fps: Option<f64>,
    /// Size of the received picture, in pixels.
    pub size: Option<(u32, u32)>,
    /// Name of the received video codec.
    pub codec: Option<String>,
    /// Name of the video encoder at work.
    pub encoder: Option<String>,
    /// Name of the video decoder at work.
    pub decoder: Option<String>,
    /// Interarrival jitter of the sound, in milliseconds.
    pub jitter_ms: Option<f64>,
    /// Sound that waits to be played, in milliseconds.
    pub jitter_buffer_ms: Option<f64>,
    /// Sound made up for what did not come, of all since the call's start, in percent.
    pub concealed_pct: Option<f64>,
    /// Times that the picture has stood still since the call's start.
    #[cfg_attr(any(test, feature = "typescript"), ts(type = "number | null"))]
    pub freeze_count: Option<u64>,
    /// For how long altogether, in seconds.
    pub freeze_s: Option<f64>,
    /// What keeps the sent picture from being as good as the camera's: `none`, `bandwidth` or `cpu`.
    pub limitation: Option<String>,
    /// Types of the candidates in use, local and remote (RFC 8445 section 5.1.1).
    pub candidates: Option<(String, String)>,
    /// `udp`, `tcp`, or `tls` to a relay.
    pub protocol: Option<String>,
    /// Whether media goes through a TURN server.
    pub relayed: Option<bool>,
}

/// Devices that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct DevicesView {
    /// Cameras.
    pub cameras: DeviceChoice,
    /// Microphones.
    pub microphones: DeviceChoice,
    /// Speakers.
    pub speakers: DeviceChoice,
}

/// One kind of device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct DeviceChoice {
    /// What there is.
    pub available: Vec<DeviceItem>,
    /// The `id` of the chosen one; `None` follows the system's default.
    pub chosen: Option<String>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct DeviceItem {
    /// Names it to a [`crate::Command`].
    pub id: String,
    /// Name for a person.
    pub name: String,
}
