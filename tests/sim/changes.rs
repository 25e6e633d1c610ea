//! Networks that change in mid-call.
use super::{
    ms,
    report::Report,
    start,
    world::{Ends, Feedback, Sleep, run, run_between},
};
use eyeline_netlab::{Link, Profile, Schedule};
use std::time::Duration;

/// Runs over links that hold from those seconds on.
fn over(steps: &[(u64, Link)], seconds: u32) -> Report {
    between(Ends::WHOLE, steps, seconds)
}

fn between(ends: Ends, steps: &[(u64, Link)], seconds: u32) -> Report {
    let steps = steps.iter().map(|(at, link)| (Duration::from_secs(*at), *link)).collect();
    let report = run_between(ends, &Schedule::new(steps), seconds, 7);
    println!("{report}");
    report
}

/// How long after that second the next picture comes.
fn picture_after(report: &Report, second: u64) -> Option<Duration> {
    let at = start() + Duration::from_secs(second);
    report.pictures.iter().find(|shown| shown.at >= at).map(|shown| shown.at - at)
}

#[test]
fn a_link_that_narrows_and_widens_is_followed_both_ways() {
    let wide = Profile::Mbps3.link();
    let narrow = Link { rate_kbps: 500.0, ..wide };
    // Where in a picture, a feedback interval and a second it narrows makes a difference.
    let (mut stood, mut delays, mut used, mut rises) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for phase in 0..20 {
        let at = ms(20_000 + 54 * phase);
        let steps = vec![(Duration::ZERO, wide), (at, narrow), (at + ms(30_000), wide)];
        let report = run_between(Ends::WHOLE, &Schedule::new(steps), 76, 7);
        let (before, meanwhile, back) = (report.kbps(10, 20), report.kbps(30, 50), report.kbps(59, 76));
        used.push(meanwhile);
        assert!(back > 0.9 * before, "phase {phase}: {back} of {before} kbit/s");
        // In whole seconds, the first of which it has been wide.
        let is_back = |second: &u32| report.kbps(*second, second + 1) > 0.9 * before;
        rises.push((51..76).find(is_back).map_or(u32::MAX, |second| second - 50));
        stood.push(report.freeze(20, 50));
        // Three seconds after it has narrowed.
        delays.push(report.delay(&report.pictures, 95, 24, 50));
    }
    stood.sort();
    delays.sort();
    rises.sort_unstable();
    used.sort_by(f64::total_cmp);
    assert!(used[0] > 380.0 && used[10] > 440.0, "of 500 kbit/s: {used:?}");
    println!("the picture stands {stood:?}, delays {delays:?}, the rate is back after {rises:?} s");
    assert!(rises[10] <= 4 && rises[19] <= 8, "{rises:?}");
    assert!(stood[10] < ms(600) && stood[19] < ms(1_000), "{stood:?}");
    assert!(delays[10] < ms(120) && delays[19] < ms(200), "{delays:?}");
}

#[test]
fn a_cut_ends_with_a_picture() {
    let link = Profile::Good.link();
    for cut in [5, 25] {
        let back = 10 + cut;
        let report = over(&[(0, link), (10, Link { down: true, ..link }), (back, link)], 60);
        let waited = picture_after(&report, back);
        println!("a picture after {waited:?}");
        assert!(waited.is_some_and(|waited| waited < ms(1_000)), "after {cut} s: {waited:?}");
        assert!(
            report.kbps(back as u32 + 1, back as u32 + 4) > 1_500.0,
            "{} kbit/s",
            report.kbps(back as u32 + 1, back as u32 + 4)
        );
    }
}

#[test]
fn a_cut_ends_with_a_picture_even_where_nobody_speaks() {
    let link = Profile::Good.link();
    let cut = [(0, link), (10, Link { down: true, ..link }), (15, link)];
    for repairs in [true, false] {
        let report = between(Ends { sound: false, repairs, ..Ends::WHOLE }, &cut, 40);
        let waited = picture_after(&report, 15);
        println!("a picture after {waited:?}");
        assert!(waited.is_some_and(|waited| waited < ms(1_500)), "repairs {repairs}: {waited:?}");
        assert!(report.kbps(25, 40) > 1_000.0, "repairs {repairs}: {} kbit/s", report.kbps(25, 40));
    }
}

#[test]
fn a_peer_that_tells_of_no_packet_gets_pictures_all_the_same() {
    let report =
        between(Ends { feedback: Feedback::Never, ..Ends::STRANGERS }, &[(0, Profile::Good.link())], 60);
    assert!(report.freeze(0, 60) < ms(6_000), "{:?}", report.freeze(0, 60));
    assert!(report.fps(10, 60) > 29.0, "{} pictures a second", report.fps(10, 60));
    assert!(report.kbps(50, 60) > 1_000.0, "{} kbit/s", report.kbps(50, 60));
}

/// In milliseconds; GStreamer's time between two control packets is about 600 (measured).
fn seldom(first: u64, every: u64) -> Feedback {
    Feedback::Seldom { first: ms(first), every: ms(every) }
}

#[test]
fn however_seldom_a_peer_tells_of_packets_pictures_begin_and_go_on() {
    for first in [0, 700, 1_400, 2_100, 2_800] {
        for every in [600, 1_000, 1_500] {
            let ends = Ends { feedback: seldom(first, every), ..Ends::STRANGERS };
            let report = between(ends, &[(0, Profile::Good.link())], 30);
            let (freeze, fps) = (report.freeze(0, 30), report.fps(0, 30));
            println!(
                "first after {first} ms, then every {every}: none for {freeze:?}, {fps} pictures a second"
            );
            assert!(freeze < ms(600) && fps > 28.0, "{first}, {every}: {freeze:?}, {fps}");
            assert!(report.kbps(20, 30) > 1_500.0, "{first}, {every}: {} kbit/s", report.kbps(20, 30));
        }
    }
}

#[test]
fn a_camera_that_comes_later_is_seen_by_a_peer_that_tells_of_packets_seldom() {
    let ends = Ends { feedback: seldom(0, 600), cameras_from: 10, ..Ends::STRANGERS };
    let report = between(ends, &[(0, Profile::Good.link())], 60);
    let waited = picture_after(&report, 10);
    assert!(waited.is_some_and(|waited| waited < ms(500)), "{waited:?}");
    assert!(report.freeze(11, 60) < ms(600) && report.fps(11, 60) > 28.0, "{:?}", report.freeze(11, 60));
    assert!(report.kbps(50, 60) > 1_500.0, "{} kbit/s", report.kbps(50, 60));
}

#[test]
fn a_peer_that_tells_of_packets_seldom_keeps_its_pictures_where_the_link_narrows_forty_times() {
    let [wide, thin] = [Profile::Good, Profile::Weak3g].map(Profile::link);
    let mut stood = Vec::new();
    for phase in 0..20 {
        let at = ms(20_000 + 54 * phase);
        let steps = vec![(Duration::ZERO, wide), (at, thin), (at + ms(20_000), wide)];
        let ends = Ends { feedback: seldom(0, 600), ..Ends::STRANGERS };
        let report = run_between(ends, &Schedule::new(steps), 60, 7);
        assert!(report.kbps(50, 60) > 1_500.0, "phase {phase}: {} kbit/s", report.kbps(50, 60));
        stood.push(report.freeze(1, 60));
    }
    stood.sort();
    println!("the picture stands {stood:?}");
    assert!(stood[10] < ms(3_000) && stood[19] < ms(6_000), "{stood:?}");
}

#[test]
fn a_way_that_becomes_longer_is_told_from_a_queue() {
    let near = Profile::Good.link();
    for more in [60.0, 100.0, 150.0, 250.0, 400.0] {
        let far = Link { delay_ms: near.delay_ms + more, ..near };
        let report = over(&[(0, near), (20, far), (60, near)], 80);
        assert!(report.kbps(28, 60) > 1_500.0, "{more} ms more: {} kbit/s", report.kbps(28, 60));
        assert!(report.fps(28, 60) > 29.0, "{more} ms more: {} pictures a second", report.fps(28, 60));
        let stood = report.freeze(19, 60);
        assert!(stood < ms(2_000), "{more} ms more: the picture stands for {stood:?}");
        assert!(report.kbps(62, 80) > 1_500.0, "back: {} kbit/s", report.kbps(62, 80));
    }
}

#[test]
fn fifty_kilobits_carry_sound_and_pictures_return_with_the_room_for_them() {
    let thin = Link { rate_kbps: 50.0, delay_ms: 250.0, queue_ms: 400.0, ..Link::PERFECT };
    let wide = Profile::Good.link();
    let report = over(&[(0, wide), (15, thin), (75, wide)], 120);
    assert_eq!(
        report.pictures.iter().filter(|p| in_seconds(p.at, 25, 75)).count(),
        0,
        "no room for pictures"
    );
    assert!(
        report.sound_lost(Duration::from_secs(1), 25, 74) < 0.01,
        "{}",
        report.sound_lost(ms(1_000), 25, 74)
    );
    let delay = report.delay(&report.sound, 95, 25, 75);
    assert!(delay < ms(650), "{delay:?}");
    let waited = picture_after(&report, 75);
    println!("a picture after {waited:?}");
    assert!(waited.is_some_and(|waited| waited < ms(2_000)), "{waited:?}");
    assert!(report.kbps(100, 120) > 1_500.0, "{} kbit/s", report.kbps(100, 120));
}

#[test]
fn thirty_kilobits_carry_sound_alone() {
    let thin = Link { rate_kbps: 30.0, delay_ms: 50.0, queue_ms: 400.0, ..Link::PERFECT };
    let wide = Profile::Good.link();
    // A call that begins on it, one that comes to it, and one that comes to even less.
    let less = Link { rate_kbps: 25.0, ..thin };
    for steps in [&[(0, thin)][..], &[(0, wide), (15, thin)], &[(0, wide), (15, less)]] {
        let report = over(steps, 90);
        let (lost, late) = (report.sound_lost(ms(1_000), 30, 89), report.delay(&report.sound, 95, 30, 90));
        assert!(lost < 0.01 && late < ms(450), "{steps:?}: {lost} lost, the rest after {late:?}");
        let pictures = report.pictures.iter().filter(|p| in_seconds(p.at, 30, 90)).count();
        assert_eq!(pictures, 0, "no room for them");
    }
}

#[test]
fn pictures_return_to_a_peer_that_asks_for_no_repairs_though_nothing_can_fill_the_path() {
    let thin = Link { rate_kbps: 50.0, delay_ms: 250.0, queue_ms: 400.0, ..Link::PERFECT };
    let wide = Profile::Good.link();
    let ends = Ends { repairs: false, ..Ends::WHOLE };
    let report = between(ends, &[(0, wide), (15, thin), (45, wide)], 100);
    let waited = picture_after(&report, 45);
    assert!(waited.is_some_and(|waited| waited < ms(10_000)), "{waited:?}");
    assert!(report.sound_lost(ms(1_000), 20, 44) < 0.1, "{}", report.sound_lost(ms(1_000), 20, 44));
    assert!(report.kbps(85, 100) > 1_500.0, "{} kbit/s", report.kbps(85, 100));
}

#[test]
fn a_camera_switched_on_long_after_a_narrow_time_is_seen_at_once() {
    let thin = Link { rate_kbps: 50.0, ..Profile::Good.link() };
    let wide = Profile::Good.link();
    let ends = Ends { cameras_from: 60, ..Ends::WHOLE };
    let report = between(ends, &[(0, wide), (10, thin), (20, wide)], 80);
    let waited = picture_after(&report, 60);
    assert!(waited.is_some_and(|waited| waited < ms(500)), "{waited:?}");
    assert!(report.kbps(70, 80) > 1_500.0, "{} kbit/s", report.kbps(70, 80));
}

#[test]
fn two_hours_end_as_they_began_though_one_clock_is_faster() {
    // Of two quartzes, one may be 50 ppm too fast, and the other too slow.
    let ends = Ends { fast_ppm: 100, ..Ends::WHOLE };
    let report = run_between(ends, &Profile::WifiBusy.into(), 7_200, 3);
    let (first, last) = ((60, 660), (6_500, 7_100));
    let alike = |figure: &str, at: &dyn Fn(u32, u32) -> Duration| {
        let (before, after) = (at(first.0, first.1), at(last.0, last.1));
        println!("{figure}: {before:?}, then {after:?}");
        assert!(
            after < before.mul_f64(1.3) && before < after.mul_f64(1.3),
            "{figure}: {before:?}, {after:?}"
        );
    };
    alike("picture", &|from, to| report.delay(&report.pictures, 95, from, to));
    alike("sound", &|from, to| report.delay(&report.sound, 95, from, to));
    alike("queue", &|from, to| report.queued_on_average(from, to));
    let rates = (report.kbps(first.0, first.1), report.kbps(last.0, last.1));
    assert!(rates.1 > 0.95 * rates.0, "{rates:?} kbit/s");
    let turns = (report.turns_on_average(first.0, first.1), report.turns_on_average(last.0, last.1));
    assert!(turns.1 < 1.1 * turns.0, "more and more is done: {turns:?} a second");
}

#[test]
fn the_same_seed_gives_the_same_call() {
    let shown = |seed| {
        let report = run(&Profile::WifiBusy.into(), 60, seed);
        let shown = report.pictures.iter().chain(&report.sound).map(|shown| (shown.made, shown.at));
        (shown.collect::<Vec<_>>(), report.to_string())
    };
    let once = shown(7);
    assert_eq!(once, shown(7));
    assert_ne!(once.0, shown(8).0);
}

fn in_seconds(at: std::time::Instant, from: u64, to: u64) -> bool {
    (Duration::from_secs(from)..Duration::from_secs(to)).contains(&(at - start()))
}

#[test]
fn a_machine_that_has_slept_sends_as_before_though_its_clock_stood_still() {
    let at = Duration::from_secs(20);
    for length in [3, 15, 600] {
        let sleep = Some(Sleep { of_first: true, from: at, length: Duration::from_secs(length) });
        let awake = 20 + length as u32;
        let report = between(Ends { sleep, ..Ends::WHOLE }, &[(0, Profile::Good.link())], awake + 40);
        let waited = picture_after(&report, u64::from(awake));
        assert!(waited.is_some_and(|waited| waited < ms(1_000)), "{length} s: {waited:?}");
        let (before, after) = (report.kbps(10, 20), report.kbps(awake + 8, awake + 40));
        assert!(after > 0.9 * before, "{length} s: {after} of {before} kbit/s");
        let stood = report.freeze(awake + 1, awake + 40);
        assert!(stood < ms(500), "{length} s: the picture stands {stood:?}");
    }
}

#[test]
fn a_machine_that_has_slept_is_sent_as_much_as_before() {
    // By its own clock, there is no time in between.
    for length in [3, 15, 600] {
        let sleep =
            Sleep { of_first: false, from: Duration::from_secs(20), length: Duration::from_secs(length) };
        let ends = Ends { sleep: Some(sleep), ..Ends::WHOLE };
        let report = between(ends, &[(0, Profile::Good.link())], 60 + length as u32);
        let (before, after) = (report.kbps(10, 20), report.kbps(28, 60));
        assert!(after > 0.9 * before, "{length} s: {after} of {before} kbit/s");
        let stood = report.freeze(10, 60);
        assert!(stood < ms(1_500), "{length} s: the picture stands {stood:?}");
    }
}
