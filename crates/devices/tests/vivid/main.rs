//! The camera, proven on a real V4L2 device: the kernel's `vivid` webcam, in a virtual machine.
//!
//! The machine runs this very test, which then finds itself inside and looks at the camera. It needs
//! `qemu-system-x86_64`, a static busybox, and Debian's kernel package, which is downloaded once.
#![cfg(all(feature = "camera", target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what helps a test is test")]
mod guest;
mod machine;

/// Set inside the machine; its value says which part this process plays.
const PART: &str = "EYELINE_VIVID_PART";

#[test]
fn vivid_camera_is_seen_shared_unplugged_and_replugged() {
    match std::env::var(PART).as_deref() {
        Ok("owner") => guest::owner(),
        Ok("rival") => guest::rival(),
        _ => machine::run("vivid_camera_is_seen_shared_unplugged_and_replugged").unwrap(),
    }
}
