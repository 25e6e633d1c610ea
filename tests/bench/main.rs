//! Benchmarks of whole calls, beside a peer that runs in the same session: `cargo xtask bench call`. Linux, as root.
#![expect(clippy::expect_used, reason = "a campaign that cannot go on ends, and says why")]
#![expect(clippy::disallowed_methods, reason = "measures real processes in real time")]
#[cfg(target_os = "linux")]
mod call;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    call::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark needs Linux: its network is made of namespaces");
}
