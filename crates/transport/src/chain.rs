//! Which stage sits where in rtc's chain, and what of the session's negotiation that implies.
use crate::{
    EventSink, WallClock,
    bind_rtx::BindRtx,
    bwe::Estimator,
    nack::NackStage,
    pacer::Pacer,
    plug::Plug,
    report::{SenderClocks, SenderReports},
    rtx::RtxUnwrap,
    stats::SharedStats,
    tap::{AppTap, WireTap},
};
use rtc::interceptor::{
    CongestionControlBuilder, NackResponderBuilder, ReceiverReportBuilder, Registry, Slot,
    TwccReceiverBuilder, TwccSenderBuilder,
};

/// Packets kept for being sent again: two seconds at 4 Mbit/s.
const HISTORY_PACKETS: u16 = 1024;

/// Slots of our own, by distance from the wire; rtc's named ones are thousands.
mod at {
    /// Between the pacer and whatever makes packets.
    pub const WIRE_TAP: usize = 3_500;
    /// Before retransmissions are unwrapped: a repaired loss is still reported as a loss.
    pub const RECEIVER_REPORTS: usize = 6_400;
    /// Before anything that looks for gaps.
    pub const RTX_UNWRAP: usize = 6_500;
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
    /// Everything counted.
    pub stats: SharedStats,
    /// To be told which RTP time was captured when.
    pub clocks: SenderClocks,
}

impl Chain {
    /// Builds the stages.
    #[must_use]
    pub fn new(config: ChainConfig) -> Self {
        let stats = SharedStats::default();
        let clocks = SenderClocks::default();
        let reports = SenderReports::new(config.wall, clocks.clone(), stats.clone());
        let responder = NackResponderBuilder::new().with_size(HISTORY_PACKETS).build();
        let estimator = Estimator::new(config.sink.clone(), stats.clone());
        let congestion = CongestionControlBuilder::new(estimator).build();
        let registry = Registry::new()
            .with(Slot::CongestionControl, BindRtx(congestion))
            .with(Slot::TwccSender, BindRtx(TwccSenderBuilder::new().build()))
            .with(Slot::Pacer, Plug::new(Pacer::new(stats.clone())))
            .with(Slot::from(at::WIRE_TAP), Plug::new(WireTap::new(stats.clone())))
            .with(Slot::NackResponder, responder)
            .with(Slot::from(at::RECEIVER_REPORTS), ReceiverReportBuilder::new().build())
            .with(Slot::from(at::RTX_UNWRAP), Plug::new(RtxUnwrap::new(stats.clone())))
            .with(Slot::NackGenerator, Plug::new(NackStage::new(stats.clone())))
            .with(Slot::TwccReceiver, TwccReceiverBuilder::new().build())
            .with(Slot::SenderReport, Plug::new(reports))
            .with(Slot::from(at::APP_TAP), Plug::new(AppTap::new(config.sink, stats.clone())));
        Self { registry, stats, clocks }
    }
}

#[cfg(test)]
mod tests;
