//! The sender's part: which pictures are protected, how well, and when the parity leaves.
use super::{HEADER, MEDIA_MAX, PARITY_MAX, code};
use bytes::Bytes;
use rtc::rtp;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// With shorter round trips than this, repairs are there as soon.
const ROUND_TRIP: Duration = Duration::from_millis(80);
/// What a packet costs in waiting for repairs on demand, on average, from which on it is worth its price.
const WAIT: Duration = Duration::from_millis(1);
/// With more loss than this, little would be left of the pictures.
const LOSS_MOST: f64 = 0.25;
/// Where the mean of losses begins: a call's first large pictures are key frames, of which hardly one would arrive whole on a
/// path that loses. (Its very first one goes unprotected: the target and the round trip are not known by then.)
const LOSS_ASSUMED: f64 = 0.02;
/// How much what one picture meets counts in the mean of losses.
const LOSS_WEIGHT: f64 = 1.0 / 64.0;
/// What is on stays on within so much more or less.
const HYSTERESIS: f64 = 0.6;
/// With less than this, in bit/s, pictures are of a packet or two, and parity is a copy.
const BPS: f64 = 400_000.0;
/// Part of the pictures that may be lost in spite of it.
const FAILS: f64 = 0.002;
/// Parity that comes later than this is overtaken by repairs.
const LIFETIME: Duration = Duration::from_millis(100);

/// Parity that is to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parity {
    /// SSRC of the pictures.
    pub ssrc: u32,
    /// RTP time of the picture.
    pub timestamp: u32,
    /// [`super`] says what is in it.
    pub payload: Bytes,
}

/// What is known of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// Part of the last seconds' packets that it lost, 0 to 1; `None` where nothing is known yet.
    pub loss: Option<f64>,
    /// Round trip without queues.
    pub round_trip: Option<Duration>,
    /// What is to be sent, in bit/s.
    pub target: f64,
}

/// Collects each picture's packets as they leave.
#[derive(Debug)]
pub struct Protect {
    picture: Vec<rtp::Packet>,
    loss: f64,
    is_on: bool,
    ready: VecDeque<(Instant, Parity)>,
}

impl Default for Protect {
    fn default() -> Self {
        Self { picture: Vec::new(), loss: LOSS_ASSUMED, is_on: false, ready: VecDeque::new() }
    }
}

impl Protect {
    /// A packet of a picture has left, over this path.
    pub fn add(&mut self, packet: &rtp::Packet, path: Path, now: Instant) {
        let header = &packet.header;
        let follows = |last: &rtp::Packet| {
            let last = &last.header;
            (last.ssrc, last.timestamp, last.payload_type, last.sequence_number.wrapping_add(1))
                == (header.ssrc, header.timestamp, header.payload_type, header.sequence_number)
        };
        if self.picture.last().is_some_and(|last| !follows(last)) {
            self.picture.clear();
        }
        self.picture.push(packet.clone());
        if header.marker {
            if self.is_worth_it(path) {
                self.protect(now);
            }
            self.picture.clear();
        }
    }

    /// Whether it is worth its price, which is not to be paid now and not a moment later.
    fn is_worth_it(&mut self, path: Path) -> bool {
        self.loss += path.loss.map_or(0.0, |loss| (loss - self.loss) * LOSS_WEIGHT);
        let slack = if self.is_on { HYSTERESIS } else { 1.0 };
        let waits = path.round_trip.is_some_and(|rtt| {
            rtt >= ROUND_TRIP.mul_f64(slack) && rtt.mul_f64(self.loss) >= WAIT.mul_f64(slack)
        });
        self.is_on = waits && self.loss <= LOSS_MOST / slack && path.target >= BPS * slack;
        self.is_on
    }

    /// The next that is to leave.
    pub fn pop(&mut self, now: Instant) -> Option<Parity> {
        self.drop_late(now);
        self.ready.pop_front().map(|(_, parity)| parity)
    }

    fn drop_late(&mut self, now: Instant) {
        while self.ready.pop_front_if(|(at, _)| now.saturating_duration_since(*at) > LIFETIME).is_some() {}
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Nothing that has left is needed any more.
    pub fn clear(&mut self) {
        self.picture.clear();
        self.ready.clear();
    }

    fn protect(&mut self, now: Instant) {
        // Pictures go first: behind many of them it may never be its turn.
        self.drop_late(now);
        let count = self.picture.len();
        let (Some(first), Ok(packets)) = (self.picture.first(), u8::try_from(count)) else { return };
        if !(2..=MEDIA_MAX).contains(&count) {
            return;
        }
        let rtp::header::Header { ssrc, timestamp, sequence_number, payload_type, .. } = first.header;
        let [high, low] = sequence_number.to_be_bytes();
        let payloads: Vec<&[u8]> = self.picture.iter().map(|packet| &packet.payload[..]).collect();
        for row in 0..rows(count, self.loss) {
            let sum = code::parity(&payloads, row);
            let mut payload = Vec::with_capacity(HEADER + sum.len());
            payload.extend([high, low, packets, row, payload_type]);
            payload.extend(sum);
            self.ready.push_back((now, Parity { ssrc, timestamp, payload: payload.into() }));
        }
    }
}

/// So many packets of parity that of a picture's packets and them hardly ever more are lost; never more than half as many as the
/// picture has, rounded up.
fn rows(packets: usize, loss: f64) -> u8 {
    let most = packets.div_ceil(2).min(PARITY_MAX);
    let enough = |rows: &usize| {
        let sent = packets + rows;
        // Of so many exactly `lost`: from one to the next by the ratio of the two.
        let mut exactly = (1.0 - loss).powi(sent as i32);
        let mut at_most = exactly;
        for lost in 1..=*rows {
            exactly *= (sent + 1 - lost) as f64 / lost as f64 * loss / (1.0 - loss);
            at_most += exactly;
        }
        1.0 - at_most <= FAILS
    };
    (1..most).find(enough).unwrap_or(most) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    fn now() -> Instant {
        Instant::now()
    }

    fn packet(sequence: u16, timestamp: u32, marker: bool) -> rtp::Packet {
        let mut packet = rtp::Packet { payload: vec![9; 30].into(), ..Default::default() };
        packet.header.sequence_number = sequence;
        packet.header.timestamp = timestamp;
        packet.header.marker = marker;
        packet.header.payload_type = 96;
        packet
    }

    /// So lossy a path, as long and as wide as it takes.
    fn path(loss: f64) -> Path {
        Path { loss: Some(loss), round_trip: Some(ROUND_TRIP), target: BPS }
    }

    #[test]
    fn parity_grows_with_loss_up_to_half_rounded_up() {
        assert_eq!([0.003, 0.02, 0.05, 0.1].map(|loss| rows(7, loss)), [1, 2, 3, 4]);
        assert_eq!((rows(2, 0.2), rows(3, 0.2), rows(40, 0.25)), (1, 2, 8));
    }

    #[test]
    fn a_pictures_parity_leaves_behind_its_last_packet_and_not_much_later() {
        let (mut protect, start) = (Protect::default(), now());
        for n in 0..2 {
            assert!(protect.is_empty());
            protect.add(&packet(65_535_u16.wrapping_add(n), 90, n == 1), path(0.02), start);
        }
        let parity = protect.pop(start).expect("one row");
        assert_eq!((parity.timestamp, &parity.payload[..HEADER]), (90, &[0xff, 0xff, 2, 0, 96][..]));
        assert_eq!(parity.payload.len(), HEADER + 2 + 30);
        assert_eq!(protect.pop(start), None);
        (0..2).for_each(|n| protect.add(&packet(n, 180, n == 1), path(0.02), start));
        assert_eq!(protect.pop(start + LIFETIME * 2), None);
    }

    #[test]
    fn parity_that_never_leaves_does_not_pile_up() {
        let (mut protect, start) = (Protect::default(), now());
        for n in 0..1_000 {
            let at = start + Duration::from_millis(33) * n;
            (0..2).for_each(|part| protect.add(&packet((2 * n) as u16 + part, n, part == 1), path(0.1), at));
        }
        assert!(protect.ready.len() <= 4, "{}", protect.ready.len());
    }

    #[test]
    fn what_is_no_whole_picture_is_left_alone() {
        let (mut protect, start) = (Protect::default(), now());
        protect.add(&packet(1, 90, true), path(0.1), start);
        assert!(protect.is_empty(), "one packet");
        protect.add(&packet(2, 180, false), path(0.1), start);
        protect.add(&packet(4, 180, true), path(0.1), start);
        assert!(protect.is_empty(), "the pacer threw one away");
        (5..100).for_each(|n| protect.add(&packet(n, 270, n == 99), path(0.1), start));
        assert!(protect.is_empty(), "a large one");
    }

    #[test]
    fn short_clean_ruined_and_narrow_paths_are_not_worth_it() {
        // Once it has lasted.
        let protects = |path: Path| {
            let mut protect = Protect::default();
            (0..1_000).map(|_| protect.is_worth_it(path)).last() == Some(true)
        };
        let worth = path(0.05);
        assert!(protects(worth));
        assert!(!protects(path(0.005)) && protects(Path { round_trip: Some(ROUND_TRIP * 4), ..path(0.005) }));
        assert!(!protects(path(0.5)));
        assert!(!protects(Path { round_trip: Some(ROUND_TRIP / 2), ..worth }));
        assert!(!protects(Path { round_trip: None, ..worth }));
        assert!(!protects(Path { target: BPS / 2.0, ..worth }));
    }

    #[test]
    fn a_moment_without_losses_changes_nothing() {
        let mut protect = Protect::default();
        assert!((0..300).all(|_| protect.is_worth_it(path(0.05))));
        assert!((0..30).all(|_| protect.is_worth_it(path(0.0))), "a second");
        assert!(!(0..300).all(|_| protect.is_worth_it(path(0.0))), "ten");
    }

    #[test]
    fn some_loss_is_assumed_until_any_is_known() {
        let (mut protect, unknown) = (Protect::default(), Path { loss: None, ..path(0.0) });
        assert!((0..1_000).all(|_| protect.is_worth_it(unknown)));
        assert!(!(0..1_000).all(|_| protect.is_worth_it(path(0.0))));
    }
}
