//! What the page can ask for, one line each.
use crate::feed::Feed;
use eyeline_client::{Client, Command, Snapshot, viewer::Side};
use serde::Deserialize;
use std::sync::Arc;
use tauri::State;

/// Passes a person's wish on to the client.
#[tauri::command]
pub fn command(client: State<'_, Client>, command: Command) {
    client.send(command);
}

/// The newest snapshot, for a page that has just been loaded; later ones come as events.
#[tauri::command]
pub fn snapshot(client: State<'_, Client>) -> Snapshot {
    client.snapshots().borrow().as_ref().clone()
}

/// An address at which one side's pictures can be had, once.
#[tauri::command]
pub fn open_feed(feed: State<'_, Arc<Feed>>, which: Which) -> String {
    feed.open(which.into())
}

/// Whose pictures, in the page's words.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The other side's.
    Remote,
    /// This side's.
    #[serde(rename = "self")]
    Own,
}

impl From<Which> for Side {
    fn from(which: Which) -> Self {
        match which {
            Which::Remote => Self::Remote,
            Which::Own => Self::Own,
        }
    }
}
