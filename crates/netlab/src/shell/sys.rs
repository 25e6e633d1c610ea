//! The four calls that Rust cannot check. Everything else goes through safe wrappers.
#![expect(unsafe_code, reason = "each block says why it is sound")]
use std::{
    ffi::{c_char, c_short, c_void},
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    os::unix::process::CommandExt,
    process::Command,
};

use rustix::{
    ioctl::{Ioctl, IoctlOutput, Opcode, ioctl},
    thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe},
};

/// Moves the calling thread into a network namespace of its own.
pub(super) fn unshare_network() -> io::Result<()> {
    // SAFETY: unsound only for flags that split descriptors or memory between threads; NEWNET does neither.
    Ok(unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?)
}

/// Has `command` enter `namespace` between fork and exec.
pub(super) fn enter_before_exec(command: &mut Command, namespace: OwnedFd) {
    let enter = move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(io::Error::from)
    };
    // SAFETY: after the fork the closure makes one system call, and neither allocates nor locks.
    unsafe { command.pre_exec(enter) };
}

/// Has the calling thread run before all threads of the ordinary kind, as soon as it can.
pub(super) fn run_first() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: the kernel reads `parameters` during the call; 0 is the calling thread.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes an open `/dev/net/tun` the interface `name`, which carries bare IP packets, in the thread's namespace.
pub(super) fn make_tun(fd: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    let mut request = TunRequest { name: [0; libc::IFNAMSIZ], flags: FLAGS, rest: [0; 22] };
    // The last byte stays 0: the kernel wants a C string.
    for (to, from) in request.name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.bytes()) {
        *to = from as c_char;
    }
    // SAFETY: `TunRequest` is what TUNSETIFF reads and writes.
    Ok(unsafe { ioctl(fd, request) }?)
}

const FLAGS: c_short = (libc::IFF_TUN | libc::IFF_NO_PI) as c_short;

/// `struct ifreq` of <linux/if.h> as TUNSETIFF uses it: 40 bytes on every 64-bit platform.
#[repr(C)]
struct TunRequest {
    name: [c_char; libc::IFNAMSIZ],
    flags: c_short,
    rest: [u8; 22],
}

// SAFETY: the kernel copies one `ifreq` in and out, which `TunRequest` has room for; there is no output.
unsafe impl Ioctl for TunRequest {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        libc::TUNSETIFF as Opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self).cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}
