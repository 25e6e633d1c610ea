//! The link model against its own promises: statistics by long seeded runs, bounds by property tests.
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const PACKETS: usize = 200_000;

/// Sends `count` packets of 1000 bytes, `gap` apart.
fn run(link: Link, count: usize, gap: Duration) -> (Vec<Fate>, LinkStats) {
    let mut model = LinkModel::new(link, 42);
    let fates = (0..count).map(|i| model.admit(1000, gap * i as u32)).collect();
    (fates, model.stats())
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn arrivals(fates: &[Fate]) -> Vec<Duration> {
    fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::Delivered { at, .. } => Some(*at),
            Fate::Lost | Fate::QueueFull => None,
        })
        .collect()
}

fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} ± {tolerance}");
}

#[test]
fn perfect_link_delivers_everything_at_once() {
    let (fates, stats) = run(Link::PERFECT, 100, ms(1));
    let expected: Vec<_> = (0..100).map(ms).collect();
    assert_eq!(arrivals(&fates), expected);
    assert_eq!((stats.packets_out, stats.bytes_out, stats.lost), (100, 100_000, 0));
}

#[test]
fn random_loss_has_the_given_share_and_no_memory() {
    let (fates, stats) = run(Link { loss_pct: 10.0, ..Link::PERFECT }, PACKETS, ms(1));
    assert_near(stats.lost as f64 / PACKETS as f64, 0.10, 0.003);
    let pairs = fates.windows(2).filter(|pair| pair == &[Fate::Lost, Fate::Lost]).count();
    assert_near(pairs as f64 / stats.lost as f64, 0.10, 0.01);
}

#[test]
fn burst_loss_has_gilberts_share_and_burst_length() {
    let (p, r) = (11.0, 25.0);
    let (fates, stats) = run(Link { gilbert_p_pct: p, gilbert_r_pct: r, ..Link::PERFECT }, PACKETS, ms(1));
    assert_near(stats.lost as f64 / PACKETS as f64, p / (p + r), 0.01);

    let bursts: Vec<usize> = fates
        .chunk_by(|x, y| x == &Fate::Lost && y == &Fate::Lost)
        .filter(|c| c[0] == Fate::Lost)
        .map(<[_]>::len)
        .collect();
    assert_near(bursts.iter().sum::<usize>() as f64 / bursts.len() as f64, 100.0 / r, 0.1);
    // Geometric: of the bursts that reach a length, r in 100 end there.
    for length in 1..6 {
        let reached = bursts.iter().filter(|&&burst| burst >= length).count() as f64;
        let ended = bursts.iter().filter(|&&burst| burst == length).count() as f64;
        assert_near(ended / reached, r / 100.0, 0.03);
    }
}

#[test]
fn overload_leaves_at_exactly_the_rate() {
    // 8 Mbit/s offered to 1 Mbit/s: 1000 bytes every 8 ms come out.
    let (fates, stats) = run(Link { rate_kbps: 1000.0, ..Link::PERFECT }, 10_000, ms(1));
    let out = arrivals(&fates);
    assert_eq!(out[0], ms(8));
    assert!(out.windows(2).all(|pair| pair[1] - pair[0] == ms(8)));
    assert_near(stats.bytes_out as f64 * 8.0 / out[out.len() - 1].as_secs_f64(), 1e6, 1.0);
    assert_eq!(stats.queue_drop + stats.packets_out, 10_000);
}

#[test]
fn queue_waits_as_long_as_allowed_and_no_longer() {
    let link = Link { rate_kbps: 1000.0, queue_ms: 40.0, ..Link::PERFECT };
    let mut model = LinkModel::new(link, 1);
    // At one instant: waits of 0, 8, 16, 24, 32 and 40 ms fit; 48 ms does not.
    let fates: Vec<_> = (0..7).map(|_| model.admit(1000, ms(5))).collect();
    assert_eq!(arrivals(&fates).last(), Some(&ms(5 + 48)));
    assert_eq!(fates[6], Fate::QueueFull);
    assert!(matches!(model.admit(1000, ms(13)), Fate::Delivered { .. }), "8 ms later there is room for one");
    assert_eq!(model.admit(1000, ms(13)), Fate::QueueFull);
}

#[test]
fn lost_packets_use_the_rate_too() {
    let link = Link { rate_kbps: 1000.0, loss_pct: 50.0, ..Link::PERFECT };
    let (fates, _) = run(link, 10_000, ms(8));
    assert!(fates.iter().enumerate().all(|(i, fate)| match fate {
        Fate::Delivered { at, .. } => *at == ms(8) * (i as u32 + 1),
        Fate::Lost => true,
        Fate::QueueFull => false,
    }));
}

#[test]
fn jitter_spreads_the_delay_around_its_mean() {
    // Far enough apart that keeping the order changes nothing.
    let (fates, _) = run(Link { delay_ms: 100.0, jitter_ms: 10.0, ..Link::PERFECT }, PACKETS, ms(200));
    let delays: Vec<f64> = arrivals(&fates)
        .iter()
        .enumerate()
        .map(|(i, at)| (*at - ms(200) * i as u32).as_secs_f64() * 1e3)
        .collect();
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let variance = delays.iter().map(|delay| (delay - mean).powi(2)).sum::<f64>() / delays.len() as f64;
    assert_near(mean, 100.0, 0.1);
    assert_near(variance.sqrt(), 10.0, 0.1);
}

#[test]
fn duplicates_and_overtakers_have_the_given_share() {
    let (fates, stats) =
        run(Link { dup_pct: 2.0, reorder_pct: 5.0, delay_ms: 50.0, ..Link::PERFECT }, PACKETS, ms(1));
    assert_near(stats.packets_out as f64 / PACKETS as f64, 1.02, 0.002);
    let early = arrivals(&fates).iter().enumerate().filter(|(i, at)| **at == ms(*i as u64)).count();
    assert_near(early as f64 / PACKETS as f64, 0.05, 0.003);
}

#[test]
fn cut_link_loses_everything_until_it_is_back() {
    let mut model = LinkModel::new(Link { down: true, ..Link::PERFECT }, 1);
    assert_eq!(model.admit(100, ms(1)), Fate::Lost);
    model.set_link(Link::PERFECT);
    assert_eq!(model.admit(100, ms(2)), Fate::Delivered { at: ms(2), copies: 1 });
}

#[test]
fn shorter_delay_does_not_overtake_what_is_under_way() {
    let mut model = LinkModel::new(Link::delayed(100.0), 1);
    model.admit(100, ms(0));
    model.set_link(Link::delayed(10.0));
    assert_eq!(model.admit(100, ms(1)), Fate::Delivered { at: ms(100), copies: 1 });
}

prop_compose! {
    fn any_link()(
        rate_kbps in prop_oneof![Just(0.0), 10.0..100_000.0],
        queue_ms in 0.0..500.0,
        delay_ms in 0.0..500.0,
        jitter_ms in 0.0..100.0,
        loss_pct in 0.0..50.0,
        gilbert_p_pct in 0.0..20.0,
        gilbert_r_pct in 1.0..100.0,
        dup_pct in 0.0..10.0,
    ) -> Link {
        Link {
            rate_kbps, queue_ms, delay_ms, jitter_ms, loss_pct, gilbert_p_pct, gilbert_r_pct, dup_pct,
            ..Link::PERFECT
        }
    }
}

proptest! {
    #[test]
    fn packets_keep_their_order_are_never_early_and_all_counted(
        link in any_link(),
        seed: u64,
        packets in prop::collection::vec((20usize..1500, 0u64..20_000), 1..300),
    ) {
        let mut model = LinkModel::new(link, seed);
        let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
        for &(size, gap_us) in &packets {
            now += Duration::from_micros(gap_us);
            if let Fate::Delivered { at, .. } = model.admit(size, now) {
                prop_assert!(at >= now && at >= last);
                last = at;
            }
        }
        let stats = model.stats();
        prop_assert_eq!(stats.packets_in, packets.len() as u64);
        prop_assert!(stats.packets_out >= stats.packets_in - stats.lost - stats.queue_drop);
    }

    #[test]
    fn queue_is_never_longer_than_allowed_and_rate_never_exceeded(
        link in any_link(),
        sizes in prop::collection::vec(20usize..1500, 1..300),
    ) {
        prop_assume!(link.rate_kbps > 0.0);
        let link = Link { delay_ms: 0.0, jitter_ms: 0.0, dup_pct: 0.0, ..link };
        let mut model = LinkModel::new(link, 3);
        let (mut bits, mut bound_ms) = (0.0, 0.0);
        for &size in &sizes {
            let own_ms = size as f64 * 8.0 / link.rate_kbps;
            bound_ms = f64::max(bound_ms, link.queue_ms + own_ms);
            if let Fate::Delivered { at, .. } = model.admit(size, Duration::ZERO) {
                bits += size as f64 * 8.0;
                let at_ms = at.as_secs_f64() * 1e3;
                prop_assert!(at_ms <= bound_ms + 1e-3);
                prop_assert!(bits / link.rate_kbps <= at_ms + 1e-3);
            }
        }
    }

    #[test]
    fn same_seed_gives_the_same_fates(link in any_link(), seed: u64) {
        let fates = |mut model: LinkModel| (0..200).map(|i| model.admit(500, ms(i))).collect::<Vec<_>>();
        prop_assert_eq!(fates(LinkModel::new(link, seed)), fates(LinkModel::new(link, seed)));
    }
}
