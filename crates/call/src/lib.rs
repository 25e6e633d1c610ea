//! One call as a pure state machine: no I/O, no clock, no threads. A shell feeds [`Input`]s with the time, carries
//! out [`Output`]s in order, and wakes the machine at [`CallMachine::poll_timeout`].
//!
//! ```text
//!            Dial                 Initiate answered           Ongoing
//!   Idle ------------> Placing ----------------> Outgoing -----------+
//!    |                    | glare: Ongoing                           v             lost > 2.5 s, failed
//!    |                    +--------------------------------> Live: Connecting --> Active <--> Reconnecting
//!    | incoming_call          Accept               Ongoing           ^
//!    +------------> Incoming -------> Accepting ---------------------+
//!
//!   any of them ------------> Ended(reason, by) --Dismiss--> Idle       (Dial, incoming_call: from Ended as from Idle)
//! ```
//!
//! What outlives a state: requests that leave a call are repeated until the server has heard them (`errands`), the
//! identifiers of finished calls are kept so that a late message does not ring, and microphone and camera stay as
//! the person has set them.
//!
//! ```
//! use eyeline_call::{CallMachine, Input, Intent, Output, Phase, Request, Time};
//! use eyeline_protocol::{DeviceId, UserId, rest::{Presence, User}};
//!
//! let mut machine = CallMachine::new(UserId::new(), DeviceId::new());
//! let bob = User { id: UserId::new(), username: "bob".into(), display_name: "Bob".into(), presence: Presence::Online };
//!
//! machine.handle(Input::Intent(Intent::Dial { callee: bob.clone() }), Time::from_ms(0));
//! let Some(Output::Request(request)) = machine.poll_output() else { panic!("dialing asks the server") };
//! assert_eq!(request, Request::Initiate { attempt: 1, callee: bob.id });
//! while machine.poll_output().is_some() {} // media starts; the view has changed
//! assert_eq!(machine.view().phase, Phase::Dialing);
//! assert!(machine.poll_timeout().is_some());
//! ```
#![forbid(unsafe_code)]

mod errands;
mod hearing;
mod input;
mod live;
mod machine;
mod negotiate;
mod output;
mod ring;
mod server;
mod state;
mod time;
mod view;

pub use input::{Failure, Input, Intent, NetworkFact, PeerFact, SignalingFact};
pub use machine::CallMachine;
pub use output::{MediaState, Output, Request, Role};
pub use time::Time;
pub use view::{End, EndedBy, Phase, View};
