use super::*;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc,
};

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    Instant::now()
}

/// Feedback that begins at `base`; each packet arrived (10 ms after the one before) or did not.
fn feedback(base: u16, arrived: &[bool]) -> TransportLayerCc {
    let symbol = |arrived: &bool| match arrived {
        true => SymbolTypeTcc::PacketReceivedSmallDelta,
        false => SymbolTypeTcc::PacketNotReceived,
    };
    TransportLayerCc {
        base_sequence_number: base,
        packet_status_count: arrived.len() as u16,
        reference_time: 1,
        packet_chunks: vec![PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
            type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
            symbol_size: SymbolSizeTypeTcc::TwoBit,
            symbol_list: arrived.iter().map(symbol).collect(),
        })],
        recv_deltas: arrived
            .iter()
            .filter(|arrived| **arrived)
            .map(|_| RecvDelta { type_tcc_packet: SymbolTypeTcc::PacketReceivedSmallDelta, delta: 10_000 })
            .collect(),
        ..TransportLayerCc::default()
    }
}

fn told(outcomes: &[Outcome]) -> Vec<(u64, bool)> {
    outcomes.iter().map(|outcome| (outcome.sent.number, outcome.arrival.is_some())).collect()
}

fn ledger(packets: u64) -> Ledger {
    let (mut ledger, start) = (Ledger::default(), start());
    for _ in 0..packets {
        ledger.record(start, 100, None);
    }
    ledger
}

#[test]
fn arrivals_are_told_at_once_and_losses_one_message_later() {
    let mut ledger = ledger(6);
    assert_eq!(ledger.outstanding(), 600);
    let outcomes = ledger.settle(&feedback(0, &[true, false, true]));
    assert_eq!(told(&outcomes), [(0, true), (2, true)]);
    assert_eq!(outcomes[1].arrival, Some(Duration::from_millis(64 + 20)));
    assert_eq!(ledger.outstanding(), 300);
    assert_eq!(told(&ledger.settle(&feedback(3, &[true, true]))), [(3, true), (4, true), (1, false)]);
    assert_eq!(ledger.outstanding(), 100);
}

#[test]
fn a_packet_that_was_overtaken_is_not_lost() {
    let mut ledger = ledger(4);
    ledger.settle(&feedback(0, &[true, false, true]));
    assert_eq!(told(&ledger.settle(&feedback(1, &[true, true, true]))), [(1, true), (3, true)]);
    assert_eq!(told(&ledger.settle(&feedback(3, &[true]))), []);
}

#[test]
fn what_only_a_lost_message_knew_stays_unknown() {
    let mut ledger = ledger(6);
    ledger.settle(&feedback(0, &[true, true]));
    // Feedback for 2 and 3 is lost.
    assert_eq!(told(&ledger.settle(&feedback(4, &[true]))), [(4, true)]);
    assert_eq!(told(&ledger.settle(&feedback(5, &[true]))), [(5, true)]);
    assert_eq!(ledger.outstanding(), 0);
}

#[test]
fn numbers_go_on_across_their_wrap() {
    let (mut ledger, start) = (Ledger::default(), start());
    let mut arrivals = 0;
    for n in 0..200_000_u64 {
        let (sent, number) = ledger.record(start, 100, None);
        assert_eq!((sent.number, number), (n, n as u16));
        arrivals += ledger.settle(&feedback(number, &[true])).len();
    }
    assert_eq!((arrivals, ledger.outstanding()), (200_000, 0));
    assert!(ledger.packets.len() <= PACKETS_MAX);
}

#[test]
fn nonsense_from_the_peer_settles_nothing() {
    let mut ledger = ledger(3);
    assert_eq!(ledger.settle(&feedback(3, &[true, true, false, true])), []);
    assert_eq!(ledger.settle(&feedback(40_000, &[true; 14])), []);
    assert_eq!(ledger.outstanding(), 300);
    assert_eq!(Ledger::default().settle(&feedback(0, &[true])), []);
}

#[test]
fn without_feedback_the_oldest_are_forgotten() {
    let mut ledger = ledger(PACKETS_MAX as u64 + 50);
    assert_eq!(ledger.outstanding(), PACKETS_MAX * 100);
    assert_eq!(told(&ledger.settle(&feedback(49, &[true, true]))), [(50, true)]);
    assert_eq!(ledger.outstanding(), (PACKETS_MAX - 1) * 100);
    let second = ledger.packets.get(1).map(|(sent, _)| sent.at);
    assert_eq!(ledger.waiting().map(|(at, _)| at), second);
}
