//! One stage of ours in rtc's chain of interceptors: what a stage must say, and the adapter that plugs it in.
//!
//! rtc hands every packet to `handle_read` or `handle_write` and collects it again from `poll_*`. [`Plug`] keeps
//! those two queues, so that a [`Stage`] is written as functions from a packet to what leaves.
use rtc::{
    interceptor::{AttributedPacket, Interceptor, Packet, StreamInfo, TaggedPacket},
    rtcp,
    sansio::Protocol,
    shared::{TransportContext, error::Error},
};
use std::{collections::VecDeque, time::Instant};

/// Packets that leave a stage, in order. Emptied by the chain after each call, so never longer than one call makes it.
pub type Out = VecDeque<TaggedPacket>;

/// What happens to packets at one place of the chain. Every method passes through where it is not written.
pub trait Stage: Send + Sync {
    /// A packet from the network; what is put into `to_app` goes on. `to_wire` takes feedback made on the way.
    fn read(&mut self, packet: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        to_app.push_back(packet);
    }

    /// A packet to the network.
    fn write(&mut self, packet: TaggedPacket, to_wire: &mut Out) {
        to_wire.push_back(packet);
    }

    /// The time is `now`; called at [`Stage::deadline`], or earlier.
    fn timeout(&mut self, _now: Instant, _to_wire: &mut Out) {}

    /// When this stage wants to be called next.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A stream that we send is set up.
    fn bind_local(&mut self, _stream: &StreamInfo) {}

    /// A stream that we receive is set up.
    fn bind_remote(&mut self, _stream: &StreamInfo) {}

    /// A stream that we receive is gone.
    fn unbind_remote(&mut self, _stream: &StreamInfo) {}
}

/// A [`Stage`] as rtc takes it.
pub struct Plug<S> {
    stage: S,
    reads: Out,
    writes: Out,
}

impl<S: Stage> Plug<S> {
    /// Plugs `stage` in.
    pub fn new(stage: S) -> Self {
        Self { stage, reads: Out::new(), writes: Out::new() }
    }
}

impl<S: Stage> Protocol<TaggedPacket, TaggedPacket, ()> for Plug<S> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.stage.read(packet, &mut self.reads, &mut self.writes);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.stage.write(packet, &mut self.writes);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.stage.timeout(now, &mut self.writes);
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.stage.deadline()
    }
}

impl<S: Stage> Interceptor for Plug<S> {
    fn bind_local_stream(&mut self, stream: &StreamInfo) {
        self.stage.bind_local(stream);
    }

    fn unbind_local_stream(&mut self, _stream: &StreamInfo) {}

    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.stage.bind_remote(stream);
    }

    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
        self.stage.unbind_remote(stream);
    }
}

/// An RTCP packet of ours on its way out.
pub fn rtcp_out(now: Instant, packet: Box<dyn rtcp::Packet>) -> TaggedPacket {
    bare(Packet::Rtcp(vec![packet]), now)
}

/// A packet as rtc's chain hands it on, of which nothing more is known.
#[must_use]
pub fn bare(packet: Packet, now: Instant) -> TaggedPacket {
    TaggedPacket { now, transport: TransportContext::default(), message: AttributedPacket::new(packet) }
}
