//! Microphone and speaker, proven on the real devices of a private PulseAudio server.
#![cfg(all(feature = "audio", target_os = "linux"))]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test is test")]
use eyeline_devices::{SystemDevices, testing::with_sound_server};
use eyeline_media::{
    clock::MediaClock,
    device::{AudioSource, DeviceBackend, DeviceError},
    frame::{AudioBlock, BLOCK_SAMPLES, MediaTime, SAMPLE_RATE_HZ},
};
use std::{process::Command, sync::mpsc::sync_channel, thread, time::Duration};

fn speaker_named(devices: &SystemDevices, name: &str) -> String {
    let speakers = devices.speakers().unwrap();
    speakers
        .iter()
        .find(|s| s.id.ends_with(name))
        .unwrap_or_else(|| panic!("{name} in {speakers:?}"))
        .id
        .clone()
}

#[test]
fn both_directions_are_listed_default_first_and_without_monitors() {
    with_sound_server("both_directions_are_listed_default_first_and_without_monitors", |_| {
        let devices = SystemDevices::new();
        let speakers = devices.speakers().unwrap();
        assert_eq!(speakers.len(), 2, "{speakers:?}");
        assert!(speakers[0].id.ends_with("speaker") && speakers[0].is_default && !speakers[1].is_default);
        assert_eq!((speakers[0].channels, speakers[0].sample_rates_hz.as_slice()), (2, [48_000].as_slice()));
        let microphones = devices.microphones().unwrap();
        assert_eq!(microphones.len(), 1, "{microphones:?}");
        assert!(microphones[0].id.ends_with("microphone") && microphones[0].is_default);
        assert_eq!(microphones[0].channels, 1);
    });
}

#[test]
fn speech_played_into_the_room_is_heard_by_the_microphone() {
    with_sound_server("speech_played_into_the_room_is_heard_by_the_microphone", |_| {
        let devices = SystemDevices::new();
        let said = speech();
        let mut speaker = devices.open_speaker(Some(&speaker_named(&devices, "room"))).unwrap();
        let mut microphone = devices.open_microphone(None).unwrap();
        let (blocks, text) = (said.len() / BLOCK_SAMPLES, said.clone());
        // One value, once.
        let (played, when_played) = sync_channel(1);
        let player = thread::spawn(move || {
            let mut latencies = Vec::new();
            for (n, samples) in text.as_chunks::<BLOCK_SAMPLES>().0.iter().enumerate() {
                let block = AudioBlock { samples: *samples, captured_at: MediaTime::default() };
                speaker.write(&block).unwrap();
                latencies.push(speaker.latency());
                if n == blocks / 2 {
                    // The last sample written is heard after the latency of now, the first one so much before.
                    let heard_us = MediaClock::now().plus(speaker.latency()).0;
                    played.send(heard_us - 10_000 * (n as i64 + 1)).unwrap();
                }
            }
            latencies.sort_unstable();
            latencies[latencies.len() / 2]
        });
        let heard: Vec<_> = (0..blocks + 80).map(|_| microphone.read().unwrap()).collect();
        let latency = player.join().unwrap();

        let samples: Vec<f32> = heard.iter().flat_map(|b| b.samples).collect();
        let delay = align(&said, &samples);
        let parts = find_parts(&said, &samples, delay);
        let lost = parts.iter().filter(|part| part.correlation < 0.9).count();
        println!("{lost} of {} tenths lost, speaker latency {latency:?}", parts.len());
        // A machine that stops for a moment holds up the sound server, and tears a tenth; nothing else is lost.
        assert!(lost * 20 <= parts.len(), "{lost} lost: {parts:.2?}");
        assert!(parts.iter().all(|part| part.correlation < 0.9 || part.lag_ms.abs() < 25.0), "{parts:.2?}");
        let into_us = (delay % BLOCK_SAMPLES) as i64 * 1_000_000 / i64::from(SAMPLE_RATE_HZ);
        let heard_us = heard[delay / BLOCK_SAMPLES].captured_at.0 + into_us;
        let said_us = when_played.recv().unwrap();
        println!("heard {} us after the speaker thought so", heard_us - said_us);
        assert!((heard_us - said_us).abs() < 60_000, "{heard_us} and {said_us}");
        assert!(latency < Duration::from_millis(120), "{latency:?}");
    });
}

#[test]
fn capture_times_follow_the_clock() {
    with_sound_server("capture_times_follow_the_clock", |_| {
        let mut microphone = SystemDevices::new().open_microphone(None).unwrap();
        let blocks: Vec<_> = (0..200).map(|_| microphone.read().unwrap()).collect();
        let age = MediaClock::now() - blocks[199].captured_at;
        println!("the last block is {age:?} old");
        // A block of 10 ms, by a smoothed clock.
        assert!(age >= Duration::from_millis(5) && age < Duration::from_millis(150), "{age:?}");
        let whole = blocks[199].captured_at - blocks[99].captured_at;
        assert!(whole.abs_diff(Duration::from_secs(1)) < Duration::from_millis(60), "{whole:?}");
        assert!(blocks.windows(2).all(|w| w[0].captured_at < w[1].captured_at));
    });
}

#[test]
fn an_unplugged_microphone_is_lost_and_the_speaker_plays_on() {
    with_sound_server("an_unplugged_microphone_is_lost_and_the_speaker_plays_on", |server| {
        let devices = SystemDevices::new();
        let mut microphone = devices.open_microphone(None).unwrap();
        let mut speaker = devices.open_speaker(None).unwrap();
        microphone.read().unwrap();
        server.unplug("source_name=microphone").unwrap();
        expect_lost(|| microphone.read().map(drop));
        for _ in 0..20 {
            speaker.write(&AudioBlock::silence(MediaTime::default())).unwrap();
        }
        assert_eq!(devices.microphones().unwrap(), []);
        // What PulseAudio now calls its default source is what the speaker plays.
        assert!(matches!(
            devices.open_microphone(None).err(),
            Some(DeviceError::NotFound { kind: "microphone", .. })
        ));
    });
}

#[test]
fn an_unplugged_speaker_is_lost_and_the_microphone_hears_on() {
    with_sound_server("an_unplugged_speaker_is_lost_and_the_microphone_hears_on", |server| {
        let devices = SystemDevices::new();
        let mut microphone = devices.open_microphone(None).unwrap();
        let mut speaker = devices.open_speaker(None).unwrap();
        let silence = AudioBlock::silence(MediaTime::default());
        speaker.write(&silence).unwrap();
        server.unplug("sink_name=speaker").unwrap();
        expect_lost(|| speaker.write(&silence));
        for _ in 0..20 {
            microphone.read().unwrap();
        }
        // The other speaker is the default one now.
        let mut next = devices.open_speaker(None).unwrap();
        next.write(&silence).unwrap();
    });
}

#[test]
fn a_server_that_dies_is_a_loss_and_no_harm() {
    with_sound_server("a_server_that_dies_is_a_loss_and_no_harm", |server| {
        let devices = SystemDevices::new();
        let mut microphone: Box<dyn AudioSource> = devices.open_microphone(None).unwrap();
        microphone.read().unwrap();
        server.pactl(&["exit"]).unwrap();
        let until = MediaClock::now().plus(Duration::from_secs(10));
        let error = loop {
            match microphone.read() {
                Ok(_) | Err(DeviceError::Timeout(_)) => assert!(MediaClock::now() < until, "still there"),
                Err(error) => break error,
            }
        };
        println!("{error}");
        assert!(devices.open_speaker(None).is_err());
    });
}

#[test]
fn a_device_that_is_not_there_is_not_found() {
    with_sound_server("a_device_that_is_not_there_is_not_found", |_| {
        let devices = SystemDevices::new();
        let id = Some("pulseaudio:nonesuch");
        let microphone = devices.open_microphone(id).err();
        let named = id.map(str::to_owned);
        assert_eq!(microphone, Some(DeviceError::NotFound { kind: "microphone", id: named.clone() }));
        let speaker = devices.open_speaker(id).err();
        assert_eq!(speaker, Some(DeviceError::NotFound { kind: "speaker", id: named }));
    });
}

/// Repeats `pull` until it fails, which must be soon, and by loss.
fn expect_lost(mut pull: impl FnMut() -> Result<(), DeviceError>) {
    let unplugged = MediaClock::now();
    let error = loop {
        match pull() {
            Ok(()) | Err(DeviceError::Timeout(_)) => {}
            Err(error) => break error,
        }
        assert!(MediaClock::now() - unplugged < Duration::from_secs(5), "still there");
    };
    let after = MediaClock::now() - unplugged;
    println!("{error} after {after:?}");
    assert!(matches!(error, DeviceError::Lost(_)), "{error:?}");
    assert!(after < Duration::from_secs(2), "{after:?}");
}

/// Some seconds of speech, 48 kHz mono.
fn speech() -> Vec<f32> {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("speech.wav");
    let wav = dir.path().join("48k.wav");
    let text = "The quick brown fox jumps over the lazy dog, and hears itself in the next room.";
    let espeak = Command::new("espeak-ng").arg("-w").arg(&raw).arg(text).status();
    assert!(espeak.expect("package espeak-ng").success());
    let sox = Command::new("sox").arg(&raw).args(["-r", "48000", "-c", "1", "-b", "16"]).arg(&wav).status();
    assert!(sox.expect("package sox").success());
    let samples = hound::WavReader::open(wav).unwrap().into_samples::<i16>();
    samples.map(|s| f32::from(s.unwrap()) / 32_768.0).collect()
}

fn level(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let b = &b[..a.len().min(b.len())];
    let cross: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    cross / (a.len() as f32 * level(a) * level(b)).max(1e-9)
}

/// A tenth of a second of what was said, where it is heard best.
#[derive(Debug)]
struct Part {
    correlation: f32,
    /// How much later than the whole. A step up is sound that was held up, a step down is sound lost.
    lag_ms: f32,
}

/// Finds each tenth of a second that is no silence within 50 ms of where it should be heard.
fn find_parts(said: &[f32], heard: &[f32], delay: usize) -> Vec<Part> {
    let around = 2_400;
    let find = |(n, part): (usize, &[f32])| {
        let from = (delay + n * 4_800).saturating_sub(around);
        let near = &heard[from..(from + part.len() + 2 * around).min(heard.len())];
        let at = |lag: usize| Part {
            correlation: correlation(part, &near[lag..]),
            lag_ms: (from + lag) as f32 / 48.0 - (delay + n * 4_800) as f32 / 48.0,
        };
        let last = near.len() - part.len();
        let best = |lags: &mut dyn Iterator<Item = usize>| {
            lags.max_by(|a, b| at(*a).correlation.total_cmp(&at(*b).correlation)).unwrap()
        };
        let close = best(&mut (0..=last).step_by(4));
        at(best(&mut (close.saturating_sub(3)..=(close + 3).min(last))))
    };
    said.chunks_exact(4_800).enumerate().filter(|(_, part)| level(part) > 0.01).map(find).collect()
}

/// How many samples later `heard` begins with `said`: first on every sixteenth sample of a smoothed copy, then exactly.
fn align(said: &[f32], heard: &[f32]) -> usize {
    let coarse = |s: &[f32]| s.chunks_exact(16).map(|c| c.iter().sum::<f32>()).collect::<Vec<_>>();
    let (said_16, heard_16) = (coarse(said), coarse(heard));
    let best = |lags: std::ops::Range<usize>, said: &[f32], heard: &[f32]| {
        lags.max_by(|a, b| correlation(said, &heard[*a..]).total_cmp(&correlation(said, &heard[*b..])))
            .unwrap()
    };
    let near = best(0..heard_16.len() - said_16.len(), &said_16, &heard_16) * 16;
    best(near.saturating_sub(16)..near + 17, &said[..said.len().min(48_000)], heard)
}
