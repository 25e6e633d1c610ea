//! What one direction of one link does to packets. Pure: time and chance come from outside, so the same
//! model runs behind real network interfaces and in virtual time.
//!
//! ```text
//! packet -> down? -> bounded queue, drained at the rate -> burst and random loss -> delay + jitter -> out
//! ```
//! Loss comes after the queue: a packet lost on the air has used its share of the rate.
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{rng::Rng, waits::Waits};

/// The properties of one direction of a link. As JSON, what is left out has its value in [`Link::PERFECT`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// Capacity in kbit/s, IP headers included; 0 = unlimited.
    pub rate_kbps: f64,
    /// Longest wait before the rate in ms; a packet that would have to wait longer is dropped.
    pub queue_ms: f64,
    /// One-way delay in ms, after the queue.
    pub delay_ms: f64,
    /// Standard deviation of the delay in ms, normally distributed; never overtakes.
    pub jitter_ms: f64,
    /// Share of packets lost, independently of each other, in percent.
    pub loss_pct: f64,
    /// Burst loss (Gilbert, 1960): chance in percent, at each packet, to enter the state in which all is lost.
    pub gilbert_p_pct: f64,
    /// Burst loss: chance in percent, at each packet, to leave that state. The mean burst is `100 / r` packets.
    pub gilbert_r_pct: f64,
    /// Share of packets that arrive twice, in percent.
    pub dup_pct: f64,
    /// Share of packets that skip the delay and so overtake the others, in percent.
    pub reorder_pct: f64,
    /// The link is cut: nothing gets through.
    pub down: bool,
}

impl Link {
    /// No limit, no delay, no loss.
    pub const PERFECT: Self = Self {
        rate_kbps: 0.0,
        queue_ms: 200.0,
        delay_ms: 0.0,
        jitter_ms: 0.0,
        loss_pct: 0.0,
        gilbert_p_pct: 0.0,
        gilbert_r_pct: 0.0,
        dup_pct: 0.0,
        reorder_pct: 0.0,
        down: false,
    };

    /// A link with nothing but a one-way delay.
    #[must_use]
    pub const fn delayed(delay_ms: f64) -> Self {
        Self { delay_ms, ..Self::PERFECT }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::PERFECT
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes out at `at`, `copies` times.
    Delivered {
        /// On the clock of the `now` given to [`LinkModel::admit`].
        at: Duration,
        /// 1, or 2 when the link duplicates it.
        copies: usize,
    },
    /// Lost on the way, or the link is down.
    Lost,
    /// It would have waited for the rate longer than the queue allows.
    QueueFull,
}

/// Counters of one direction, under the names that scripts read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStats {
    /// Packets offered to the link.
    #[serde(rename = "in")]
    pub packets_in: u64,
    /// Their IP bytes.
    #[serde(rename = "in_bytes")]
    pub bytes_in: u64,
    /// Packets lost at random, in bursts, or because the link was down.
    pub lost: u64,
    /// Packets that found the queue full.
    pub queue_drop: u64,
    /// Packets delivered or on their way, duplicates included.
    #[serde(rename = "out")]
    pub packets_out: u64,
    /// Their IP bytes.
    #[serde(rename = "out_bytes")]
    pub bytes_out: u64,
}

/// One direction of a link with its state: the queue's level, the burst in progress, the last packet out.
#[derive(Debug, Clone)]
pub struct LinkModel {
    link: Link,
    rng: Rng,
    in_burst: bool,
    /// When the last queued packet will have left at the rate.
    free_at: Duration,
    last_out: Duration,
    stats: LinkStats,
    waits: Waits,
}

impl LinkModel {
    /// A link at rest. The same `seed` and the same packets give the same fates.
    #[must_use]
    pub fn new(link: Link, seed: u64) -> Self {
        Self::with_rng(link, Rng::new(seed))
    }

    pub(crate) fn with_rng(link: Link, rng: Rng) -> Self {
        Self {
            link,
            rng,
            in_burst: false,
            free_at: Duration::ZERO,
            last_out: Duration::ZERO,
            stats: LinkStats::default(),
            waits: Waits::default(),
        }
    }

    /// The link's present properties.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Changes the properties from the next packet on; what is queued or under way is not touched.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// What has passed so far.
    #[must_use]
    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    /// How long packets have waited for the rate.
    #[must_use]
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Decides on a packet of `size` bytes (IP header included) that enters the link at `now`: a clock of the
    /// caller's choice that never goes back.
    pub fn admit(&mut self, size: usize, now: Duration) -> Fate {
        let fate = self.decide(size, now);
        self.stats.packets_in += 1;
        self.stats.bytes_in += size as u64;
        match fate {
            Fate::Delivered { copies, .. } => {
                self.stats.packets_out += copies as u64;
                self.stats.bytes_out += (copies * size) as u64;
            }
            Fate::Lost => self.stats.lost += 1,
            Fate::QueueFull => self.stats.queue_drop += 1,
        }
        fate
    }

    /// Counts a packet that the caller has no room for.
    pub(crate) fn refuse(&mut self, size: usize) {
        self.stats.packets_in += 1;
        self.stats.bytes_in += size as u64;
        self.stats.queue_drop += 1;
    }

    fn decide(&mut self, size: usize, now: Duration) -> Fate {
        let link = self.link;
        if link.down {
            return Fate::Lost;
        }
        let Some(sent) = self.transmit(size, now) else {
            return Fate::QueueFull;
        };
        if self.burst_loss() | self.rng.percent(link.loss_pct) {
            return Fate::Lost;
        }
        let jitter_ms = if link.jitter_ms > 0.0 { link.jitter_ms * self.rng.normal() } else { 0.0 };
        let at = if self.rng.percent(link.reorder_pct) {
            sent
        } else {
            self.last_out = self.last_out.max(sent + millis(link.delay_ms + jitter_ms));
            self.last_out
        };
        Fate::Delivered { at, copies: if self.rng.percent(link.dup_pct) { 2 } else { 1 } }
    }

    /// When the packet's last bit has left at the link's rate; `None` where the queue is full.
    fn transmit(&mut self, size: usize, now: Duration) -> Option<Duration> {
        if self.link.rate_kbps <= 0.0 {
            return Some(now);
        }
        let start = now.max(self.free_at);
        if start - now > millis(self.link.queue_ms) {
            return None;
        }
        self.waits.add(start - now);
        self.free_at = start + millis(size as f64 * 8.0 / self.link.rate_kbps);
        Some(self.free_at)
    }

    /// One step of the two-state chain; true where the packet falls into a burst.
    fn burst_loss(&mut self) -> bool {
        if self.link.gilbert_p_pct <= 0.0 {
            self.in_burst = false;
            return false;
        }
        self.in_burst = if self.in_burst {
            !self.rng.percent(self.link.gilbert_r_pct)
        } else {
            self.rng.percent(self.link.gilbert_p_pct)
        };
        self.in_burst
    }
}

/// Milliseconds as a duration; what is negative (a delay jittered below zero) is none.
fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
