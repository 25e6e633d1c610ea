//! How surely, and how fast, short calls come about.
use super::{
    case::Case,
    lab,
    peers::{Media, Peer},
};
use anyhow::{Result, bail};
use std::time::Duration;

/// Whoever waits longer has hung up.
const LIMIT: Duration = Duration::from_secs(20);

/// Short calls of a peer on a case.
pub struct Connects {
    /// The case's name.
    pub case: &'static str,
    /// Who called.
    pub peer: Peer,
    /// Of each call the milliseconds from the accept to the first picture, at the end that waited longer; `None` where
    /// there was none in time.
    pub waits_ms: Vec<Option<f64>>,
}

impl Connects {
    /// Makes so many calls, each on a network with chances of its own.
    ///
    /// # Errors
    /// Where the peer does not tell what it sees, or there can be no network.
    pub fn measure(peer: Peer, case: &Case, media: &Media, calls: usize) -> Result<Self> {
        if peer == Peer::Windows {
            bail!("windows do not tell what they see");
        }
        let mut waits_ms = Vec::new();
        for turn in 0..calls {
            let lab = lab(case, turn)?;
            let wait = peer.connect(&lab, case, media, LIMIT);
            let said =
                wait.map_or_else(|| "no picture".into(), |ms| format!("first pictures after {ms:.0} ms"));
            eprintln!("{}: {peer}, call {} of {calls}: {said}", case.name, turn + 1);
            waits_ms.push(wait);
        }
        Ok(Self { case: case.name, peer, waits_ms })
    }
}
