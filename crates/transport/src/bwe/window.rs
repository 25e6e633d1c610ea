//! How much may be under way before pictures are held back (libwebrtc's congestion window), by bytes and by time.
//!
//! A path that narrows both ways holds up the news of it as well: what is not heard of in time says so sooner.
use std::time::Duration;

/// What may queue on the path beside a round trip, and the part of the round trip that may be added: feedback over long
/// paths comes less evenly.
const QUEUE: (Duration, f64) = (Duration::from_millis(200), 0.3);
/// Where packets are lost anyway, what was lost counts as under way until the next feedback.
const QUEUE_LOSSY: Duration = Duration::from_millis(350);
/// Least window, in bytes.
const BYTES_MIN: usize = 3_000;
/// Window until feedback has come, in bytes: a whole picture of the first ones, and 0.3 s of what a connection begins with.
const FIRST: usize = 10_000;
/// What it grows by while word of that is on its way, in bit/s, and at most, in bytes: hardly any path carries less, and
/// over a long one the first pictures do not stand for a round trip.
const TRICKLE_BPS: f64 = 75_000.0;
const TRICKLE_MAX: f64 = 10_000.0;
/// Feedback comes every 50 ms: one message may be lost. To be added to round trips.
const OVERDUE: (Duration, f64) = (Duration::from_millis(120), 1.5);

/// In bytes, at `target` bit/s; `rtt` is what word of a packet takes without queues.
pub(super) fn bytes(target: f64, rtt: Duration, lossy: bool) -> usize {
    let queue = if lossy { QUEUE_LOSSY } else { QUEUE.0 + rtt.mul_f64(QUEUE.1) };
    ((target / 8.0 * (rtt + queue).as_secs_f64()) as usize).max(BYTES_MIN)
}

/// Likewise, while nothing has been heard for `unheard` since the beginning.
pub(super) fn first(unheard: Duration) -> usize {
    FIRST + (TRICKLE_BPS / 8.0 * unheard.as_secs_f64()).min(TRICKLE_MAX) as usize
}

/// Whether packets that left so long ago should have been heard of. On a lossy path, feedback is lost in numbers.
pub(super) fn is_overdue(waited: Duration, rtt: Duration, lossy: bool) -> bool {
    !lossy && waited > OVERDUE.0 + rtt.mul_f64(OVERDUE.1)
}
