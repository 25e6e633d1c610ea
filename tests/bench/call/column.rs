//! What is shown side by side: for most peers a call as a whole, for a mixed one each end apart.
use super::{case::Case, end::End, figures::Figures, peers::Peer};

/// A column of a table, and a line of a plot.
pub struct Column {
    /// In the table's head.
    pub name: &'static str,
    /// In plots, as in CSS.
    pub colour: &'static str,
    /// Whose calls.
    pub peer: Peer,
    /// Of a call only the end that calls, or only the other; both where `None`.
    calls: Option<bool>,
}

const COLUMNS: [Column; 5] = [
    Column { name: "Eyeline", colour: "#2563eb", peer: Peer::Ours, calls: None },
    Column { name: "Chromium", colour: "#d97706", peer: Peer::Chromium, calls: None },
    Column { name: "Eyeline from Chromium", colour: "#7c3aed", peer: Peer::Mixed, calls: Some(true) },
    Column { name: "Chromium from Eyeline", colour: "#be123c", peer: Peer::Mixed, calls: Some(false) },
    Column { name: "Eyeline's windows", colour: "#059669", peer: Peer::Windows, calls: None },
];

impl Column {
    /// All of a peer.
    pub fn of(peer: Peer) -> impl Iterator<Item = &'static Self> {
        COLUMNS.iter().filter(move |column| column.peer == peer)
    }

    /// The ends of a call that it tells of.
    pub fn ends<'a>(&self, call: &'a [End; 2]) -> impl Iterator<Item = &'a End> + Clone {
        let calls = self.calls;
        call.iter().filter(move |end| calls.is_none_or(|calls| end.calls == calls))
    }

    /// Figures of one call.
    pub fn figures(&self, call: &[End; 2], case: &Case) -> Figures {
        Figures::of(self.ends(call), case)
    }
}
