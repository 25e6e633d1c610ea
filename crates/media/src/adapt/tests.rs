use super::*;
use std::time::Duration;

const GUESS_BPS: u64 = 300_000;

fn at(ms: i64) -> MediaTime {
    MediaTime(ms * 1_000)
}

fn begun() -> Adaptation {
    Adaptation::new(GUESS_BPS, None, at(0))
}

/// Tells `bps` every tenth of a second between two moments, in milliseconds.
fn hold(adaptation: &mut Adaptation, bps: u64, from: i64, to: i64) {
    (from..to).step_by(100).for_each(|ms| adaptation.set_total(bps, true, at(ms)));
}

fn encoded(captured_at: MediaTime, encode: Duration, left_out: u32) -> FrameInfo {
    FrameInfo { captured_at, key: false, bytes: 1_000, size: (640, 360), is_whole: false, encode, left_out }
}

fn size(adaptation: &Adaptation) -> Option<(u32, u32)> {
    adaptation.picture().map(|target| target.max_size)
}

#[test]
fn a_call_begins_with_what_its_first_rate_carries() {
    let adaptation = begun();
    let picture = adaptation.picture().unwrap();
    assert_eq!(picture.max_size, (320, 240));
    assert!(u64::from(picture.bitrate_bps) + adaptation.sound.bps() <= GUESS_BPS);
}

#[test]
fn pictures_use_all_of_a_rate_only_once_it_is_known() {
    let mut adaptation = begun();
    let mut bitrate_told = |is_known| {
        adaptation.set_total(GUESS_BPS, is_known, at(0));
        adaptation.picture().unwrap().bitrate_bps
    };
    let (guessed, known) = (bitrate_told(false), bitrate_told(true));
    assert!(guessed * 4 < known * 3, "{guessed} {known}");
    assert_eq!(bitrate_told(false), known, "what is known once is no guess again");
}

#[test]
fn a_wide_path_gets_the_largest_picture_within_half_a_second() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 200, 800);
    assert_eq!(size(&adaptation), Some((1280, 720)));
    assert_eq!(adaptation.limitation(), Limitation::None);
}

#[test]
fn a_collapse_shrinks_the_picture_at_once_and_a_dip_does_not() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 0, 1_000);
    hold(&mut adaptation, 800_000, 1_000, 1_500);
    hold(&mut adaptation, 2_000_000, 1_500, 2_000);
    assert_eq!(size(&adaptation), Some((1280, 720)));
    adaptation.set_total(400_000, true, at(2_100));
    assert_eq!(size(&adaptation), Some((640, 480)));
    assert_eq!(adaptation.limitation(), Limitation::Bandwidth);
}

#[test]
fn a_rate_near_a_border_does_not_flicker() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 0, 1_000);
    let mut sizes = Vec::new();
    for second in 1..60 {
        let bps = if second % 2 == 0 { 980_000 } else { 930_000 };
        hold(&mut adaptation, bps, second * 1_000, second * 1_000 + 1_000);
        sizes.push(size(&adaptation));
    }
    sizes.dedup();
    assert!(sizes.len() <= 2, "{sizes:?}");
}

#[test]
fn sound_lives_on_a_path_too_thin_for_pictures_which_return_by_themselves() {
    let mut adaptation = begun();
    hold(&mut adaptation, 40_000, 0, 3_000);
    assert_eq!(adaptation.picture(), None);
    let sound = adaptation.sound(OpusSettings::default());
    assert_eq!((sound.bitrate_bps, sound.frame_ms), (10_000, 60));
    assert!(adaptation.sound.bps() < 30_000);
    hold(&mut adaptation, 1_000_000, 20_000, 24_000);
    assert_eq!(size(&adaptation), Some((960, 540)));
}

#[test]
fn a_picture_is_no_larger_than_it_is_drawn() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 0, 1_000);
    let mut drawn = |view| {
        adaptation.set_view(view);
        let picture = adaptation.picture().unwrap();
        assert_eq!(adaptation.limitation(), Limitation::None, "nothing is wanting");
        (picture.max_size, picture.max_fps, picture.bitrate_bps / 100_000)
    };
    let whole = drawn((1920, 1080));
    assert_eq!(whole.0, (1280, 720));
    assert!(whole.2 > 15);
    assert_eq!(drawn((640, 480)), ((640, 480), 30, 8));
    assert_eq!(drawn((1000, 560)).0, (960, 540), "drawn a little larger than it is");
    assert_eq!(drawn((1920, 250)).0, (480, 360), "as high as it is in either shape");
    assert_eq!(drawn((300, 1080)), ((320, 240), 30, 2));
    assert_eq!(
        drawn((0, 0)),
        ((320, 240), 15, 1),
        "nobody looks: little, so that there is something at once"
    );
    assert_eq!(drawn((1920, 1080)), whole, "at once, for there has been room all the time");
}

#[test]
fn a_small_view_takes_nothing_from_what_a_narrow_path_allows() {
    let mut adaptation = begun();
    adaptation.set_view((640, 480));
    hold(&mut adaptation, 300_000, 0, 20_000);
    let before = adaptation.picture();
    assert_eq!((size(&adaptation), adaptation.limitation()), (Some((640, 480)), Limitation::None));
    hold(&mut adaptation, 110_000, 20_000, 40_000);
    assert_eq!(adaptation.limitation(), Limitation::Bandwidth);
    assert!(size(&adaptation) < Some((640, 480)));
    hold(&mut adaptation, 300_000, 40_000, 90_000);
    adaptation.set_view((1920, 1080));
    assert_eq!((adaptation.picture(), adaptation.limitation()), (before, Limitation::Bandwidth));
}

#[test]
fn sound_has_from_six_to_sixty_four_kilobits() {
    let bitrate = |total| {
        let mut adaptation = begun();
        hold(&mut adaptation, total, 0, 1_000);
        adaptation.sound(OpusSettings::default()).bitrate_bps
    };
    assert_eq!(
        [20_000, 30_000, 300_000, 1_000_000, 2_000_000].map(bitrate),
        [6_000, 10_000, 32_000, 48_000, 64_000]
    );
}

#[test]
fn into_silence_goes_as_little_sound_as_a_thin_path_carries() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 0, 1_000);
    adaptation.allow_copies(true);
    (0..20).for_each(|second| adaptation.set_loss(0.2, at(1_000 + second * 1_000)));
    let before = adaptation.sound.bps();
    adaptation.set_silence(true, at(22_000));
    assert!(adaptation.sound.bps() < 20_000 && adaptation.sound_copies() == 0);
    adaptation.set_silence(false, at(23_000));
    assert_eq!(adaptation.sound.bps(), before, "as if nothing had been");
}

#[test]
fn nothing_goes_over_what_the_person_allows() {
    for max in [30_000, 100_000, 300_000, 1_000_000] {
        let mut adaptation = Adaptation::new(GUESS_BPS, Some(max), at(0));
        hold(&mut adaptation, 5_000_000, 0, 5_000);
        let video = adaptation.picture().map_or(0, |target| u64::from(target.bitrate_bps));
        assert!(video + adaptation.sound.bps() <= max, "{max}");
    }
}

#[test]
fn loss_gives_the_sound_more_redundancy() {
    let mut adaptation = begun();
    adaptation.allow_copies(true);
    let before = adaptation.sound(OpusSettings::default());
    (0..20).for_each(|second| adaptation.set_loss(0.2, at(second * 1_000)));
    let after = adaptation.sound(OpusSettings::default());
    assert_eq!((before.expected_loss_pct, after.expected_loss_pct), (5, 20));
    assert_eq!(adaptation.sound_copies(), 1, "there is no room for two");
    hold(&mut adaptation, 2_000_000, 20_000, 22_000);
    assert_eq!(adaptation.sound_copies(), 2);
    let picture = adaptation.picture().unwrap();
    assert!(u64::from(picture.bitrate_bps) + adaptation.sound.bps() <= 2_000_000);
    (30..60).for_each(|second| adaptation.set_loss(0.0, at(second * 1_000)));
    assert_eq!(adaptation.sound_copies(), 0);
}

#[test]
fn pictures_of_a_packet_part_where_repairs_take_long() {
    let parts = |rtt_ms: u64, loss: f64, bps: u64, allowed: bool| {
        let mut adaptation = begun();
        adaptation.allow_two_chains(allowed);
        adaptation.set_round_trip(Some(Duration::from_millis(rtt_ms)));
        hold(&mut adaptation, bps, 0, 10_000);
        (0..40).for_each(|second| adaptation.set_loss(loss, at(10_000 + second * 1_000)));
        adaptation.picture().unwrap().two_chains
    };
    assert!(parts(200, 0.01, 250_000, true));
    assert!(!parts(200, 0.01, 250_000, false), "a stranger waits for the other one");
    assert!(!parts(100, 0.01, 250_000, true), "a repair is quick");
    assert!(!parts(200, 0.0, 250_000, true), "nothing is lost");
    assert!(!parts(200, 0.05, 2_000_000, true), "parity is better");
    assert!(parts(500, 0.2, 150_000, true), "one packet each");
}

#[test]
fn a_call_over_a_long_path_begins_with_two_chains_and_nothing_flickers() {
    let mut adaptation = begun();
    adaptation.allow_two_chains(true);
    adaptation.set_round_trip(Some(Duration::from_millis(200)));
    let mut parted = Vec::new();
    for second in 0..60_u32 {
        // None at first, and then losses about the least that matters.
        let loss = if second < 30 { 0.0 } else { f64::from(second % 2) * 0.006 };
        adaptation.set_loss(loss, at(i64::from(second) * 1_000));
        parted.push(adaptation.picture().unwrap().two_chains);
    }
    let changes = parted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(parted[0] && !parted[20] && changes <= 2, "{parted:?}");
}

#[test]
fn a_slow_machine_sends_smaller_pictures_and_does_not_flicker() {
    let mut adaptation = begun();
    hold(&mut adaptation, 2_000_000, 0, 1_000);
    let mut changes = Vec::new();
    for frame in 0..30 * 600 {
        // 60 ms for 720p, in proportion for less.
        let (width, height) = size(&adaptation).unwrap();
        let took = Duration::from_millis(60).mul_f64(f64::from(width * height) / f64::from(1280 * 720));
        let now = at(1_000 + frame * 33);
        adaptation.on_encoded(&encoded(now, took, 0), now);
        if changes.last().is_none_or(|(_, last)| *last != size(&adaptation)) {
            changes.push((now, size(&adaptation)));
        }
    }
    assert_eq!(size(&adaptation), Some((640, 480)));
    assert_eq!(adaptation.limitation(), Limitation::Cpu);
    assert_eq!(changes.len(), 3, "{changes:?}");
}

#[test]
fn what_a_call_begins_with_is_no_reason_for_a_larger_picture() {
    let mut adaptation = begun();
    hold(&mut adaptation, GUESS_BPS, 0, 2_500);
    assert_eq!(size(&adaptation), Some((320, 240)));
    hold(&mut adaptation, GUESS_BPS, 2_500, 4_000);
    assert_eq!(size(&adaptation), Some((640, 480)));
}

#[test]
fn a_picture_that_grows_in_vain_grows_ever_more_rarely() {
    let mut adaptation = begun();
    let mut changes = Vec::new();
    // Whenever the picture has grown, the path turns out too narrow for it.
    for tenth in 0..3_000 {
        let bps = if size(&adaptation) == Some((960, 540)) { 320_000 } else { 520_000 };
        adaptation.set_total(bps, true, at(tenth * 100));
        if changes.last() != Some(&size(&adaptation)) {
            changes.push(size(&adaptation));
        }
    }
    assert!((10..24).contains(&changes.len()), "{} changes in five minutes", changes.len());
}

#[test]
fn pictures_too_heavy_for_their_rate_shrink_and_try_again_ever_later() {
    let mut adaptation = begun();
    hold(&mut adaptation, 250_000, 0, 20_000);
    assert_eq!(size(&adaptation), Some((640, 480)));
    let mut smaller = 0;
    for tenth in 200..1_200 {
        adaptation.set_total(250_000, true, at(tenth * 100));
        // Every other one is left out of the larger, none of the smaller.
        let left_out = u32::from(adaptation.picture().is_some_and(|target| target.max_size.0 > 480));
        smaller += 1 - left_out;
        for _ in 0..2 {
            adaptation
                .on_encoded(&encoded(at(tenth * 100), Duration::from_millis(2), left_out), at(tenth * 100));
        }
    }
    assert!(smaller > 800, "{smaller} of 1,000");
}

#[test]
fn a_picture_that_is_the_cameras_is_not_limited_by_a_rate_that_is_enough_for_it() {
    let mut adaptation = begun();
    hold(&mut adaptation, 300_000, 0, 20_000);
    assert_eq!(
        adaptation.limitation(),
        Limitation::Bandwidth,
        "until a picture shows that the camera has no more"
    );
    let whole = FrameInfo { is_whole: true, ..encoded(at(20_000), Duration::from_millis(1), 0) };
    adaptation.on_encoded(&whole, at(20_000));
    assert_eq!(adaptation.limitation(), Limitation::None);
    hold(&mut adaptation, 70_000, 20_000, 40_000);
    assert_eq!(adaptation.limitation(), Limitation::Bandwidth, "fewer than the camera's");
}
