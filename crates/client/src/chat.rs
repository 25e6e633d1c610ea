//! The chat of one call: every line in the order in which it is shown, and how far each of ours got.
use crate::snapshot::{ChatLine, Delivery};
use eyeline_protocol::channel::{ChannelMessage, TEXT_MAX_BYTES};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Most lines that are kept of one call: an evening of fast typing. The oldest go first.
const LINES_MAX: usize = 5_000;
/// Most text that is kept of one call, in bytes: as much again, and no burden for the window, which gets all of it.
const KEPT_MAX_BYTES: usize = 256 * 1024;

/// Why a line could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// There is no open data channel.
    #[error("there is no connection to the other side")]
    NotConnected,
    /// The text is longer than [`TEXT_MAX_BYTES`].
    #[error("the text is longer than 16 KiB")]
    TooLong,
}

/// The chat of one call.
#[derive(Debug, Default)]
pub struct ChatLog {
    lines: Vec<ChatLine>,
    /// Of all lines together.
    bytes: usize,
    last_id: u64,
    /// Whether the other side confirms what it gets.
    peer_acknowledges: bool,
}

impl ChatLog {
    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[ChatLine] {
        &self.lines
    }

    /// The other side is one of ours, and confirms what it gets.
    pub fn expect_acknowledgements(&mut self) {
        self.peer_acknowledges = true;
    }

    /// Adds a line of this side's. `send` hands it to the data channel and tells whether it could.
    ///
    /// # Errors
    /// [`ChatError`]; the line stands in the log as failed then, so that the words are not lost.
    pub fn write(
        &mut self,
        text: &str,
        now_ms: u64,
        send: impl FnOnce(ChannelMessage) -> bool,
    ) -> Result<(), ChatError> {
        let id = self.push(true, text.to_owned(), now_ms, Delivery::Sending);
        let message =
            ChannelMessage::Text { message: text.to_owned(), timestamp: rfc3339(now_ms), id: Some(id) };
        let result = if text.len() > TEXT_MAX_BYTES {
            Err(ChatError::TooLong)
        } else if send(message) {
            Ok(())
        } else {
            Err(ChatError::NotConnected)
        };
        self.set(id, if result.is_ok() { Delivery::Sent } else { Delivery::Failed });
        result
    }

    /// Whether the other side is one of our own clients: it understands more than text.
    pub fn is_with_ours(&self) -> bool {
        self.peer_acknowledges
    }

    /// Takes in what came over the data channel; gives the answer that is due.
    pub fn receive(&mut self, message: &ChannelMessage, now_ms: u64) -> Option<ChannelMessage> {
        match message {
            ChannelMessage::Text { message, timestamp, id } => {
                let sent_at_ms = unix_ms_of(timestamp).unwrap_or(now_ms);
                self.push(false, message.clone(), sent_at_ms, Delivery::Delivered);
                id.filter(|_| self.peer_acknowledges).map(|id| ChannelMessage::Ack { id })
            }
            ChannelMessage::Ack { id } => {
                self.set(*id, Delivery::Delivered);
                None
            }
            ChannelMessage::MediaState { .. } | ChannelMessage::View { .. } | ChannelMessage::Bye { .. } => {
                None
            }
        }
    }

    /// The line with this number could not be handed to the data channel after all.
    pub fn fail(&mut self, id: u64) {
        self.set(id, Delivery::Failed);
    }

    /// The call is over: what was not confirmed by a side that confirms did not get through.
    pub fn close(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.mine) {
            let lost = match line.delivery {
                Delivery::Sending => true,
                Delivery::Sent => self.peer_acknowledges,
                Delivery::Delivered | Delivery::Failed => false,
            };
            if lost {
                line.delivery = Delivery::Failed;
            }
        }
    }

    fn push(&mut self, mine: bool, text: String, sent_at_ms: u64, delivery: Delivery) -> u64 {
        self.bytes += text.len();
        let mut oldest = 0;
        while self.bytes > KEPT_MAX_BYTES || self.lines.len() - oldest >= LINES_MAX {
            let Some(line) = self.lines.get(oldest) else { break };
            self.bytes -= line.text.len();
            oldest += 1;
        }
        self.lines.drain(..oldest);
        self.last_id += 1;
        self.lines.push(ChatLine { id: self.last_id, mine, text, sent_at_ms, delivery });
        self.last_id
    }

    fn set(&mut self, id: u64, delivery: Delivery) {
        // A foreign `ack` must not touch the other side's lines.
        if let Some(line) = self.lines.iter_mut().rev().find(|line| line.mine && line.id == id) {
            line.delivery = delivery;
        }
    }
}

fn rfc3339(unix_ms: u64) -> String {
    let nanos = i128::from(unix_ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|t| t.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

fn unix_ms_of(timestamp: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(timestamp, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliveries(log: &ChatLog) -> Vec<Delivery> {
        log.lines().iter().map(|l| l.delivery).collect()
    }

    #[test]
    fn a_line_is_sent_then_confirmed_by_its_own_number() {
        let mut log = ChatLog::default();
        log.expect_acknowledgements();
        let mut wire = Vec::new();
        for text in ["one", "two"] {
            log.write(text, 5, |m| {
                wire.push(m);
                true
            })
            .unwrap();
        }
        assert_eq!(deliveries(&log), [Delivery::Sent, Delivery::Sent]);
        let ChannelMessage::Text { id: Some(id), .. } = &wire[1] else { panic!("{:?}", wire[1]) };
        assert_eq!(log.receive(&ChannelMessage::Ack { id: *id }, 6), None);
        assert_eq!(deliveries(&log), [Delivery::Sent, Delivery::Delivered]);
        log.close();
        assert_eq!(deliveries(&log), [Delivery::Failed, Delivery::Delivered]);
    }

    #[test]
    fn a_side_that_never_confirms_leaves_lines_sent() {
        let mut log = ChatLog::default();
        log.write("hello", 5, |_| true).unwrap();
        log.close();
        assert_eq!(deliveries(&log), [Delivery::Sent]);
    }

    #[test]
    fn words_that_cannot_be_sent_stay_in_sight() {
        let mut log = ChatLog::default();
        assert_eq!(log.write("hello", 5, |_| false), Err(ChatError::NotConnected));
        assert_eq!(log.write(&"x".repeat(TEXT_MAX_BYTES + 1), 5, |_| true), Err(ChatError::TooLong));
        assert_eq!(deliveries(&log), [Delivery::Failed, Delivery::Failed]);
        assert_eq!(log.lines()[0].text, "hello");
    }

    #[test]
    fn received_lines_carry_the_writers_time_and_are_confirmed_to_our_own_kind_only() {
        let text = ChannelMessage::Text {
            message: "Hello!".into(),
            timestamp: "2026-01-21T10:30:00Z".into(),
            id: Some(9),
        };
        let mut log = ChatLog::default();
        assert_eq!(log.receive(&text, 1), None);
        assert_eq!(log.lines()[0].sent_at_ms, 1_768_991_400_000);
        log.expect_acknowledgements();
        assert_eq!(log.receive(&text, 1), Some(ChannelMessage::Ack { id: 9 }));
    }

    #[test]
    fn an_acknowledgement_never_touches_a_received_line() {
        let mut log = ChatLog::default();
        let text = ChannelMessage::Text { message: "a".into(), timestamp: "no time".into(), id: None };
        log.receive(&text, 77);
        assert_eq!(log.lines()[0].sent_at_ms, 77);
        log.receive(&ChannelMessage::Ack { id: log.lines()[0].id }, 78);
        assert_eq!(log.lines()[0].delivery, Delivery::Delivered);
    }

    #[test]
    fn the_log_is_bounded() {
        let mut log = ChatLog::default();
        for n in 0..LINES_MAX + 10 {
            log.write(&n.to_string(), 1, |_| true).unwrap();
        }
        assert_eq!(log.lines().len(), LINES_MAX);
        assert_eq!(log.lines()[0].text, "10");
    }
    #[test]
    fn a_flood_of_long_lines_keeps_the_newest() {
        let mut log = ChatLog::default();
        let text = |n: u64| ChannelMessage::Text {
            message: format!("{n}{}", "x".repeat(TEXT_MAX_BYTES - 4)),
            timestamp: "no time".into(),
            id: None,
        };
        for n in 0..1_000 {
            log.receive(&text(n), 1);
        }
        let kept: usize = log.lines().iter().map(|line| line.text.len()).sum();
        assert!(kept <= KEPT_MAX_BYTES && kept > KEPT_MAX_BYTES - TEXT_MAX_BYTES, "{kept}");
        assert!(log.lines().last().unwrap().text.starts_with("999"));
    }
}
