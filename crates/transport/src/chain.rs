//! Which stage sits where in rtc's chain, and what of the session's negotiation that implies.
use crate::{
    EventSink, VideoFormats, WallClock,
    fec::{Fec, FecRecover},
    nack::NackStage,
    plug::Plug,
    red::{RedUnwrap, RedWrap, Redundancy},
    report::{Feedback, ReceiverReports, SenderClocks, SenderReports},
    rtx::RtxUnwrap,
    send::{SendSide, Wish},
    stats::SharedStats,
    tap::{AppTap, WireTap},
};
use rtc::interceptor::{Registry, Slot};

/// Slots of our own, by distance from the wire; rtc's named ones are thousands.
mod at {
    /// Nearest to the wire.
    pub const SEND_SIDE: usize = 1_000;
    /// Before what leaves is numbered and counted.
    pub const RED_WRAP: usize = 2_000;
    /// Before whatever makes packets.
    pub const WIRE_TAP: usize = 3_500;
    /// Before anything is thrown away: probes and padding arrive too.
    pub const ARRIVALS: usize = 6_300;
    /// Before retransmissions are unwrapped: a repaired loss is still reported as a loss.
    pub const RECEIVER_REPORTS: usize = 6_400;
    /// Before anything that looks for gaps.
    pub const RTX_UNWRAP: usize = 6_500;
    /// After retransmissions are unwrapped, which complete pictures too.
    pub const FEC_RECOVER: usize = 6_550;
    /// As for retransmissions.
    pub const RED_UNWRAP: usize = 6_600;
    /// Last of all.
    pub const APP_TAP: usize = 20_000;
}

/// What a chain is made from.
pub struct ChainConfig {
    /// The wall clock for sender reports.
    pub wall: WallClock,
    /// Takes what arrives.
    pub sink: EventSink,
}

/// The stages of one connection, to be given to its builder, and the handles that stay behind.
pub struct Chain {
    /// For `with_interceptor_registry`.
    pub registry: Registry,
    /// What stays behind.
    pub handles: Handles,
}

/// What the application and a chain in use say to each other. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Handles {
    /// Everything counted.
    pub stats: SharedStats,
    /// To be told which RTP time was captured when.
    pub clocks: SenderClocks,
    /// To be told whether the media wait for the target to grow.
    pub wish: Wish,
    /// To be told how sound is to be repeated.
    pub redundancy: Redundancy,
    /// To be told what the peer's pictures may come in.
    pub formats: VideoFormats,
    /// To be told whether pictures may be protected.
    pub fec: Fec,
}

impl Chain {
    /// Builds the stages.
    #[must_use]
    pub fn new(config: ChainConfig) -> Self {
        let handles = Handles::default();
        let Handles { stats, clocks, wish, redundancy, formats, fec } = handles.clone();
        let send_side = SendSide::new(config.sink.clone(), wish, fec.clone(), stats.clone());
        let reports = SenderReports::new(config.wall, clocks, stats.clone());
        let registry = Registry::new()
            .with(Slot::from(at::SEND_SIDE), Plug::new(send_side))
            .with(Slot::from(at::RED_WRAP), Plug::new(RedWrap::new(redundancy.clone())))
            .with(Slot::from(at::WIRE_TAP), Plug::new(WireTap::new(stats.clone())))
            .with(Slot::from(at::ARRIVALS), Plug::new(Feedback::new(stats.clone())))
            .with(Slot::from(at::RECEIVER_REPORTS), Plug::new(ReceiverReports::new(stats.clone())))
            .with(Slot::from(at::RTX_UNWRAP), Plug::new(RtxUnwrap::new(formats.clone(), fec.clone())))
            .with(Slot::from(at::FEC_RECOVER), Plug::new(FecRecover::new(fec.clone(), stats.clone())))
            .with(Slot::from(at::RED_UNWRAP), Plug::new(RedUnwrap::new(redundancy, stats.clone())))
            .with(Slot::NackGenerator, Plug::new(NackStage::new(formats.clone(), fec, stats.clone())))
            .with(Slot::SenderReport, Plug::new(reports))
            .with(Slot::from(at::APP_TAP), Plug::new(AppTap::new(config.sink, formats, stats)));
        Self { registry, handles }
    }
}

#[cfg(test)]
mod tests;
