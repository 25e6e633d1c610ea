//! What one end writes on the wire, and when it tells of what has come.
use super::world::Feedback;
use rtc::{
    interceptor::Packet,
    rtcp::{self, transport_feedbacks::transport_layer_cc::TransportLayerCc},
};
use std::time::Duration;

/// One end's control packets.
pub struct Told {
    feedback: Feedback,
    /// Feedback that waits.
    held: Vec<Packet>,
    marked: bool,
    due: Duration,
}

impl Told {
    pub fn new(feedback: Feedback) -> Self {
        let due = if let Feedback::Seldom { first, .. } = feedback { first } else { Duration::ZERO };
        Self { feedback, held: Vec::new(), marked: false, due }
    }

    /// A packet comes.
    pub fn see(&mut self, packet: &Packet) {
        self.marked |= matches!(packet, Packet::Rtp(rtp) if rtp.header.marker);
    }

    /// What leaves where this packet would: as the other end will read it, for control packets are written and read again.
    pub fn on_the_wire(&mut self, packet: Packet, elapsed: Duration) -> Vec<Packet> {
        let Packet::Rtcp(packets) = packet else { return vec![packet] };
        let bytes = rtcp::packet::marshal(&packets).expect("our own packets can be written");
        let read = rtcp::packet::unmarshal(&mut &bytes[..]).expect("and read");
        let tells = |packet: &dyn rtcp::Packet| packet.as_any().is::<TransportLayerCc>();
        let (told, sent): (Vec<_>, Vec<_>) = read.into_iter().partition(|packet| tells(packet.as_ref()));
        self.held.extend((!told.is_empty()).then_some(Packet::Rtcp(told)));
        let (now, every) = match self.feedback {
            Feedback::Timed => (true, Duration::ZERO),
            Feedback::Seldom { every, .. } => (self.marked && self.due <= elapsed, every),
            Feedback::Never => (false, Duration::ZERO),
        };
        if now {
            (self.marked, self.due) = (false, elapsed + every);
        }
        let released = if now { std::mem::take(&mut self.held) } else { Vec::new() };
        let sent = (!sent.is_empty()).then_some(Packet::Rtcp(sent));
        sent.into_iter().chain(released).collect()
    }
}
