//! A path that goes away and comes back, or comes back elsewhere: the call lives, and nobody has to do anything. As root
//! on Linux; elsewhere said and passed.
#![cfg(target_os = "linux")]
use eyeline_netlab::{Link, Netlab, Profile};
use eyeline_tests::{
    CARD,
    cli::{Cli, Report},
    lab::Lab,
    rest::Rest,
    until,
};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

const END_LIMIT: Duration = Duration::from_secs(120);
const DOWN: Link = Link { down: true, ..Link::PERFECT };

/// A call under way, watched by the caller's statistics, one line a second.
struct Watched {
    lab: Lab,
    ends: [Cli; 2],
    folder: tempfile::TempDir,
}

impl Watched {
    /// With pictures both ways for a few seconds. `None` where the system does not permit it.
    fn start(duration_s: &str) -> Option<Self> {
        let lab = Lab::start(Netlab::builder().profile(Profile::Good))?;
        Some(Self::start_in(lab, duration_s))
    }

    fn start_in(lab: Lab, duration_s: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [caller, callee] = ["caller", "callee"].map(|n| folder.path().join(n).display().to_string());
        let caller = [&CARD[..], &["--duration", duration_s, "--stats", &caller]].concat();
        let callee = [&CARD[..], &["--stats", &callee]].concat();
        let (caller, callee) = lab.call(&caller, &callee);
        let this = Self { lab, ends: [caller, callee], folder };
        until("pictures", END_LIMIT, || {
            ["caller", "callee"].iter().all(|n| this.fps(n).iter().filter(|fps| **fps > 20.0).count() >= 3)
        });
        this
    }

    fn fps(&self, end: &str) -> Vec<f64> {
        stats(&self.folder.path().join(end)).iter().map(|l| l["fps"].as_f64().unwrap_or(0.0)).collect()
    }

    /// The newest line of an end's statistics; null before the first.
    fn newest(&self, end: &str) -> Value {
        stats(&self.folder.path().join(end)).pop().unwrap_or_default()
    }

    /// Lets so many seconds pass on the caller's own clock.
    fn pass(&self, seconds: usize) {
        let before = self.fps("caller").len();
        until("seconds", END_LIMIT, || self.fps("caller").len() >= before + seconds);
    }

    fn pictures_again(&self) {
        let before = ["caller", "callee"].map(|end| (end, self.fps(end).len()));
        until("pictures again", END_LIMIT, || {
            before.iter().all(|(end, before)| self.fps(end).iter().skip(*before).any(|fps| *fps > 10.0))
        });
    }

    /// Cuts these paths, both ways, for so long; gives how long it was.
    fn cut(&self, paths: &[(&str, &str)], seconds: usize) -> Duration {
        let set = |link: Link| {
            for (x, y) in paths {
                self.lab.netlab.set_direction(x, y, link).unwrap();
                self.lab.netlab.set_direction(y, x, link).unwrap();
            }
        };
        let begun = Instant::now();
        set(DOWN);
        self.pass(seconds);
        set(Link::delayed(10.0));
        begun.elapsed()
    }

    /// Ends by the caller's own time, at both ends, and at the server.
    fn finish(self, name: &str) -> [Report; 2] {
        let reports = self.ends.map(|end| end.finish(END_LIMIT));
        for report in &reports {
            println!("{name}: {}", report.summary);
            assert_eq!(report.status, 0, "{}", report.errors);
            assert_eq!(report.summary["end_reason"], "hangup");
        }
        let rest = Rest::to(self.lab.server());
        let over = || rest.until("/calls/active", &rest.log_in("ada"), |calls| *calls == json!([]));
        self.lab.netlab.enter("a", over).unwrap();
        reports
    }
}

/// The picture stood still while the path was away, and for no longer than `limit` more.
fn moved_again(name: &str, reports: &[Report; 2], away: Duration, limit: Duration) {
    let away_ms = away.as_secs_f64() * 1000.0;
    for report in reports {
        let gap_ms = report.figure("gap_ms.max");
        println!(
            "{name}: {away_ms:.0} ms away, {gap_ms:.0} ms without a picture: {:.0} ms",
            gap_ms - away_ms
        );
        // Moving takes more than half a second where there is nothing to wait for.
        assert!(gap_ms > (0.8 * away_ms).max(200.0), "{name}: the path was not away");
        assert!(gap_ms < away_ms + limit.as_secs_f64() * 1000.0, "{name}: {gap_ms} ms for {away_ms}");
    }
}

/// What the instrument said of each second so far.
fn stats(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // The last line may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

const BETWEEN: [(&str, &str); 1] = [("a", "b")];
const ALL_OF_CALLER: [(&str, &str); 2] = [("a", "b"), ("a", "s")];
const ALL_OF_CALLEE: [(&str, &str); 2] = [("a", "b"), ("b", "s")];

fn survives_a_cut(name: &str, paths: &[(&str, &str)], seconds: usize, limit: Duration) {
    let Some(call) = Watched::start(&(seconds + 18).to_string()) else { return };
    let away = call.cut(paths, seconds);
    call.pictures_again();
    moved_again(name, &call.finish(name), away, limit);
}

#[test]
fn pictures_move_again_within_a_second_after_five_without_a_network() {
    survives_a_cut("5 s", &ALL_OF_CALLER, 5, Duration::from_secs(1));
}

#[test]
fn a_path_that_is_away_for_25_s_is_found_again() {
    survives_a_cut("25 s, server there", &BETWEEN, 25, Duration::from_secs(3));
}

#[test]
fn a_caller_without_a_network_for_25_s_is_back_in_the_call() {
    survives_a_cut("25 s, caller", &ALL_OF_CALLER, 25, Duration::from_secs(3));
}

#[test]
fn a_callee_without_a_network_for_25_s_is_back_in_the_call() {
    survives_a_cut("25 s, callee", &ALL_OF_CALLEE, 25, Duration::from_secs(3));
}

#[test]
fn a_call_goes_on_through_a_relay_where_the_path_between_the_machines_is_lost() {
    let builder = Netlab::builder().profile(Profile::Good);
    let Some(lab) = Lab::start_with_turn(builder, &["turn:HOST?transport=udp"]) else { return };
    let call = Watched::start_in(lab, "30");
    assert_eq!(call.newest("caller")["relayed"], false);
    call.lab.netlab.set_link(DOWN);
    until("the relay", END_LIMIT, || call.newest("caller")["relayed"] == true);
    call.pictures_again();
    for report in call.finish("by a relay") {
        assert_eq!(report.summary["relayed"], true, "{}", report.summary);
        assert!(report.figure("gap_ms.max") < 8_000.0, "{}", report.summary);
    }
}

#[test]
fn pictures_pause_on_a_path_too_thin_for_them_and_return_by_themselves() {
    let Some(call) = Watched::start("45") else { return };
    let paused = |end: &str| call.newest(end)["video_paused"] == true;
    assert!(!paused("caller") && !paused("callee"));
    call.lab.netlab.set_link(Link { delay_ms: 250.0, rate_kbps: 50.0, queue_ms: 400.0, ..Link::PERFECT });
    until("both say that pictures pause", END_LIMIT, || paused("caller") && paused("callee"));
    call.pass(5);
    assert!(call.newest("caller")["audio_delay_ms"].as_f64().is_some(), "sound is heard");
    call.lab.netlab.set_profile(Profile::Good);
    call.pictures_again();
    assert!(!paused("caller") && !paused("callee"));
    for report in call.finish("thin") {
        assert_eq!(report.figure("reconnects"), 0.0);
    }
}

fn survives_a_move(name: &str, host: &str) {
    let Some(call) = Watched::start("25") else { return };
    call.lab.netlab.change_address(host).unwrap();
    call.pass(3);
    call.pictures_again();
    moved_again(name, &call.finish(name), Duration::ZERO, Duration::from_secs(3));
}

#[test]
fn a_caller_that_changes_its_network_stays_in_the_call() {
    survives_a_move("caller moved", "a");
}

#[test]
fn a_callee_that_changes_its_network_stays_in_the_call() {
    survives_a_move("callee moved", "b");
}

/// Its address goes, and with it every route; later it comes back, or another does.
fn survives_a_pulled_cable(name: &str, host: &str, moves: bool) {
    let Some(call) = Watched::start("24") else { return };
    let begun = Instant::now();
    call.lab.netlab.unplug(host).unwrap();
    call.pass(6);
    call.lab.netlab.plug_in(host).unwrap();
    if moves {
        call.lab.netlab.change_address(host).unwrap();
    }
    let away = begun.elapsed();
    call.pictures_again();
    moved_again(name, &call.finish(name), away, Duration::from_secs(3));
}

#[test]
fn a_caller_whose_cable_was_pulled_is_back_in_the_call() {
    survives_a_pulled_cable("caller unplugged", "a", false);
}

#[test]
fn a_callee_that_was_without_an_address_and_has_another_is_back_in_the_call() {
    survives_a_pulled_cable("callee unplugged", "b", true);
}

#[test]
fn a_call_within_one_machine_outlives_its_network() {
    let Some(lab) = Lab::on_one_machine() else { return };
    let call = Watched::start_in(lab, "16");
    call.lab.netlab.unplug("a").unwrap();
    call.pass(3);
    call.pictures_again();
    moved_again("one machine", &call.finish("one machine"), Duration::ZERO, Duration::from_secs(3));
}

#[test]
fn a_network_changed_while_the_server_is_away_is_made_good_when_it_is_back() {
    let Some(mut call) = Watched::start("40") else { return };
    call.lab.kill_server();
    call.pass(6);
    let begun = Instant::now();
    call.lab.netlab.change_address("a").unwrap();
    call.pass(6);
    call.lab.restart_server();
    let away = begun.elapsed();
    call.pictures_again();
    moved_again("server away", &call.finish("server away"), away, Duration::from_secs(3));
}

#[test]
fn a_machine_that_has_slept_is_back_in_the_call() {
    let Some(mut call) = Watched::start("40") else { return };
    let begun = Instant::now();
    call.ends[1].process().signal("STOP");
    call.pass(15);
    let lines = || stats(&call.folder.path().join("callee"));
    let asleep = lines().len();
    call.ends[1].process().signal("CONT");
    let away = begun.elapsed();
    call.pictures_again();
    until("sound again", END_LIMIT, || {
        let since = lines().into_iter().skip(asleep);
        since.into_iter().any(|line| line["audio_delay_ms"].as_f64().is_some_and(|ms| ms < 1_000.0))
    });
    moved_again("slept", &call.finish("slept"), away, Duration::from_secs(3));
}
