//! Everything that a person can ask of the program.
use eyeline_protocol::UserId;
use serde::{Deserialize, Serialize};

/// One wish. What comes of it is seen in the next [`crate::Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Sign in at a server.
    SignIn {
        /// Base address; `http://` is taken for a bare `host:port` on this machine, `https://` elsewhere.
        server: String,
        /// User name.
        username: String,
        /// Password.
        password: String,
    },
    /// Create an account at a server, and sign in.
    Register {
        /// Base address.
        server: String,
        /// User name.
        username: String,
        /// Password.
        password: String,
        /// Name to show; the user name where `None`.
        display_name: Option<String>,
    },
    /// Sign out of this device, ending a call.
    SignOut,
    /// Call somebody.
    Dial {
        /// Whom.
        user_id: UserId,
    },
    /// Take the incoming call.
    Accept,
    /// Refuse the incoming call.
    Decline,
    /// End the call, or stop calling.
    HangUp,
    /// Take the ended call off the screen.
    DismissCall,
    /// Take the notice off the screen.
    DismissNotice,
    /// Open or mute the microphone.
    SetMicrophone {
        /// Open.
        on: bool,
    },
    /// Turn the camera on or off.
    SetCamera {
        /// On.
        on: bool,
    },
    /// Write to the other person.
    SendChat {
        /// The words.
        text: String,
    },
    /// Look for people to call; the empty text lists everybody.
    SearchUsers {
        /// Part of a name.
        query: String,
    },
    /// Choose a camera; `None` follows the system's default.
    ChooseCamera {
        /// Its `id` in the snapshot.
        id: Option<String>,
    },
    /// Choose a microphone.
    ChooseMicrophone {
        /// Its `id` in the snapshot.
        id: Option<String>,
    },
    /// Choose a speaker.
    ChooseSpeaker {
        /// Its `id` in the snapshot.
        id: Option<String>,
    },
    /// Look again which devices there are.
    RefreshDevices,
}
