//! Who is who: accounts, signed-in devices, and the tokens that prove them.
//!
//! ```text
//!   register, login --> failures, passwords --> Sessions --> access token (JWT, minutes, names user and device)
//!   refresh ----------------------------------> Sessions --> + refresh token (random, weeks, spent by its use)
//!   every other request: access token --> SignedIn
//! ```
mod extract;
mod failures;
mod keys;
mod names;
mod passwords;
mod sessions;
mod tokens;

pub use extract::{SignedIn, check, from_header};
pub use failures::subscriber;
pub use keys::{KeyError, signing_key};
pub use names::fold as fold_username;
pub use sessions::Sessions;
pub use tokens::{Claims, Tokens};
