//! Links with a name: the networks on which calls are measured.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Link;

/// A named link, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// No limit at all.
    #[default]
    Perfect,
    /// A cable.
    Lan,
    /// A good home connection: 20 ms, 10 Mbit/s.
    Good,
    /// 100 ms with jitter, 5 % loss.
    Moderate,
    /// Another continent over a poor access: 250 ms, bursts of loss, duplicates, 300 kbit/s.
    International,
    /// The edge of mobile coverage: 250 kbit/s.
    Weak3g,
    /// 500 kbit/s, nothing else wrong.
    Kbps500,
    /// 1 Mbit/s, nothing else wrong.
    Mbps1,
    /// 3 Mbit/s, nothing else wrong.
    Mbps3,
    /// A tenth of the packets lost at random.
    Loss10,
    /// A fifth of the packets lost at random.
    Loss20,
    /// 30 % lost, in bursts of four packets on average.
    Burst30,
    /// A shared wireless network: short delay, much jitter, some loss.
    WifiBusy,
}

impl Profile {
    /// Every profile, in the order of `--list`.
    pub const ALL: [Self; 13] = [
        Self::Perfect,
        Self::Lan,
        Self::Good,
        Self::Moderate,
        Self::International,
        Self::Weak3g,
        Self::Kbps500,
        Self::Mbps1,
        Self::Mbps3,
        Self::Loss10,
        Self::Loss20,
        Self::Burst30,
        Self::WifiBusy,
    ];

    /// The name used on command lines and in schedules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Perfect => "perfect",
            Self::Lan => "lan",
            Self::Good => "good",
            Self::Moderate => "moderate",
            Self::International => "international",
            Self::Weak3g => "weak3g",
            Self::Kbps500 => "kbps500",
            Self::Mbps1 => "mbps1",
            Self::Mbps3 => "mbps3",
            Self::Loss10 => "loss10",
            Self::Loss20 => "loss20",
            Self::Burst30 => "burst30",
            Self::WifiBusy => "wifi_busy",
        }
    }

    /// The link, each way.
    #[must_use]
    pub const fn link(self) -> Link {
        const P: Link = Link::PERFECT;
        match self {
            Self::Perfect => P,
            Self::Lan => Link { delay_ms: 1.0, ..P },
            Self::Good => Link { delay_ms: 20.0, rate_kbps: 10_000.0, queue_ms: 200.0, ..P },
            Self::Moderate => Link { delay_ms: 100.0, jitter_ms: 25.0, loss_pct: 5.0, ..P },
            Self::International => Link {
                delay_ms: 250.0,
                jitter_ms: 50.0,
                gilbert_p_pct: 3.0,
                gilbert_r_pct: 25.0,
                dup_pct: 2.0,
                rate_kbps: 300.0,
                queue_ms: 400.0,
                ..P
            },
            Self::Weak3g => Link { delay_ms: 100.0, rate_kbps: 250.0, loss_pct: 1.0, queue_ms: 400.0, ..P },
            Self::Kbps500 => Link { delay_ms: 50.0, rate_kbps: 500.0, queue_ms: 250.0, ..P },
            Self::Mbps1 => Link { delay_ms: 50.0, rate_kbps: 1000.0, queue_ms: 250.0, ..P },
            Self::Mbps3 => Link { delay_ms: 25.0, rate_kbps: 3000.0, queue_ms: 200.0, ..P },
            Self::Loss10 => Link { delay_ms: 50.0, loss_pct: 10.0, ..P },
            Self::Loss20 => Link { delay_ms: 50.0, loss_pct: 20.0, ..P },
            Self::Burst30 => Link { delay_ms: 50.0, gilbert_p_pct: 11.0, gilbert_r_pct: 25.0, ..P },
            Self::WifiBusy => Link {
                delay_ms: 10.0,
                jitter_ms: 20.0,
                loss_pct: 3.0,
                rate_kbps: 6000.0,
                queue_ms: 300.0,
                ..P
            },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no profile of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no profile is called `{0}`")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_the_same_in_text_and_json() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.name());
        }
        assert_eq!("dsl".parse::<Profile>(), Err(UnknownProfile("dsl".into())));
    }

    #[test]
    fn only_the_perfect_profile_is_perfect() {
        for profile in Profile::ALL {
            assert_eq!(profile.link() == Link::PERFECT, profile == Profile::Perfect, "{profile}");
        }
    }
}
