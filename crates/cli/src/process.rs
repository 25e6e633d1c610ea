//! What this process costs.
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Processor time and memory of this process.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Since the last reading, of one core.
    pub cpu_pct: f64,
    /// Resident memory, in MB of 10^6 bytes.
    pub rss_mb: f64,
}

/// Reads the load.
pub struct Usage {
    system: System,
    me: Option<Pid>,
}

impl Usage {
    /// The first reading counts from here.
    pub fn new() -> Self {
        let mut this = Self { system: System::new(), me: sysinfo::get_current_pid().ok() };
        this.read();
        this
    }

    /// Since the last reading.
    pub fn read(&mut self) -> Option<Load> {
        let me = self.me?;
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[me]), false, what);
        let process = self.system.process(me)?;
        #[expect(clippy::cast_precision_loss, reason = "memory of one process")]
        let rss_mb = process.memory() as f64 / 1e6;
        Some(Load { cpu_pct: f64::from(process.cpu_usage()), rss_mb })
    }
}
