//! What the peer says of our packets: feedback, receiver reports, requests to repeat.
use super::{MediaKind, REPAIRS_LONGEST, Repair, SendSide};
use crate::send::{
    History,
    least::{Least, OneWay},
};
use rtc::rtcp::{
    self,
    receiver_report::ReceiverReport,
    reception_report::ReceptionReport,
    sender_report::SenderReport,
    transport_feedbacks::{transport_layer_cc::TransportLayerCc, transport_layer_nack::TransportLayerNack},
};
use std::time::{Duration, Instant};

/// A key frame that began to leave less than this ago is the way out already.
const KEY_FRAME_TIME: Duration = Duration::from_secs(1);
/// With numbered packets and no feedback for so long, the peer is one that gives none.
const DEAF_AFTER: Duration = Duration::from_secs(2);

impl SendSide {
    /// Takes in a control packet; whether it was of any use here.
    pub(super) fn on_control(&mut self, packet: &dyn rtcp::Packet, now: Instant) -> bool {
        let any = packet.as_any();
        if let Some(feedback) = any.downcast_ref::<TransportLayerCc>() {
            self.on_feedback(feedback, now);
            return true;
        }
        if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            self.on_reports(&report.reports, now);
            return true;
        }
        if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.on_reports(&report.reports, now);
            return true;
        }
        let Some(nack) = any.downcast_ref::<TransportLayerNack>() else { return false };
        for sequence in nack.nacks.iter().flat_map(|pair| pair.packet_list()) {
            self.queue.repair(Repair { ssrc: nack.media_ssrc, sequence }, now);
        }
        self.give_up_repairs(now);
        true
    }

    fn on_feedback(&mut self, feedback: &TransportLayerCc, now: Instant) {
        let outcomes = self.ledger.settle(feedback);
        for outcome in outcomes.iter().filter(|outcome| outcome.arrival.is_some()) {
            self.streams.histories_mut().for_each(|history| history.on_arrival(outcome.sent.number));
        }
        let newest = outcomes.iter().filter(|outcome| outcome.arrival.is_some()).map(|o| o.sent.at).max();
        if let Some(at) = newest {
            self.round_trip.add(now, now.saturating_duration_since(at));
        }
        let waits = self.one_way.add(now, &outcomes);
        if let Some(least) = self.round_trip.get() {
            self.stats.update(|s| s.repair_time = Some(least + waits.queued));
        }
        let was_silent = self.estimator.is_silent();
        self.estimator.set_fills(self.streams.can_pad());
        self.estimator.on_feedback(now, &outcomes, self.round_trip.get(), waits);
        if self.estimator.take_lengthened() {
            (self.round_trip, self.one_way) = (Least::default(), OneWay::default());
        }
        if was_silent {
            self.advice.begin_anew();
        }
        self.probe(now);
    }

    /// Where the path has become so narrow that repairs would hold up everything, a key frame at the new rate is through
    /// sooner.
    fn give_up_repairs(&mut self, now: Instant) {
        let weight = |repair: Repair| self.streams.history(repair.ssrc)?.weight(repair.sequence, now);
        let bytes: usize = self.queue.repairs().filter_map(weight).sum();
        let newest = self.streams.histories().filter_map(History::key_frame_at).max();
        if newest.is_some_and(|at| now.saturating_duration_since(at) < KEY_FRAME_TIME) {
            return;
        }
        if bytes as f64 * 8.0 > self.target() * REPAIRS_LONGEST.as_secs_f64() {
            // What waits builds on what is lost.
            let dropped = self.queue.clear();
            self.ahead.clear();
            self.protect.clear();
            self.streams.histories_mut().for_each(|history| history.abandon(now));
            self.drop_pictures(dropped);
        }
    }

    pub(super) fn probe(&mut self, now: Instant) {
        self.estimator.on_tick(now, self.ledger.waiting());
        self.deaf = self.streams.are_numbered()
            && self
                .estimator
                .never_heard_since()
                .is_some_and(|begun| now.saturating_duration_since(begun) > DEAF_AFTER);
        if self.gate.train().is_none()
            && self.has_for_train()
            && let Some(cluster) = self.estimator.take_probe()
        {
            self.gate.begin(cluster);
        }
    }

    fn on_reports(&mut self, reports: &[ReceptionReport], now: Instant) {
        let of_video = |report: &&ReceptionReport| self.streams.kind(report.ssrc) == Some(MediaKind::Video);
        if let Some(report) = reports.iter().find(of_video) {
            let loss = f64::from(report.fraction_lost) / 256.0;
            self.blind.on_report(now, report.last_sequence_number, loss);
        }
    }
}
