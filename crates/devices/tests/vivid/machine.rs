//! A virtual machine: Debian's kernel, busybox, and this test with the libraries that it needs.
use super::PART;
use anyhow::{Context, Result, bail, ensure};
use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// Longest silence of the machine: the whole run takes 15 s on an idle computer (measured, two cores, no KVM).
const SILENCE_LIMIT: Duration = Duration::from_secs(90);
const PASSED: &str = "guest: passed";
/// One webcam: `node_types` picks video capture, `input_types` a webcam rather than a tuner or HDMI.
const VIVID: &str = "n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0";

/// Boots, runs the test `name` inside, and says how it went.
pub fn run(name: &str) -> Result<()> {
    let kernel = kernel()?;
    let root = tempfile::tempdir()?;
    let initramfs = root.path().join("initramfs");
    fill(&root.path().join("root"), &kernel, name)?;
    shell(root.path(), "cd root && find . | busybox cpio -o -H newc > ../initramfs 2> /dev/null")?;

    let mut qemu = Command::new("qemu-system-x86_64")
        .args(["-accel", "tcg", "-m", "768", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"])
        .arg("-kernel")
        .arg(only(&kernel.join("boot"), "vmlinuz-")?)
        .arg("-initrd")
        .arg(initramfs)
        .args(["-append", "console=ttyS0 quiet panic=-1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start qemu-system-x86_64 (package qemu-system-x86)")?;
    let console = BufReader::new(qemu.stdout.take().context("qemu's console")?);
    let (line, lines) = channel();
    thread::spawn(move || console.split(b'\n').map_while(|l| l.ok()).try_for_each(|l| line.send(l)));
    let mut passed = false;
    let ended = loop {
        match lines.recv_timeout(SILENCE_LIMIT) {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text);
                println!("guest| {}", text.trim_end());
                passed |= text.starts_with(PASSED);
            }
            Err(end) => break end,
        }
    };
    let _ended = qemu.kill().and_then(|()| qemu.wait());
    ensure!(ended != RecvTimeoutError::Timeout, "the machine has said nothing for {SILENCE_LIMIT:?}");
    ensure!(passed, "the test failed inside the machine, see above");
    Ok(())
}

/// Fills the machine's file system.
fn fill(root: &Path, kernel: &Path, name: &str) -> Result<()> {
    for dir in ["bin", "dev", "proc", "sys", "tmp", "modules"] {
        fs::create_dir_all(root.join(dir))?;
    }
    let busybox =
        first_of(&["/usr/bin/busybox", "/bin/busybox"]).context("no busybox (package busybox-static)")?;
    fs::copy(busybox, root.join("bin/busybox"))?;
    symlink("busybox", root.join("bin/sh"))?;
    let test = env::current_exe()?;
    fs::copy(&test, root.join("test"))?;
    for library in libraries(&test)? {
        let to = root.join(library.strip_prefix("/")?);
        fs::create_dir_all(to.parent().context("a library is in a folder")?)?;
        fs::copy(&library, to)?;
    }
    let mut init = String::from(
        "#!/bin/sh\n\
         busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev\n",
    );
    for module in modules(kernel, "vivid")? {
        let file = module.file_name().context("a module's name")?.to_string_lossy().into_owned();
        fs::copy(&module, root.join("modules").join(&file))?;
        let options = if file == "vivid.ko" { VIVID } else { "" };
        init += &format!("busybox insmod /modules/{file} {options}\n");
    }
    init += &format!(
        "{PART}=owner RUST_BACKTRACE=1 /test --exact {name} --nocapture && echo '{PASSED}'\nbusybox poweroff -f\n"
    );
    let path = root.join("init");
    fs::write(&path, init)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The folder with Debian's kernel and modules, downloaded once into the user's cache.
fn kernel() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let cache = cache.context("no HOME")?.join("eyeline/guest-kernel");
    let ready = cache.join("root");
    if ready.exists() {
        return Ok(ready);
    }
    fs::create_dir_all(&cache)?;
    let half = tempfile::tempdir_in(&cache)?;
    // The package of this name only depends on the current kernel's.
    let package =
        "apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \\(linux-image-[0-9][^ ]*\\).*/\\1/p'";
    shell(
        half.path(),
        &format!("apt-get download $({package} | head -n 1) && dpkg -x linux-image-*.deb root"),
    )
    .context("cannot get the kernel (package linux-image-amd64, by apt-get download)")?;
    if let Err(error) = fs::rename(half.path().join("root"), &ready)
        && !ready.exists()
    {
        bail!("{}: {error}", ready.display());
    }
    Ok(ready)
}

/// A module and all that it depends on, in the order of loading.
fn modules(kernel: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let all = shell(kernel, "find lib usr/lib -name '*.ko' 2> /dev/null || true")?;
    let files: HashMap<String, PathBuf> = all
        .lines()
        .filter_map(|path| {
            Some((Path::new(path).file_stem()?.to_str()?.replace('-', "_"), kernel.join(path)))
        })
        .collect();
    let mut order = Vec::new();
    load(name, &files, &mut order)?;
    Ok(order)
}

fn load(name: &str, files: &HashMap<String, PathBuf>, order: &mut Vec<PathBuf>) -> Result<()> {
    let path = files.get(name).with_context(|| format!("the kernel package has no module {name}"))?;
    if order.contains(path) {
        return Ok(());
    }
    let image = fs::read(path)?;
    let field = b"\0depends=";
    let at =
        image.windows(field.len()).position(|w| w == field).context("a module names its dependencies")?;
    let list = image[at + field.len()..].split(|b| *b == 0).next().unwrap_or_default();
    for needed in String::from_utf8_lossy(list).split(',').filter(|n| !n.is_empty()) {
        load(&needed.replace('-', "_"), files, order)?;
    }
    order.push(path.clone());
    Ok(())
}

/// The shared libraries of a program, and its loader.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let listed = shell(Path::new("/"), &format!("ldd '{}'", program.display()))?;
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    Ok(listed.lines().filter_map(path).collect())
}

fn first_of(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.exists())
}

fn only(dir: &Path, prefix: &str) -> Result<PathBuf> {
    let mut entries = fs::read_dir(dir)?.filter_map(|e| e.ok()).map(|e| e.path());
    let starts = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix));
    entries.find(starts).with_context(|| format!("no {prefix}* in {}", dir.display()))
}

fn shell(dir: &Path, script: &str) -> Result<String> {
    let output =
        Command::new("sh").args(["-c", script]).current_dir(dir).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "`{script}`: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
