//! The jitter buffer in virtual time: packets of a tone go in late, lost or not at all.
use super::*;
use crate::codec::opus::{OpusEncoder, OpusSettings, speech_like};

/// One packet each 20 ms for `count` packets, of what is coded as speech, with redundancy in most of them.
fn speech(count: usize) -> Vec<RtpPacket> {
    let settings = OpusSettings { dtx: false, bitrate_bps: 24_000, ..OpusSettings::default() };
    let mut encoder = OpusEncoder::new(settings).unwrap();
    (0..count)
        .map(|packet| {
            let samples = speech_like(packet * FRAME_SAMPLES, FRAME_SAMPLES);
            RtpPacket {
                marker: packet == 0,
                sequence: (65_500 + packet) as u16,
                timestamp: (u32::MAX - 10_000).wrapping_add((packet * FRAME_SAMPLES) as u32),
                payload: Bytes::copy_from_slice(encoder.encode(&samples).unwrap().unwrap()),
            }
        })
        .collect()
}

/// Plays packets that arrive `late_ms` after their turn, or never; returns the counters and the RTP time of each block.
fn play(
    packets: Vec<RtpPacket>,
    late_ms: impl Fn(usize) -> Option<i64>,
) -> (Arc<AudioReceiveCounters>, Vec<Option<u32>>) {
    let counters = Arc::<AudioReceiveCounters>::default();
    let mut buffer = JitterBuffer::new(Arc::clone(&counters)).unwrap();
    let end = packets.len() as i64 * 20;
    let mut arrivals: Vec<(i64, RtpPacket)> = packets
        .into_iter()
        .enumerate()
        .filter_map(|(index, packet)| Some((index as i64 * 20 + late_ms(index)?, packet)))
        .collect();
    arrivals.sort_by_key(|(at, _)| *at);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut times = Vec::new();
    for now in (0..end).step_by(10) {
        while let Some((at, packet)) = arrivals.next_if(|(at, _)| *at <= now) {
            buffer.push(packet, MediaTime(at * 1000));
        }
        times.push(buffer.pull(MediaTime(now * 1000)).1);
    }
    (counters, times)
}

#[test]
fn clean_stream_is_played_whole_and_with_little_delay() {
    let (counters, _) = play(speech(300), |_| Some(0));
    let stats = counters.snapshot();
    assert_eq!((stats.samples_concealed, stats.samples_recovered, stats.packets_discarded), (0, 0, 0));
    assert!(stats.jitter_buffer_ms <= 31.0, "{} ms", stats.jitter_buffer_ms);
    assert!(stats.samples_played > 295 * 960);
}

/// The same half second of speech again and again.
fn long_speech(count: usize) -> Vec<RtpPacket> {
    let words = speech(25);
    (0..count)
        .map(|packet| RtpPacket {
            sequence: (65_500 + packet) as u16,
            timestamp: (u32::MAX - 10_000).wrapping_add((packet * FRAME_SAMPLES) as u32),
            ..words[packet % words.len()].clone()
        })
        .collect()
}

#[test]
fn clocks_that_drift_apart_neither_starve_nor_fill_the_buffer() {
    // 500 millionths, which is more than any sound card's, over ten minutes: 300 ms.
    for faster in [1, -1] {
        let (counters, _) = play(long_speech(30_000), |packet| Some(-faster * packet as i64 / 100));
        let stats = counters.snapshot();
        assert!(stats.jitter_buffer_ms < 70.0, "{faster}: {} ms", stats.jitter_buffer_ms);
        assert!(stats.samples_concealed < 2 * 960 && stats.packets_discarded == 0, "{faster}: {stats:?}");
        let stretched = if faster > 0 { stats.samples_accelerated } else { stats.samples_expanded };
        assert!(stretched > 10_000, "{faster}: {stats:?}");
    }
}

#[test]
fn rtp_time_follows_what_is_played() {
    let (_, times) = play(speech(300), |_| Some(0));
    let steps: Vec<u32> =
        times.windows(2).filter_map(|pair| Some(pair[1]?.wrapping_sub(pair[0]?))).skip(100).collect();
    assert!(steps.len() > 400 && steps.iter().all(|step| (0..=960).contains(step)));
    let mean = steps.iter().map(|step| f64::from(*step)).sum::<f64>() / steps.len() as f64;
    assert!((mean - 480.0).abs() < 2.0, "{mean}");
}

#[test]
fn single_losses_are_recovered_from_the_next_packet() {
    let (counters, _) = play(speech(300), |packet| (packet % 10 != 5).then_some(0));
    let stats = counters.snapshot();
    assert!(stats.samples_recovered >= 20 * 960, "{}", stats.samples_recovered);
    assert!(
        (28 * 960..=30 * 960).contains(&(stats.samples_recovered + stats.samples_concealed)),
        "{stats:?}"
    );
}

#[test]
fn lost_bursts_are_concealed_and_no_longer_than_they_are() {
    let (counters, _) = play(speech(300), |packet| (packet % 50 < 46 || packet > 270).then_some(0));
    let stats = counters.snapshot();
    // Five bursts of four packets; redundancy gives the last of each back.
    assert!((5 * 3 * 960..=5 * 4 * 960).contains(&stats.samples_concealed), "{}", stats.samples_concealed);
}

#[test]
fn a_gap_of_any_length_costs_no_packet_after_it() {
    // A sender whose microphone stalled goes on at whatever time it is then.
    for gap in [1, 119, 121, 500, 961, 4_799, 9_601] {
        let mut packets = speech(300);
        for packet in &mut packets[150..] {
            packet.timestamp = packet.timestamp.wrapping_add(gap);
        }
        let late = i64::from(gap) / 48 + 1;
        let (counters, _) = play(packets, |packet| Some(if packet >= 150 { late } else { 0 }));
        let stats = counters.snapshot();
        assert_eq!(stats.packets_discarded, 0, "after {gap} samples");
        let invented = stats.samples_concealed + stats.samples_comfort;
        assert!(invented <= u64::from(gap) + 2 * 960, "{invented} for {gap} samples");
    }
}

#[test]
fn delay_grows_with_jitter_and_shrinks_again() {
    let jitter =
        |packet: usize| Some(if (100..400).contains(&packet) { (packet as i64 * 37) % 80 } else { 0 });
    let during = play(speech(400), jitter).0.snapshot();
    assert!(during.jitter_buffer_ms > 60.0, "{} ms", during.jitter_buffer_ms);
    assert!(during.concealed_pct().unwrap() < 3.0);
    let after = play(speech(1600), jitter).0.snapshot();
    assert!(after.jitter_buffer_ms <= 31.0, "{} ms", after.jitter_buffer_ms);
    assert!(after.samples_accelerated > 0);
}

#[test]
fn network_that_stalls_loses_no_words() {
    let (counters, _) = play(speech(400), |packet| {
        Some(if (200..210).contains(&packet) { (210 - packet as i64) * 20 } else { 0 })
    });
    let stats = counters.snapshot();
    assert_eq!(stats.packets_discarded, 0);
    assert!((120 * 48..=220 * 48).contains(&stats.samples_concealed), "{}", stats.samples_concealed);
}

#[test]
fn duplicates_and_stragglers_are_discarded() {
    let mut packets = speech(100);
    packets.push(packets[50].clone());
    let (counters, _) = play(packets, |_| Some(0));
    assert_eq!(counters.snapshot().packets_discarded, 1);
}

#[test]
fn pause_of_the_sender_is_not_counted_as_loss() {
    // Ten seconds between: the stream starts anew.
    let mut packets = speech(200);
    for packet in &mut packets[100..] {
        packet.timestamp = packet.timestamp.wrapping_add(480_000);
    }
    let (counters, times) = play(packets, |packet| Some(if packet < 100 { 0 } else { 1500 }));
    assert_eq!(counters.snapshot().samples_concealed, 0);
    assert!(counters.snapshot().samples_comfort >= 48_000);
    assert_eq!(times[times.len() - 60], None, "paused");
}

#[test]
fn comfort_noise_fills_the_silence_that_was_not_sent() {
    let packets = speech(300).into_iter().enumerate().map(|(index, mut packet)| {
        packet.sequence = (if index < 100 { index } else { index - 20 }) as u16;
        packet
    });
    let packets = packets.collect();
    let (counters, _) = play(packets, |packet| (!(100..120).contains(&packet)).then_some(0));
    let stats = counters.snapshot();
    assert_eq!(stats.samples_concealed, 0);
    assert!((18 * 960..=22 * 960).contains(&stats.samples_comfort), "{}", stats.samples_comfort);
    assert!(stats.jitter_buffer_ms < 60.0, "{}", stats.jitter_buffer_ms);
}

#[test]
fn sound_of_two_seconds_that_comes_at_once_is_not_played_two_seconds_late() {
    let cut = 200..300;
    let late = |packet: usize| Some(if cut.contains(&packet) { (cut.end - packet) as i64 * 20 } else { 0 });
    let (counters, _) = play(long_speech(cut.end + 25), late);
    let stats = counters.snapshot();
    assert!(stats.jitter_buffer_ms < 900.0, "half a second later: {} ms", stats.jitter_buffer_ms);
    assert!(stats.packets_discarded > 25, "what is older is left out: {stats:?}");
}

#[test]
fn another_stream_is_heard_at_once_wherever_its_numbers_begin() {
    let counters = Arc::<AudioReceiveCounters>::default();
    let mut buffer = JitterBuffer::new(Arc::clone(&counters)).unwrap();
    let mut heard = 0;
    for (index, packet) in long_speech(200).into_iter().enumerate() {
        let at = index as i64 * 20;
        let packet = match index {
            0..100 => packet,
            100.. => RtpPacket {
                sequence: packet.sequence.wrapping_sub(20_000),
                timestamp: packet.timestamp.wrapping_sub(1_000_000_000),
                ..packet
            },
        };
        if index == 100 {
            buffer.begin_anew();
        }
        buffer.push(packet, MediaTime(at * 1000));
        for now in [at, at + 10] {
            let playing = buffer.pull(MediaTime(now * 1000)).1.is_some();
            heard += usize::from(playing && index >= 100);
        }
    }
    assert!(heard > 190, "{heard} of 200 blocks");
    assert_eq!(counters.snapshot().packets_discarded, 0);
}

#[test]
fn playout_that_stood_still_goes_on_with_what_is_new() {
    let packets = speech(1_000);
    let mut buffer = JitterBuffer::new(Arc::default()).unwrap();
    let stopped = 4_000..14_000;
    let mut packets =
        packets.into_iter().enumerate().map(|(index, packet)| (index as i64 * 20, packet)).peekable();
    let mut concealed_when_back = 0;
    for now in (0..20_000).step_by(10) {
        while let Some((at, packet)) = packets.next_if(|(at, _)| *at <= now) {
            // What fits the system's buffers is delivered at the end of the stop, the rest is lost.
            if !stopped.contains(&at) {
                buffer.push(packet, MediaTime(at * 1000));
            } else if at < 5_000 {
                buffer.push(packet, MediaTime(stopped.end * 1000));
            }
        }
        if !stopped.contains(&now) {
            buffer.pull(MediaTime(now * 1000));
        }
        if now == stopped.end + 3_000 {
            concealed_when_back = buffer.counters.snapshot().samples_concealed;
        }
    }
    let stats = buffer.counters.snapshot();
    assert_eq!(stats.samples_concealed, concealed_when_back, "sound again within three seconds");
    assert!(stats.jitter_buffer_ms < 600.0, "{} ms", stats.jitter_buffer_ms);
}
