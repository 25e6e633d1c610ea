//! What is looked at inside the machine.
use super::PART;
use eyeline_devices::SystemDevices;
use eyeline_media::device::{CaptureFormat, DeviceBackend, DeviceError, VideoSource};
use std::{env, fs, process::Command};

const FRAMES: usize = 60;
const DRIVER: &str = "/sys/bus/platform/drivers/vivid";

pub fn owner() {
    let devices = SystemDevices::new();
    let cameras = devices.cameras().unwrap();
    assert_eq!(cameras.len(), 1, "{cameras:?}");
    let camera = &cameras[0];
    assert!(camera.name.contains("vivid"), "{camera:?}");
    for (fourcc, width, height, fps) in
        [("YUYV", 640, 360, 30), ("NV12", 640, 480, 25), ("RGB3", 1280, 720, 10)]
    {
        let offer = (fourcc.to_owned(), CaptureFormat { width, height, fps });
        assert!(camera.formats.contains(&offer), "{offer:?} of {camera:?}");
    }
    println!("listed {} formats of {:?}, id {:?}", camera.formats.len(), camera.name, camera.id);

    // `vivid` has 640x480 at 25 at most.
    let mut source = devices.open_camera(Some(&camera.id), CaptureFormat::IDEAL).unwrap();
    assert_eq!(source.format(), CaptureFormat { fps: 25, ..CaptureFormat::IDEAL });
    watch(source.as_mut());
    drop(source);
    let thirty = CaptureFormat { height: 360, ..CaptureFormat::IDEAL };
    let mut source = devices.open_camera(Some(&camera.id), thirty).unwrap();
    assert_eq!(source.format(), thirty);
    watch(source.as_mut());

    assert_eq!(rival_gets(), "busy", "while the camera runs here");
    assert_eq!(devices.cameras().unwrap(), cameras, "asking must not disturb a camera that runs");
    drop(source);
    assert_eq!(rival_gets(), "a picture", "after the camera was closed");

    let mut source = devices.open_camera(None, CaptureFormat::MAX).unwrap();
    // At 1280x720 `vivid` reaches 12.5 frames a second (nokhwa lists it as 25): too slow.
    assert_eq!((source.format().width, source.format().height), (640, 480));
    fs::write(format!("{DRIVER}/unbind"), "vivid.0").unwrap();
    let lost = (0..FRAMES).find_map(|_| source.next_frame().err());
    assert!(matches!(lost, Some(DeviceError::Lost(_))), "unplugged: {lost:?}");
    drop(source);
    let missing = devices.open_camera(Some(&camera.id), CaptureFormat::IDEAL).err();
    assert!(matches!(missing, Some(DeviceError::NotFound { kind: "camera", .. })), "{missing:?}");

    fs::write(format!("{DRIVER}/bind"), "vivid.0").unwrap();
    let mut source = devices.open_camera(None, CaptureFormat::IDEAL).unwrap();
    source.next_frame().unwrap();
    println!("unplugged and plugged in again");
}

/// Sixty pictures: their times, their content, their rate.
fn watch(source: &mut dyn VideoSource) {
    let frames: Vec<_> = (0..FRAMES).map(|_| source.next_frame().unwrap()).collect();
    let mut intervals: Vec<_> = frames.windows(2).map(|w| w[1].captured_at - w[0].captured_at).collect();
    assert!(intervals.iter().all(|i| !i.is_zero()), "times must increase: {intervals:?}");
    intervals.sort_unstable();
    let median_ms = intervals[intervals.len() / 2].as_secs_f64() * 1e3;
    println!("{FRAMES} pictures, one every {median_ms:.1} ms");
    let due_ms = 1e3 / f64::from(source.format().fps);
    // An emulated processor that others keep busy skips a picture now and then.
    assert!(
        (due_ms * 0.9..due_ms * 1.5).contains(&median_ms),
        "{median_ms} ms from picture to picture, not {due_ms}"
    );

    for frame in &frames {
        let luma = frame.image.planes()[0];
        let (dark, bright) =
            (luma.iter().filter(|l| **l < 60).count(), luma.iter().filter(|l| **l > 150).count());
        assert!(dark > 1000 && bright > 1000, "colour bars are dark and bright: {dark}, {bright}");
    }
    let moving = frames.windows(2).filter(|w| w[0].image != w[1].image).count();
    assert!(moving > FRAMES / 2, "the counter in the picture counts: {moving} of {FRAMES} differ");
}

/// What another process gets when it opens the camera.
fn rival_gets() -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(env::args().skip(1))
        .env(PART, "rival")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().find_map(|l| l.split_once("rival gets ")).map(|(_, what)| what.to_owned());
    line.unwrap_or_else(|| panic!("the rival broke: {said}{}", String::from_utf8_lossy(&output.stderr)))
}

pub fn rival() {
    let opened = SystemDevices::new().open_camera(None, CaptureFormat::IDEAL);
    println!();
    match opened.and_then(|mut source| source.next_frame()) {
        Ok(_) => println!("rival gets a picture"),
        Err(DeviceError::Busy(_)) => println!("rival gets busy"),
        Err(other) => println!("rival gets {other:?}"),
    }
}
