//! Everything between the packets that media make and the wire: kept for repairs, queued by rank, paced, numbered, and
//! accounted for when feedback comes.
//!
//! ```text
//! audio ------------------------------------------------.
//! video ---> Queue --.                                  |
//! NACK ----> repairs-+--> Gate (rate, window, train) ---+--> Ledger (number) --> wire
//! padding -----------'                                           |
//! feedback <-----------------------------------------------------'--> Estimator --> target, rate, window, train
//! ```
//! One stage, since each decision needs the others' state; rtc has four slots for it, which cannot know of each other.
mod advice;
mod ahead;
mod fill;
mod gate;
mod history;
mod least;
mod ledger;
mod queue;
mod share;
mod side;
mod streams;

pub use ahead::Ahead;
pub use fill::{Fill, Wish};
pub use gate::Gate;
pub use history::History;
pub use least::Waits;
pub use ledger::{Ledger, Outcome, Sent};
pub use queue::{Queue, Repair};
pub use side::SendSide;
