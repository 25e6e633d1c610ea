//! The audio jitter buffer: Opus packets in, 10 ms of sound out whenever it is asked.
//!
//! Playout time is media time + quickest transit + delay. The delay is steered towards the estimator's target by playing
//! faster or slower. A missing packet is recovered from the next one's redundancy, else concealed; when nothing is left,
//! concealment goes on and the late packets are played after it, later than planned.
use super::{
    delay::{DelayEstimator, LONGEST_US},
    stretch,
};
use crate::{
    codec::{
        CodecError,
        opus::{FRAME_SAMPLES, MAX_PACKET_SAMPLES, OpusDecoder},
    },
    frame::{BLOCK_SAMPLES, MediaTime},
    rtp::RtpPacket,
    stats::AudioReceiveCounters,
};
use bytes::Bytes;
use eyeline_rtp::Unwrapper;
use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc, time::Duration};

/// Packets kept: two seconds of the usual length, six of the longest. Older sound is no conversation.
const MAX_PACKETS: usize = 100;
/// The delay is left alone within this distance of the target, in microseconds: more of it is hardly heard, and less soon
/// is too little, as where the sender's clock is slower than ours.
const SLACK_US: RangeInclusive<i64> = -4_000..=10_000;
/// Beyond the target by this, any seam will do.
const URGENT_US: i64 = 80_000;
/// Beyond the target by this, packets are skipped: catching up by playing faster would take seconds.
const SKIP_US: i64 = 400_000;
/// A packet this short before a pause means that the sender is silent, not that packets are lost.
const SILENT_PACKET: usize = 8;
/// After concealing for this long, the stream counts as paused and starts anew.
const PAUSE: Duration = Duration::from_secs(1);

struct Packet {
    sequence: i64,
    payload: Bytes,
}

/// What is played where packets are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for the first packet to become due.
    Waiting,
    /// Playing packets.
    Playing,
    /// Nothing is there since `from`, in RTP time. Whether packets are late or the sender is silent is not known before
    /// the next packet; until then nothing is counted.
    Starved {
        /// RTP time of what was missing first.
        from: i64,
        /// Samples invented since.
        invented: usize,
    },
}

/// Orders, decodes, conceals and stretches. Time is an argument.
pub struct JitterBuffer {
    packets: BTreeMap<i64, Packet>,
    sequences: Unwrapper,
    timestamps: Unwrapper,
    delay: DelayEstimator,
    decoder: OpusDecoder,
    scratch: Box<[f32; MAX_PACKET_SAMPLES]>,
    /// Decoded and not played yet.
    pcm: Vec<f32>,
    state: State,
    /// RTP time of what follows `pcm`.
    next: i64,
    last_sequence: i64,
    silent: bool,
    /// Whether anything of this stream has been played.
    begun: bool,
    /// Samples given out in a pause and before it, of which the next packet will tell whether anything was lost; and the RTP
    /// time of the first of them.
    unexplained: usize,
    paused_at: i64,
    /// Whether the newest of `pcm` was made up for something missing.
    concealing: bool,
    counters: Arc<AudioReceiveCounters>,
}

impl JitterBuffer {
    /// An empty buffer that counts what it does.
    pub(crate) fn new(counters: Arc<AudioReceiveCounters>) -> Result<Self, CodecError> {
        Ok(Self {
            packets: BTreeMap::new(),
            sequences: Unwrapper::default(),
            timestamps: Unwrapper::default(),
            delay: DelayEstimator::default(),
            decoder: OpusDecoder::new()?,
            scratch: Box::new([0.0; MAX_PACKET_SAMPLES]),
            pcm: Vec::with_capacity(2 * MAX_PACKET_SAMPLES),
            state: State::Waiting,
            next: 0,
            last_sequence: 0,
            silent: false,
            begun: false,
            unexplained: 0,
            paused_at: 0,
            concealing: false,
            counters,
        })
    }

    /// Another stream follows, with numbers and times of its own.
    pub fn begin_anew(&mut self) {
        (self.unexplained, self.concealing, self.begun) = (0, false, false);
        (self.packets, self.delay) = (BTreeMap::new(), DelayEstimator::default());
        (self.sequences, self.timestamps) = (Unwrapper::default(), Unwrapper::default());
        (self.state, self.silent) = (State::Waiting, false);
        self.pcm.clear();
    }

    /// Takes a packet in any order.
    pub fn push(&mut self, packet: RtpPacket, arrival: MediaTime) {
        self.counters.packets.add(1);
        self.counters.bytes.add(packet.payload.len());
        let sequence = self.sequences.sequence(packet.sequence);
        let at = self.timestamps.timestamp(packet.timestamp);
        let late = at < self.next && self.state == State::Playing;
        let useless = packet.payload.is_empty() || self.packets.contains_key(&at);
        // A copy says nothing of the way of the first.
        if !useless {
            self.delay.arrived(media_us(at), arrival);
        }
        if useless || late {
            self.counters.packets_discarded.add(1);
            return;
        }
        self.packets.insert(at, Packet { sequence, payload: packet.payload });
        if self.packets.len() > MAX_PACKETS {
            self.packets.pop_first();
            self.counters.packets_discarded.add(1);
        }
    }

    /// The next 10 ms, given to the speaker at `now`, and the RTP time of their first sample; no time while nothing plays.
    pub fn pull(&mut self, now: MediaTime) -> ([f32; BLOCK_SAMPLES], Option<u32>) {
        let mut block = [0.0; BLOCK_SAMPLES];
        if self.state == State::Waiting && !self.start(now) {
            if self.begun {
                self.counters.samples_played.add(BLOCK_SAMPLES);
                self.unexplained += BLOCK_SAMPLES;
                self.tell_open();
            }
            return (block, None);
        }
        while self.pcm.len() < BLOCK_SAMPLES {
            if let Err(error) = self.decode_next(now) {
                tracing::debug!(%error, "sound not decoded");
                self.pcm.resize(self.pcm.len() + FRAME_SAMPLES, 0.0);
                self.next += FRAME_SAMPLES as i64;
                self.count_invented(FRAME_SAMPLES, false);
            }
        }
        let first = self.first_unplayed();
        block.copy_from_slice(&self.pcm[..BLOCK_SAMPLES]);
        self.pcm.drain(..BLOCK_SAMPLES);
        self.counters.samples_played.add(BLOCK_SAMPLES);
        self.report(first, now);
        if let State::Starved { from, invented } = self.state
            && invented as u128 * 1_000_000 / 48_000 >= PAUSE.as_micros()
        {
            (self.state, self.unexplained, self.paused_at) = (State::Waiting, invented, from);
            self.pcm.clear();
        }
        self.tell_open();
        (block, u32::try_from(first.rem_euclid(1 << 32)).ok())
    }

    fn report(&self, first: i64, now: MediaTime) {
        let ms = |us: i64| us as f32 / 1000.0;
        let (delay, target) = (self.delay.delay_us(media_us(first), now), self.delay.target_us());
        self.counters.jitter_buffer_ms.set(ms(delay));
        self.counters.jitter_target_ms.set(ms(target));
        if self.state == State::Playing {
            self.counters.jitter_buffer_us.add(usize::try_from(delay).unwrap_or(0));
            self.counters.jitter_target_us.add(usize::try_from(target).unwrap_or(0));
            self.counters.samples_emitted.add(BLOCK_SAMPLES);
        }
    }

    fn tell_open(&self) {
        let open = match self.state {
            State::Starved { invented, .. } => invented,
            State::Waiting => self.unexplained,
            State::Playing => 0,
        };
        self.counters.samples_open.set(if self.silent { 0 } else { open });
    }

    fn first_unplayed(&self) -> i64 {
        self.next - i64::try_from(self.pcm.len()).unwrap_or(0)
    }

    /// Begins with the first packet once it has waited for the target delay.
    fn start(&mut self, now: MediaTime) -> bool {
        let Some((at, packet)) = self.packets.first_key_value() else {
            return false;
        };
        // What comes late was sent all the same.
        let follows = *at > self.paused_at && packet.sequence == self.last_sequence + 1;
        if self.delay.delay_us(media_us(*at), now) < self.delay.target_us() {
            return false;
        }
        let unexplained = std::mem::take(&mut self.unexplained);
        self.count_invented(unexplained, self.silent || follows);
        // After a cut, all of it may have come at once.
        self.catch_up(now);
        (self.state, self.begun) = (State::Playing, true);
        true
    }

    /// Adds some sound to `pcm`: of the next packet, or in its place.
    fn decode_next(&mut self, now: MediaTime) -> Result<(), CodecError> {
        self.settle_late(now);
        let Some((at, sequence)) = self.packets.first_key_value().map(|(at, packet)| (*at, packet.sequence))
        else {
            return self.starve();
        };
        let gap = usize::try_from(at - self.next).unwrap_or(0);
        let has_paused = gap as u128 * 1_000_000 / 48_000 > PAUSE.as_micros();
        let is_behind =
            self.packets.len() > 1 && self.delay.delay_us(media_us(at), now) >= LONGEST_US + SKIP_US;
        if has_paused || is_behind {
            self.catch_up(now);
            return Ok(());
        }
        if gap > 0 {
            return self.bridge(gap, sequence);
        }
        self.decode_due()?;
        self.state = State::Playing;
        self.steer(now)
    }

    /// Decodes the packet that follows, if it is here.
    fn decode_due(&mut self) -> Result<bool, CodecError> {
        let Some(Packet { sequence, payload }) = self.packets.remove(&self.next) else { return Ok(false) };
        let samples = self.decoder.decode(&payload, &mut self.scratch)?;
        self.pcm.extend_from_slice(&self.scratch[..samples]);
        self.next += i64::try_from(samples).unwrap_or(0);
        self.last_sequence = sequence;
        self.concealing = false;
        self.silent = payload.len() <= SILENT_PACKET;
        Ok(true)
    }

    /// Packets whose time has passed: worthless while later ones were played, else the playout goes back to them.
    fn settle_late(&mut self, now: MediaTime) {
        if let State::Starved { from, .. } = self.state
            && let Some((at, packet)) = self.packets.first_key_value()
        {
            self.silent = *at > from && packet.sequence == self.last_sequence + 1;
            let go_back = self.delay.delay_us(media_us(*at), now) - self.delay.target_us() < SKIP_US;
            if go_back {
                self.next = self.next.min(*at);
            }
            self.settle(self.silent);
            self.state = State::Playing;
        }
        while let Some((at, _)) = self.packets.first_key_value()
            && *at < self.next
        {
            self.packets.pop_first();
            self.counters.packets_discarded.add(1);
        }
    }

    /// More is missing, or waits, than is ever waited for: the playout itself stood still, for the speaker stalled, the
    /// machine slept or the process was stopped. To invent what is missing would take as long, with the same missing after
    /// it; so it goes on with what is new.
    fn catch_up(&mut self, now: MediaTime) {
        while let Some((at, packet)) = self.packets.first_key_value() {
            let beyond = self.delay.delay_us(media_us(*at), now) - self.delay.target_us();
            if beyond < SKIP_US || self.packets.len() == 1 {
                self.next = *at;
                self.last_sequence = packet.sequence - 1;
                return;
            }
            self.packets.pop_first();
            self.counters.packets_discarded.add(1);
        }
    }

    /// Counts what was invented since nothing came, now that it is known why.
    fn settle(&mut self, silence: bool) {
        if let State::Starved { invented, .. } = self.state {
            self.count_invented(invented, silence);
        }
    }

    /// Nothing is there.
    fn starve(&mut self) -> Result<(), CodecError> {
        let (from, before) = match self.state {
            State::Starved { from, invented } => (from, invented),
            State::Waiting | State::Playing => (self.next, 0),
        };
        let invented = before + self.invent(BLOCK_SAMPLES)?;
        self.state = State::Starved { from, invented };
        Ok(())
    }

    /// Something is missing before the next packet.
    fn bridge(&mut self, gap: usize, next_sequence: i64) -> Result<(), CodecError> {
        let silence = self.silent || next_sequence == self.last_sequence + 1;
        if silence {
            let made = self.invent(gap.min(BLOCK_SAMPLES))?;
            self.count_invented(made, true);
            return Ok(());
        }
        // Redundancy is of one packet, which was as long as the one that carries it.
        if let Some((_, packet)) = self.packets.first_key_value()
            && gap == OpusDecoder::duration(&packet.payload)
            && OpusDecoder::has_redundancy(&packet.payload)
        {
            let samples = self.decoder.recover(&packet.payload, &mut self.scratch[..gap])?;
            self.pcm.extend_from_slice(&self.scratch[..samples]);
            self.next += gap as i64;
            self.counters.samples_recovered.add(samples);
            self.concealing = false;
            return Ok(());
        }
        let made = self.invent(gap.min(BLOCK_SAMPLES))?;
        self.count_invented(made, false);
        Ok(())
    }

    /// Adds invented sound: comfort noise where the sender is silent, concealment where packets are missing.
    fn invent(&mut self, samples: usize) -> Result<usize, CodecError> {
        // Opus conceals in steps of 2.5 ms only (RFC 6716, section 4.4). What goes beyond the gap is left out: it would
        // take the place of the packet after it.
        let steps = samples.next_multiple_of(120);
        let made = self.decoder.conceal(&mut self.scratch[..steps])?.min(samples);
        self.pcm.extend_from_slice(&self.scratch[..made]);
        self.next += i64::try_from(made).unwrap_or(0);
        Ok(made)
    }

    fn count_invented(&mut self, samples: usize, silence: bool) {
        let counters = &self.counters;
        if silence {
            counters.samples_comfort.add(samples);
        } else if samples > 0 {
            counters.samples_concealed.add(samples);
            counters.concealments.add(usize::from(!self.concealing));
            self.concealing = true;
        }
    }

    /// Plays faster or slower where the delay is off its target.
    fn steer(&mut self, now: MediaTime) -> Result<(), CodecError> {
        let beyond = self.delay.delay_us(media_us(self.first_unplayed()), now) - self.delay.target_us();
        if SLACK_US.contains(&beyond) {
            return Ok(());
        }
        // Of short packets it takes several.
        while self.pcm.len() < stretch::WINDOW && self.decode_due()? {}
        let Some(period) = stretch::period(&self.pcm, beyond > URGENT_US) else {
            return Ok(());
        };
        if beyond > 0 {
            stretch::shorten(&mut self.pcm, period);
            self.counters.samples_accelerated.add(period);
        } else {
            stretch::lengthen(&mut self.pcm, period);
            self.counters.samples_expanded.add(period);
        }
        Ok(())
    }
}

/// Media time of an unwrapped 48 kHz RTP time, in microseconds.
fn media_us(rtp_time: i64) -> i64 {
    rtp_time * 125 / 6
}

#[cfg(test)]
#[path = "jitter_tests.rs"]
mod tests;
