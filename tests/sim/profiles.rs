//! Networks that stay as they are: what a person gets after the first five seconds, as a mean of several seeds.
use super::{
    report::Report,
    world::{Ends, run_between},
};
use eyeline_netlab::{Link, Profile, Schedule};
use std::time::Duration;

/// Runs of each network, and how long each takes, in seconds.
const SEEDS: u64 = 20;
const LENGTH: u32 = 40;
/// What is measured comes after this, in seconds; and rates after the second.
const SETTLED: u32 = 5;
const RATES: u32 = 10;
/// A picture that stands longer has frozen (W3C's `freezeCount` at 30 pictures a second).
const FREEZE: Duration = Duration::from_millis(183);
/// Sound that comes later than this after it was made is lost.
const SOUND_LATE: Duration = Duration::from_secs(2);

/// Means over the seeds; times in milliseconds, after the first seconds.
#[derive(Debug)]
struct Got {
    kbps: f64,
    fps: f64,
    /// Part of the time.
    frozen: f64,
    longest: f64,
    /// Of the first seconds.
    first_frozen: f64,
    picture_p95: f64,
    sound_p95: f64,
    /// Part of the packets.
    sound_lost: f64,
}

fn on(profile: Profile) -> Got {
    between(Ends::WHOLE, profile)
}

fn between(ends: Ends, profile: Profile) -> Got {
    let reports: Vec<Report> =
        (1..=SEEDS).map(|seed| run_between(ends, &profile.into(), LENGTH, seed)).collect();
    let mean = |figure: &dyn Fn(&Report) -> f64| reports.iter().map(figure).sum::<f64>() / SEEDS as f64;
    let time = |figure: &dyn Fn(&Report) -> Duration| mean(&|report| figure(report).as_secs_f64() * 1_000.0);
    let got = Got {
        kbps: mean(&|r| r.kbps(RATES, LENGTH)),
        fps: mean(&|r| r.fps(RATES, LENGTH)),
        frozen: time(&|r| r.frozen(FREEZE, SETTLED, LENGTH)) / f64::from(LENGTH - SETTLED) / 1_000.0,
        longest: time(&|r| r.freeze(SETTLED, LENGTH)),
        first_frozen: time(&|r| r.frozen(FREEZE, 0, SETTLED)),
        picture_p95: time(&|r| r.delay(&r.pictures, 95, SETTLED, LENGTH)),
        sound_p95: time(&|r| r.delay(&r.sound, 95, SETTLED, LENGTH)),
        sound_lost: mean(&|r| r.sound_lost(SOUND_LATE, SETTLED, LENGTH - 2)),
    };
    println!("{profile}: {got:.3?}");
    got
}

/// A path that loses nothing by itself: its rate is used, nothing stands, and what queues is short.
fn uses(profile: Profile, kbps: f64) {
    let got = on(profile);
    let delay = profile.link().delay_ms;
    assert!(got.kbps >= kbps, "{got:?}");
    assert!(got.fps >= 29.0 && got.longest < 500.0, "{got:?}");
    assert!(got.picture_p95 < delay + 120.0 && got.sound_p95 < delay + 120.0, "{got:?}");
    assert!(got.sound_lost < 0.002, "{got:?}");
}

#[test]
fn a_good_path_carries_all_there_is() {
    uses(Profile::Good, 1_900.0);
}

#[test]
fn three_megabits_carry_all_there_is() {
    uses(Profile::Mbps3, 1_900.0);
}

#[test]
fn three_megabits_carry_it_from_the_fifth_second_on() {
    let report = run_between(Ends::WHOLE, &Profile::Mbps3.into(), LENGTH, 1);
    let (fifth, steady) = (report.kbps(5, 6), report.kbps(RATES, LENGTH));
    assert!(fifth > 0.9 * steady, "{fifth:.0} kbit/s after five seconds, {steady:.0} after ten");
}

#[test]
fn every_thin_path_carries_sound_and_what_pictures_it_can() {
    for (kbps, delay_ms) in (40..=240).step_by(20).flat_map(|kbps| [(kbps, 50), (kbps, 200)]) {
        let (rate_kbps, delay_ms) = (f64::from(kbps), f64::from(delay_ms));
        let link = Link { rate_kbps, delay_ms, queue_ms: 400.0, ..Link::PERFECT };
        let report = run_between(Ends::WHOLE, &Schedule::new(vec![(Duration::ZERO, link)]), 60, 1);
        let (fps, lost) = (report.fps(20, 60), report.sound_lost(SOUND_LATE, 20, 58));
        let late = report.delay(&report.sound, 95, 20, 58).as_secs_f64() * 1_000.0 - delay_ms;
        println!(
            "{kbps} kbit/s, {delay_ms} ms: {fps:.1} a second, {lost:.3} of the sound is lost, {late:.0} ms late"
        );
        assert!(lost < 0.01 && late < 200.0);
        assert!(kbps < 80 || fps > if kbps < 160 { 10.0 } else { 25.0 });
    }
}

#[test]
fn nine_tenths_of_a_megabit_are_used() {
    uses(Profile::Mbps1, 900.0);
}

#[test]
fn nine_tenths_of_half_a_megabit_are_used() {
    uses(Profile::Kbps500, 440.0);
}

#[test]
fn three_quarters_of_a_weak_mobile_network_are_used() {
    let got = on(Profile::Weak3g);
    assert!(got.kbps >= 190.0 && got.fps >= 25.0, "{got:?}");
    assert!(got.longest < 400.0 && got.frozen < 0.03 && got.picture_p95 < 240.0, "chains: {got:?}");
    assert!(got.sound_p95 < 300.0 && got.sound_lost < 0.02, "{got:?}");
}

#[test]
fn an_encoder_that_cannot_do_with_less_shows_fewer_pictures_and_makes_no_queue() {
    let got = between(Ends { heavy: true, ..Ends::WHOLE }, Profile::Weak3g);
    assert!(got.fps > 24.0 && got.kbps > 200.0 && got.longest < 700.0, "{got:?}");
    assert!(got.picture_p95 < 450.0 && got.sound_p95 < 200.0, "{got:?}");
}

#[test]
fn a_tenth_lost_is_repaired_and_hardly_heard() {
    let got = on(Profile::Loss10);
    assert!(got.kbps >= 1_450.0 && got.fps >= 29.0, "{got:?}");
    assert!(got.longest < 300.0 && got.picture_p95 < 120.0, "parity: {got:?}");
    assert!(got.sound_lost < 0.02, "{got:?}");
}

#[test]
fn a_tenth_lost_on_the_way_from_another_program_is_repaired_too() {
    let got = between(Ends::STRANGERS, Profile::Loss10);
    assert!(got.kbps >= 1_450.0 && got.fps >= 29.0, "{got:?}");
    assert!(got.longest < 400.0 && got.picture_p95 < 260.0, "{got:?}");
}

#[test]
fn a_fifth_lost_is_repaired_and_hardly_heard() {
    let got = on(Profile::Loss20);
    assert!(got.kbps >= 550.0 && got.fps >= 28.0, "{got:?}");
    assert!(got.longest < 600.0 && got.picture_p95 < 350.0, "{got:?}");
    assert!(got.sound_lost < 0.02, "{got:?}");
}

#[test]
fn bursts_that_lose_a_third_leave_a_call() {
    let got = on(Profile::Burst30);
    assert!(got.kbps >= 230.0 && got.fps >= 23.0 && got.longest < 2_000.0, "{got:?}");
    assert!(got.sound_lost < 0.2, "a third is lost on the way: {got:?}");
}

#[test]
fn a_busy_wireless_network_is_no_trouble() {
    let got = on(Profile::WifiBusy);
    assert!(got.kbps >= 1_800.0 && got.fps >= 29.0 && got.frozen < 0.02 && got.sound_lost < 0.005, "{got:?}");
}

#[test]
fn a_moderate_network_shows_every_picture() {
    let got = on(Profile::Moderate);
    assert!(got.kbps >= 1_250.0 && got.fps >= 28.5 && got.longest < 500.0, "{got:?}");
    assert!(got.frozen < 0.03 && got.picture_p95 < 240.0, "parity: {got:?}");
    assert!(got.sound_lost < 0.01 && got.sound_p95 < 200.0, "{got:?}");
    assert!(got.first_frozen < 900.0, "pictures do not wait for word of the first ones: {got:?}");
}

#[test]
fn a_moderate_network_shows_another_programs_pictures_later() {
    let got = between(Ends::STRANGERS, Profile::Moderate);
    assert!(got.kbps >= 1_250.0 && got.fps >= 28.0 && got.longest < 800.0, "{got:?}");
    assert!(got.frozen < 0.06 && got.picture_p95 < 500.0, "{got:?}");
}

#[test]
fn another_continent_is_in_sight() {
    let got = on(Profile::International);
    assert!(got.kbps >= 90.0 && got.fps >= 16.0 && got.frozen < 0.25 && got.longest < 2_000.0, "{got:?}");
    assert!(got.sound_lost < 0.12 && got.sound_p95 < 600.0, "{got:?}");
}
