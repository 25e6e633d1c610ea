//! Speech through real device interfaces: spoken into a microphone at one end, it comes out of a speaker at the other.
#![cfg(target_os = "linux")]
use eyeline_devices::testing::PulseServer;
use eyeline_tests::{artifacts, cli::Cli, process::Process, program, server::Server, sound};
use serde_json::Value;
use std::{path::Path, process::Command, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(60);
const TEXT: &str =
    "The quick brown fox jumps over the lazy dog. Can you hear me on the other side of the network?";
/// Longest delay from microphone to speaker, in samples.
const LONGEST_DELAY: usize = 48_000;

#[test]
fn speech_into_a_microphone_comes_out_of_the_speaker_at_the_other_end() {
    let folder = tempfile::tempdir().unwrap();
    let (spoken, heard) = (folder.path().join("spoken.wav"), artifacts().join("heard.wav"));
    speak(&spoken);
    // One server for both ends: its `microphone` hears the `room`, and `speaker` is where the other end plays.
    let pulse = PulseServer::start().expect("a sound server (package pulseaudio)");
    let server = Server::start(&["--stun", "none"]);
    let at_device = |user: &str, words: &[&str]| {
        let mut command = Command::new(program("eyeline-cli"));
        pulse.attach(&mut command);
        Cli::start_by(command, server.address(), user, words)
    };
    let (microphone, speaker) =
        (device(&pulse, "microphones", "microphone"), device(&pulse, "speakers", "speaker"));
    let mut listening =
        at_device("grace", &["answer", "--camera", "none", "--mic", "none", "--speaker", &speaker]);
    listening.wait_until_ready();
    let mut speaking = at_device("ada", &["call", "grace", "--camera", "none", "--mic", &microphone]);
    for end in [&mut speaking, &mut listening] {
        end.wait_for_line(END_LIMIT, |line| line == "connected");
    }

    let mut recorder = Command::new("parec");
    recorder.args([
        "--device=speaker.monitor",
        "--rate=48000",
        "--channels=1",
        "--format=s16le",
        "--file-format=wav",
    ]);
    pulse.attach(&mut recorder);
    let recorder = Process::start("parec", recorder.arg(&heard));
    let mut player = Command::new("paplay");
    pulse.attach(&mut player);
    // Ends when all has been played; what is on its way then is quiet.
    assert!(
        player
            .args(["--device=room"])
            .arg(&spoken)
            .status()
            .expect("paplay (package pulseaudio-utils)")
            .success()
    );
    speaking.process().signal("INT");
    for end in [speaking, listening] {
        let report = end.finish(END_LIMIT);
        assert_eq!(report.status, 0, "{}", report.errors);
    }
    // By a signal, so that it writes the length into the file's head.
    recorder.signal("INT");
    recorder.finish(END_LIMIT);

    let (spoken, mut heard) = (sound::read(&spoken), sound::read(&heard));
    // The recording ends with the call, a delay before the silence at the end of the speech does.
    heard.extend([0.0; LONGEST_DELAY]);
    let (likeness, delay) = sound::likeness(&spoken, &heard);
    println!("likeness {likeness:.3}, after {delay} x 10 ms");
    assert!(likeness > 0.8, "{likeness}");
}

/// `device:ID` of a device of this kind, as the instrument lists it.
fn device(pulse: &PulseServer, kind: &str, name: &str) -> String {
    let mut command = Command::new(program("eyeline-cli"));
    pulse.attach(&mut command);
    let listing = command.arg("devices").output().unwrap().stdout;
    let listing: Value = serde_json::from_slice(&listing).unwrap();
    let all = listing[kind].as_array().unwrap_or_else(|| panic!("{kind} in {listing:#}"));
    let id = all.iter().filter_map(|device| device["id"].as_str()).find(|id| id.ends_with(name));
    format!("device:{}", id.unwrap_or_else(|| panic!("{name} in {listing:#}")))
}

/// Speech at 48 kHz.
fn speak(to: &Path) {
    let script = r#"espeak-ng --stdout "$1" | sox -t wav - -r 48000 -c 1 -b 16 "$2""#;
    let status = Command::new("sh").args(["-c", script, "sh", TEXT]).arg(to).status();
    assert!(status.is_ok_and(|status| status.success()), "packages espeak-ng and sox");
}
