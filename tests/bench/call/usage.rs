//! What programs cost, with all that they started: processor time and memory.
use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

/// Clock ticks a second in `/proc/PID/stat` (`USER_HZ`, the same on every Linux).
const TICKS_PER_S: f64 = 100.0;

/// Processor time of some processes and their descendants, from one moment to another.
pub struct Usage {
    roots: Vec<u32>,
    since: Instant,
    cpu: Duration,
}

/// What they cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Of one core.
    pub cpu_pct: f64,
    /// Memory, shared pages by their share (PSS), in MB of 10^6 bytes.
    pub memory_mb: f64,
}

impl Usage {
    /// Begins to count.
    pub fn of(roots: Vec<u32>) -> Self {
        let cpu = cpu(&tree(&roots));
        Self { roots, since: Instant::now(), cpu }
    }

    /// Since it began, and the memory of now.
    pub fn cost(&self) -> Cost {
        let processes = tree(&self.roots);
        let used = cpu(&processes).saturating_sub(self.cpu);
        Cost {
            cpu_pct: 100.0 * used.as_secs_f64() / self.since.elapsed().as_secs_f64(),
            memory_mb: processes.iter().filter_map(|pid| pss_kb(*pid)).sum::<f64>() * 1024.0 / 1e6,
        }
    }
}

/// The processes and all below them.
fn tree(roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for pid in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(pid) = pid.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok())
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = roots.to_vec();
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    found
}

fn cpu(processes: &[u32]) -> Duration {
    // Fields 14 and 15, user and system time; the first of `stat` is the third.
    let ticks = |pid: &u32| {
        let fields = stat(*pid)?;
        Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
    };
    Duration::from_secs_f64(processes.iter().filter_map(ticks).sum::<f64>() / TICKS_PER_S)
}

/// The fields of `/proc/PID/stat` after the name: the name may contain anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn pss_kb(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}
