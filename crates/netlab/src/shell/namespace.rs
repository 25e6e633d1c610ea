//! Network namespaces with a name under `/run/netns`, where iproute2 and others look for them.
use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use rustix::{
    mount::{UnmountFlags, mount_bind, unmount},
    process::getpid,
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::{error::NetlabError, sys};

const DIRECTORY: &str = "/run/netns";
const OWN: &str = "/proc/thread-self/ns/net";
const PREFIX: &str = "el";

/// A name for a network, `el<pid>x<n>`, that no other has: several run side by side.
pub(super) fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{PREFIX}{}x{}", getpid().as_raw_nonzero(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Deletes what processes that were killed have left behind.
pub(super) fn remove_stale() {
    let Ok(entries) = fs::read_dir(DIRECTORY) else {
        return;
    };
    for entry in entries.flatten() {
        let owner = entry.file_name().to_str().and_then(owner);
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            remove(&entry.path());
        }
    }
}

/// The process in a name given by [`unique_name`] with a host after it.
fn owner(name: &str) -> Option<u32> {
    let (pid, rest) = name.strip_prefix(PREFIX)?.split_once('x')?;
    let (number, _host) = rest.split_once('-')?;
    number.parse::<u32>().ok()?;
    pid.parse().ok()
}

/// Ends the name. The namespace itself ends with the last process and descriptor in it.
fn remove(path: &Path) {
    // It fails where somebody was faster, which is as good.
    unmount(path, UnmountFlags::DETACH).ok();
    fs::remove_file(path).ok();
}

/// A network namespace of our own. Its name goes when this is dropped.
#[derive(Debug)]
pub(super) struct Namespace {
    path: PathBuf,
    file: File,
}

impl Namespace {
    /// Makes a namespace with nothing but a loopback interface.
    pub(super) fn create(name: &str) -> Result<Self, NetlabError> {
        let path = Path::new(DIRECTORY).join(name);
        fs::create_dir_all(DIRECTORY).map_err(NetlabError::io("create /run/netns"))?;
        File::create_new(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => NetlabError::Exists(name.to_owned()),
            // `ErrorKind` is not ours, and open-ended.
            _ => NetlabError::io("create a file in /run/netns")(error),
        })?;
        // A thread of its own: the caller stays in its namespace, and this one ends with the thread.
        let file = in_thread(|| {
            sys::unshare_network().map_err(NetlabError::missing("create a network namespace"))?;
            mount_bind(OWN, &path).map_err(NetlabError::io("mount a network namespace"))?;
            File::open(&path).map_err(NetlabError::io("open a network namespace"))
        });
        match file.and_then(|opened| opened) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => {
                remove(&path);
                Err(error)
            }
        }
    }

    /// Runs `work` in a thread inside this namespace, and waits for it.
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, NetlabError> {
        in_thread(|| {
            move_into_link_name_space(self.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(NetlabError::io("enter a network namespace"))?;
            Ok(work())
        })?
    }
}

fn in_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, NetlabError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("netlab-host".into()).spawn_scoped(scope, work);
        let thread = thread.map_err(NetlabError::io("start a thread"))?;
        thread.join().map_err(|panic| std::panic::resume_unwind(panic))
    })
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_have_an_owner() {
        assert_eq!(owner("el123x0-a"), Some(123));
        assert_eq!(owner(&format!("{}-b", unique_name())), Some(std::process::id()));
        for other in ["em-a", "el123", "elx0-a", "el123x0", "el12x-a", "elephant-x0"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }
}
