//! Lets one of rtc's interceptors see retransmissions that we send.
//!
//! rtc announces a sent stream without its retransmission stream, so transport-wide numbering and congestion control
//! were blind to every byte of it (measured). This wrapper announces both.
use rtc::{
    interceptor::{Interceptor, StreamInfo, TaggedPacket},
    sansio::Protocol,
    shared::error::Error,
};
use std::time::Instant;

/// `I`, with the retransmission stream of each sent stream bound too.
pub struct BindRtx<I>(pub I);

fn rtx_of(stream: &StreamInfo) -> Option<StreamInfo> {
    Some(StreamInfo {
        ssrc: stream.ssrc_rtx?,
        payload_type: stream.payload_type_rtx?,
        ssrc_rtx: None,
        payload_type_rtx: None,
        ..stream.clone()
    })
}

impl<I: Interceptor> Protocol<TaggedPacket, TaggedPacket, ()> for BindRtx<I> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.0.handle_read(packet)
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.0.poll_read()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.0.handle_write(packet)
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.0.poll_write()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.0.handle_timeout(now)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.0.poll_timeout()
    }
}

impl<I: Interceptor> Interceptor for BindRtx<I> {
    fn bind_local_stream(&mut self, stream: &StreamInfo) {
        self.0.bind_local_stream(stream);
        if let Some(rtx) = rtx_of(stream) {
            self.0.bind_local_stream(&rtx);
        }
    }

    fn unbind_local_stream(&mut self, stream: &StreamInfo) {
        self.0.unbind_local_stream(stream);
        if let Some(rtx) = rtx_of(stream) {
            self.0.unbind_local_stream(&rtx);
        }
    }

    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.0.bind_remote_stream(stream);
    }

    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
        self.0.unbind_remote_stream(stream);
    }
}
