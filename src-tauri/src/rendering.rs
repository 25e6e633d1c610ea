//! How the webview draws on Linux.
use std::{env, fs};

/// WebKitGTK's own switches. Without a GPU, compositing by OpenGL in software makes a 720p picture cost 50 ms of CPU; a
/// plain canvas costs 13 (measured), and buffers shared with a GPU can leave the window empty.
const SWITCHES: [&str; 2] = ["WEBKIT_DISABLE_COMPOSITING_MODE", "WEBKIT_DISABLE_DMABUF_RENDERER"];

/// Where this machine has no GPU, makes the webview draw without one. What a person has set stays.
///
/// To be called before there is any other thread.
pub fn prepare() {
    if has_gpu() {
        return;
    }
    for switch in SWITCHES {
        if env::var_os(switch).is_none() {
            // SAFETY: nobody else reads or writes the environment; this is the only thread (see above).
            unsafe { env::set_var(switch, "1") };
        }
    }
}

/// Whether there is a device that renders (Linux kernel, "DRM render nodes").
fn has_gpu() -> bool {
    fs::read_dir("/dev/dri").is_ok_and(|mut nodes| {
        nodes.any(|node| node.is_ok_and(|node| node.file_name().as_encoded_bytes().starts_with(b"renderD")))
    })
}
