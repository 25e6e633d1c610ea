//! The jitter buffer in virtual time: packets of a tone go in late, lost or not at all.
use super::*;
use crate::{
    codec::opus::{OpusEncoder, OpusSettings, speech_like},
    stats::AudioReceiveStats,
};

/// One packet each 20 ms for `count` packets, of what is coded as speech, with redundancy in most of them.
fn speech(count: usize) -> Vec<RtpPacket> {
    packets_of(FRAME_SAMPLES, count)
}

/// The same, of so many samples each.
fn packets_of(length: usize, count: usize) -> Vec<RtpPacket> {
    let settings = OpusSettings { dtx: false, bitrate_bps: 24_000, ..OpusSettings::default() };
    let mut encoder = OpusEncoder::new(settings).unwrap();
    (0..count)
        .map(|packet| {
            let samples = speech_like(packet * length, length);
            RtpPacket {
                marker: packet == 0,
                sequence: (65_500 + packet) as u16,
                timestamp: (u32::MAX - 10_000).wrapping_add((packet * length) as u32),
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
    play_every(20, packets, late_ms)
}

/// The same, of packets of so many milliseconds.
fn play_every(
    length_ms: i64,
    packets: Vec<RtpPacket>,
    late_ms: impl Fn(usize) -> Option<i64>,
) -> (Arc<AudioReceiveCounters>, Vec<Option<u32>>) {
    let counters = Arc::<AudioReceiveCounters>::default();
    let mut buffer = JitterBuffer::new(Arc::clone(&counters)).unwrap();
    let end = packets.len() as i64 * length_ms;
    let mut arrivals: Vec<(i64, RtpPacket)> = packets
        .into_iter()
        .enumerate()
        .filter_map(|(index, packet)| Some((index as i64 * length_ms + late_ms(index)?, packet)))
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

/// Plays long speech on a speaker that stands still from 4 s on for so long while packets keep coming; the stream's figures a
/// second after that, and at the end.
fn stalled(stall_ms: i64) -> [AudioReceiveStats; 2] {
    let mut buffer = JitterBuffer::new(Arc::default()).unwrap();
    let mut packets =
        (0..).step_by(20).zip(long_speech(1_000)).map(|(at, packet): (i64, _)| (at, packet)).peekable();
    let mut soon = None;
    for now in (0..20_000).step_by(10) {
        while let Some((at, packet)) = packets.next_if(|(at, _)| *at <= now) {
            buffer.push(packet, MediaTime(at * 1000));
        }
        if !(4_000..4_000 + stall_ms).contains(&now) {
            buffer.pull(MediaTime(now * 1000));
        }
        if now == 5_000 + stall_ms {
            soon = Some(buffer.counters.snapshot());
        }
    }
    [soon.unwrap(), buffer.counters.snapshot()]
}

#[test]
fn a_speaker_that_stalled_goes_on_at_once_and_not_much_later() {
    for stall_ms in [300, 900, 1_600, 2_500, 3_500] {
        let [soon, end] = stalled(stall_ms);
        assert_eq!(end.samples_concealed, soon.samples_concealed, "after {stall_ms} ms: {end:?}");
        assert!(soon.samples_concealed < 4 * 960, "after {stall_ms} ms: {soon:?}");
        assert!(soon.jitter_buffer_ms < 800.0 && end.jitter_buffer_ms < 60.0, "after {stall_ms} ms: {end:?}");
    }
}

#[test]
fn a_sender_whose_clock_stood_still_is_heard_again_within_a_second() {
    // Contiguous in number and time, three or fifteen seconds later.
    for slept_ms in [700, 3_000, 15_000] {
        let late = |packet: usize| Some(if packet < 300 { 0 } else { slept_ms });
        let packets = long_speech(1_800);
        let (counters, _) = play(packets, late);
        let stats = counters.snapshot();
        assert!(stats.packets_discarded < 50, "after {slept_ms} ms: {stats:?}");
        assert!(stats.jitter_buffer_ms < 800.0, "after {slept_ms} ms: {stats:?}");
    }
}

#[test]
fn a_cut_is_concealed_for_as_long_as_it_is() {
    let (counters, _) = play(speech(1_000), |packet| (!(200..450).contains(&packet)).then_some(0));
    let concealed = counters.snapshot().concealed_pct().unwrap();
    assert!((24.0..26.5).contains(&concealed), "5 of 20 s: {concealed} %");
}

#[test]
fn short_packets_are_hurried_too() {
    // The path stalls once, for half a second; redundancy is of speech only, and none is needed.
    let late =
        |packet: usize| Some(if (300..350).contains(&packet) { (350 - packet as i64) * 10 } else { 0 });
    let (counters, _) = play_every(10, packets_of(480, 2_000), late);
    let stats = counters.snapshot();
    assert!(stats.samples_accelerated > 400 * 48, "{stats:?}");
    assert!(stats.jitter_buffer_ms < 60.0, "{stats:?}");
}

#[test]
fn a_stall_is_no_silence_however_long_it_is() {
    // The path holds everything back and then lets it come at once.
    for stall in [45, 55, 70] {
        let late = |packet: usize| {
            Some(if (200..200 + stall).contains(&packet) { (200 + stall - packet) as i64 * 20 } else { 0 })
        };
        let (counters, _) = play(long_speech(600), late);
        let stats = counters.snapshot();
        let stalled = stall as u64 * 960;
        assert!(
            (stalled * 8 / 10..stalled * 11 / 10).contains(&stats.samples_concealed),
            "{stall}: {stats:?}"
        );
    }
}

#[test]
fn a_path_that_does_not_come_back_counts_as_it_goes() {
    let (counters, _) = play(speech(1_000), |packet| (packet < 500).then_some(0));
    let concealed = counters.snapshot().concealed_pct().unwrap();
    assert!((48.0..51.0).contains(&concealed), "10 of 20 s: {concealed} %");
}
