//! The stage itself: what leaves when.
mod count;
mod hear;
mod sign;
mod tell;

use super::{
    Ahead, Fill, Gate, Ledger, Queue, Repair, Wish,
    advice::Advice,
    fill::PADDING,
    least::{Least, OneWay},
    share::Share,
    streams::Streams,
};
use crate::{
    EventSink, MediaKind,
    bwe::{Blind, Estimator},
    fec::{Fec, Path, Protect},
    plug::{Out, Stage, bare},
    stats::SharedStats,
};
use bytes::Bytes;
use count::Part;
use rtc::{
    interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket},
    rtp,
    shared::marshal::MarshalSize,
};
use std::time::{Duration, Instant};

/// Video leaves at this multiple of the target, so that a picture is through well before the next one (libwebrtc).
const PACING: f64 = 2.5;
/// And at this multiple of what the path was seen to carry: it would only wait in the path's queue instead of ours.
const PACING_KNOWN: f64 = 1.5;
/// Headers of IPv4 and UDP, the tag of SRTP, and the header extension that is yet to be written, in bytes.
const OVERHEAD: usize = 20 + 8 + 10 + 8;
/// How often the estimator is asked whether it wants a probe, or has heard nothing for too long.
const TICK: Duration = Duration::from_millis(25);
/// Repairs may use this part of the target, with so much at once.
const REPAIRS: f64 = 0.5;
const REPAIRS_BURST: Duration = Duration::from_millis(300);
/// Repairs that would take longer than this, had they the path to themselves, are given up for a key frame.
const REPAIRS_LONGEST: Duration = Duration::from_millis(400);

/// What may go next.
enum Next {
    Media(rtp::Packet),
    Repair(rtp::Packet),
    /// A repair that nobody has asked for.
    Ahead(rtp::Packet),
    Parity(rtp::Packet),
    Padding(rtp::Packet),
}

/// Sits nearest to the wire.
pub struct SendSide {
    streams: Streams,
    /// Numbered packets are told of by nobody.
    deaf: bool,
    /// When a sign of life was sent last, and anything with the marker bit.
    called: Option<Instant>,
    marked: Option<Instant>,
    /// When anything left last.
    left: Option<Instant>,
    ledger: Ledger,
    gate: Gate,
    repairs: Gate,
    repaired: Share,
    queue: Queue,
    ahead: Ahead,
    fec: Fec,
    protect: Protect,
    fill: Fill,
    estimator: Estimator,
    /// In the estimator's place, where packets are not numbered.
    blind: Blind,
    /// Without queues, and with the time that the peer gathers feedback.
    round_trip: Least<Duration>,
    one_way: OneWay,
    advice: Advice,
    tick: Option<Instant>,
    stats: SharedStats,
}

impl SendSide {
    /// Says to `sink` what media are to do, and counts into `stats`; fills up the target while they `wish` for more.
    pub fn new(sink: EventSink, wish: Wish, fec: Fec, stats: SharedStats) -> Self {
        let estimator = Estimator::default();
        Self {
            streams: Streams::default(),
            deaf: false,
            called: None,
            marked: None,
            left: None,
            ledger: Ledger::default(),
            gate: Gate::new(estimator.target() * PACING),
            repairs: Gate::new(estimator.target() * REPAIRS).with_burst(REPAIRS_BURST),
            repaired: Share::default(),
            queue: Queue::default(),
            ahead: Ahead::default(),
            fec,
            protect: Protect::default(),
            fill: Fill::new(wish),
            estimator,
            blind: Blind::default(),
            round_trip: Least::default(),
            one_way: OneWay::default(),
            advice: Advice::new(sink, stats.clone()),
            tick: None,
            stats,
        }
    }

    /// How fast video leaves, in bit/s.
    fn pace(&self) -> f64 {
        let (target, carries) = (self.target(), self.estimator.capacity());
        let most = target * PACING;
        carries.map_or(most, |carries| (carries * PACING_KNOWN).clamp(target, most))
    }

    /// Lets out whatever may leave now.
    fn release(&mut self, now: Instant, to_wire: &mut Out) {
        let target = self.target();
        self.gate.set_rate(self.pace());
        self.repairs.set_rate(target * REPAIRS);
        self.fill.set_target(target);
        let dropped = self.queue.expire(now);
        if dropped > 0 {
            self.drop_pictures(dropped);
        }
        while self.gate.is_open(now) {
            let Some(next) = self.next(now) else { break };
            let train = self.gate.train();
            match next {
                Next::Media(packet) => {
                    self.secure(&packet, now);
                    self.send_picture(packet, now, train, to_wire);
                }
                Next::Repair(packet) => {
                    let size = self.size(&packet);
                    self.repairs.pass(now, size, false);
                    self.repaired.add(now, size);
                    self.send(packet, Part::Repair, now, train, to_wire);
                }
                Next::Ahead(packet) => {
                    self.repaired.add(now, self.size(&packet));
                    self.send(packet, Part::Repair, now, train, to_wire);
                }
                Next::Parity(packet) => {
                    self.repaired.add(now, self.size(&packet));
                    self.send(packet, Part::Padding, now, train, to_wire);
                }
                Next::Padding(packet) => {
                    self.send(packet, Part::Padding, now, train, to_wire);
                }
            }
        }
        while self.may_fill()
            && self.fill.is_open(now)
            && let Some(packet) = self.streams.padding(PADDING)
        {
            self.send(packet, Part::Padding, now, None, to_wire);
        }
        self.advise(now);
    }

    /// Does for a packet of a picture that leaves what is done unasked on a path like this.
    fn secure(&mut self, packet: &rtp::Packet, now: Instant) {
        let (loss, round_trip, target) =
            (self.estimator.loss(), self.round_trip.get(), self.estimator.target());
        if Ahead::is_worth_it(self.estimator.is_lossy(), round_trip, target) {
            let repair = Repair { ssrc: packet.header.ssrc, sequence: packet.header.sequence_number };
            self.ahead.add(repair, now);
        } else if self.fec.is_allowed() {
            self.protect.add(packet, Path { loss, round_trip, target }, now);
        }
    }

    fn target(&self) -> f64 {
        if self.streams.are_numbered() && !self.deaf { self.estimator.target() } else { self.blind.target() }
    }

    /// Whether the path may hold more than is under way.
    fn has_window(&self) -> bool {
        self.deaf || (!self.estimator.is_overdue() && self.ledger.outstanding() <= self.estimator.window())
    }

    fn may_fill(&self) -> bool {
        self.queue.is_empty()
            && self.ahead.is_empty()
            && self.protect.is_empty()
            && self.estimator.is_clear()
            && self.has_window()
    }

    fn next(&mut self, now: Instant) -> Option<Next> {
        let train = self.gate.train().is_some();
        if !train && !self.has_window() {
            return None;
        }
        while self.repairs.is_open(now) {
            if let Some(Repair { ssrc, sequence }) = self.queue.pop_copy(now)
                && let Some(packet) =
                    self.streams.history_mut(ssrc).and_then(|history| history.copy(sequence))
            {
                return Some(Next::Repair(packet));
            }
            let Some(repair) = self.queue.pop_repair(now) else { break };
            if let Some(packet) = self.repeat(repair, now) {
                self.queue.copy(repair, self.estimator.copies(), now);
                return Some(Next::Repair(packet));
            }
        }
        if let Some(packet) = self.queue.pop_video() {
            return Some(Next::Media(packet));
        }
        while let Some(parity) = self.protect.pop(now) {
            if let Some(history) = self.streams.history_mut(parity.ssrc) {
                return Some(Next::Parity(history.parity(parity)));
            }
        }
        while let Some(repair) = self.ahead.pop(now) {
            if let Some(packet) = self.repeat(repair, now) {
                return Some(Next::Ahead(packet));
            }
        }
        let size = self.gate.train_packet()?;
        self.streams.padding(size).map(Next::Padding)
    }

    /// Whether there is anything that a train could be made of.
    fn has_for_train(&self) -> bool {
        self.queue.has_video() || self.streams.can_pad()
    }

    fn repeat(&mut self, repair: Repair, now: Instant) -> Option<rtp::Packet> {
        let rtt = self.stats.repair_time();
        self.streams.history_mut(repair.ssrc)?.repeat(repair.sequence, rtt, now)
    }

    /// A packet of a picture, to be repaired from now on.
    fn send_picture(&mut self, packet: rtp::Packet, now: Instant, probe: Option<u32>, to_wire: &mut Out) {
        let number = self.send(packet.clone(), Part::Media, now, probe, to_wire);
        self.streams.keep(packet, number, now);
    }

    /// Counts a packet, numbers it and puts it on the wire; its number, where they are agreed on.
    fn send(
        &mut self,
        mut packet: rtp::Packet,
        part: Part,
        now: Instant,
        probe: Option<u32>,
        to_wire: &mut Out,
    ) -> Option<u64> {
        let size = self.size(&packet);
        self.count(&packet, part);
        self.left = Some(now);
        if packet.header.marker {
            self.marked = Some(now);
        }
        let mut given = None;
        if let Some(extension) = self.streams.of(packet.header.ssrc).and_then(|local| local.extension) {
            let (sent, number) = self.ledger.record(now, size, probe);
            self.estimator.on_sent(&sent);
            given = Some(sent.number);
            let number = Bytes::copy_from_slice(&number.to_be_bytes());
            if let Err(error) = packet.header.set_extension(extension, number) {
                // Without its number it counts as lost; what it carries still arrives.
                debug_assert!(false, "two bytes fit into any header extension: {error}");
            }
        }
        self.gate.pass(now, size, probe.is_some());
        self.fill.pass(now, size);
        to_wire.push_back(bare(Packet::Rtp(packet), now));
        given
    }

    fn enqueue(&mut self, packet: rtp::Packet, now: Instant) {
        let size = self.size(&packet);
        let dropped = self.queue.push(packet, size, now);
        if dropped > 0 {
            self.drop_pictures(dropped);
        }
        if self.streams.are_numbered() {
            if self.tick.is_none() {
                // Some peers tell of sound only together with pictures.
                self.ledger.begin();
                self.estimator.begin(now);
                self.tick = Some(now);
            }
            self.probe(now);
        }
    }

    fn size(&self, packet: &rtp::Packet) -> usize {
        packet.marshal_size() + OVERHEAD
    }
}

impl Stage for SendSide {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, to_wire: &mut Out) {
        if let Packet::Rtcp(packets) = &tagged.message.packet {
            let heard = packets.iter().filter(|packet| self.on_control(packet.as_ref(), tagged.now)).count();
            if heard > 0 {
                self.release(tagged.now, to_wire);
            }
        }
        to_app.push_back(tagged);
    }

    fn write(&mut self, tagged: TaggedPacket, to_wire: &mut Out) {
        let now = tagged.now;
        match tagged.message.packet {
            Packet::Rtp(packet) => match self.streams.kind(packet.header.ssrc) {
                Some(MediaKind::Audio) => {
                    self.send(packet, Part::Media, now, None, to_wire);
                }
                Some(MediaKind::Video) => self.enqueue(packet, now),
                None => to_wire.push_back(bare(Packet::Rtp(packet), now)),
            },
            other => to_wire.push_back(TaggedPacket { message: AttributedPacket::new(other), ..tagged }),
        }
        self.release(now, to_wire);
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        if self.tick.is_some_and(|at| at <= now) {
            self.tick = Some(now + TICK);
            self.probe(now);
            self.give_sign(now, to_wire);
        }
        self.release(now, to_wire);
    }

    fn deadline(&self) -> Option<Instant> {
        let repairs = self.gate.opens_at().max(self.repairs.opens_at());
        let open = self.has_window();
        // Each only where something would leave then: called for nothing, it would be called again at once.
        let wakes = [
            self.tick,
            self.gate.opens_at().filter(|_| open && (self.queue.has_video() || !self.protect.is_empty())),
            self.gate.opens_at().filter(|_| self.gate.train().is_some() && self.has_for_train()),
            repairs.filter(|_| open && self.queue.has_repairs()),
            self.queue.copy_due().map(|due| repairs.map_or(due, |opens| opens.max(due))).filter(|_| open),
            self.ahead
                .due()
                .map(|due| self.gate.opens_at().map_or(due, |opens| opens.max(due)))
                .filter(|_| open),
            self.fill.opens_at().filter(|_| self.may_fill() && self.streams.can_pad()),
        ];
        wakes.into_iter().flatten().min()
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        self.streams.bind(stream);
    }
}

#[cfg(test)]
mod tests;
