//! The server: started in a directory of its own, on a socket of its own, killed at the end.
use std::{
    env,
    ffi::OsStr,
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Longest that the server may take to open its socket. It takes 0.1 s on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often the socket is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What every server starts with: a speaker, a room, and a microphone that hears what is played into the room.
///
/// Without `norewinds` an idle null sink renders two seconds of silence ahead, and plays them before anything else.
const DEVICES: &str = "\
load-module module-null-sink sink_name=speaker norewinds=1 rate=48000 channels=2
load-module module-null-sink sink_name=room norewinds=1 rate=48000 channels=2
load-module module-remap-source source_name=microphone master=room.monitor channels=1 master_channel_map=front-left channel_map=mono
set-default-sink speaker
set-default-source microphone
";

/// A running PulseAudio daemon. Dropping it ends it.
pub struct PulseServer {
    daemon: Option<Child>,
    socket: PathBuf,
    _dir: Option<TempDir>,
}

impl PulseServer {
    /// Starts a daemon with the sinks `speaker` (default) and `room` and the source `microphone` (default), which
    /// hears the room.
    ///
    /// # Errors
    /// Where `pulseaudio` is not installed, or does not come up.
    pub fn start() -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let socket = dir.path().join("native");
        let script = dir.path().join("script.pa");
        let protocol =
            format!("load-module module-native-protocol-unix auth-anonymous=1 socket={}\n", socket.display());
        // The socket last: who can connect finds all devices.
        fs::write(&script, format!("{DEVICES}{protocol}"))?;
        let log = fs::File::create(dir.path().join("log"))?;
        let mut daemon = urgent("pulseaudio")
            .args(["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", "-F"])
            .arg(&script)
            .envs([("HOME", dir.path()), ("XDG_RUNTIME_DIR", dir.path()), ("PULSE_RUNTIME_PATH", dir.path())])
            .env_remove("PULSE_SERVER")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let looks = START_LIMIT.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            // It is there a moment before anybody listens.
            if UnixStream::connect(&socket).is_ok() {
                return Ok(Self { daemon: Some(daemon), socket, _dir: Some(dir) });
            }
            if daemon.try_wait()?.is_some() {
                break;
            }
            thread::park_timeout(LOOK_EVERY);
        }
        let _ended = daemon.kill().and_then(|()| daemon.wait());
        let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        Err(io::Error::other(format!("pulseaudio (package pulseaudio) does not come up: {log}")))
    }

    /// Points a program at this server.
    pub fn attach(&self, program: &mut Command) {
        program.env("PULSE_SERVER", format!("unix:{}", self.socket.display()));
    }

    /// Runs `pactl` on this server and returns what it prints.
    ///
    /// # Errors
    /// What `pactl` complains of.
    pub fn pactl(&self, arguments: &[&str]) -> io::Result<String> {
        let mut pactl = Command::new("pactl");
        self.attach(&mut pactl);
        let output = pactl.args(arguments).output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
        }
    }

    /// Unplugs the device that a module made: `name` is part of the module's arguments, such as `sink_name=speaker`.
    ///
    /// # Errors
    /// As [`Self::pactl`], or where there is no such module.
    pub fn unplug(&self, name: &str) -> io::Result<()> {
        let modules = self.pactl(&["list", "short", "modules"])?;
        let index = modules.lines().find(|l| l.contains(name)).and_then(|l| l.split_whitespace().next());
        let index = index.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name.to_owned()))?;
        self.pactl(&["unload-module", index]).map(drop)
    }

    /// The server that the environment names, which somebody else ends.
    fn attached() -> Option<Self> {
        let server = env::var("PULSE_SERVER").ok()?;
        let socket = Path::new(server.strip_prefix("unix:")?).to_owned();
        Some(Self { daemon: None, socket, _dir: None })
    }
}

impl Drop for PulseServer {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let _ended = daemon.kill().and_then(|()| daemon.wait());
        }
    }
}

/// A program that goes before others where the system allows it (root does): sound waits for nobody, and a test that
/// shares its processor with a compiler would measure the compiler.
fn urgent(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "-15"]).arg(program);
    command
}

/// Runs `body` in a process whose sound devices are those of a new server: the test `name` of this test binary, once
/// more. cpal finds its server through the environment, which a process cannot change for one of its threads.
///
/// # Panics
/// Where the server does not start, or `body` panics.
#[expect(clippy::expect_used, reason = "the outcome of a test")]
pub fn with_sound_server(name: &str, body: impl FnOnce(&PulseServer)) {
    const INSIDE: &str = "EYELINE_TEST_SOUND_SERVER";
    if env::var(INSIDE).is_ok_and(|inside| inside == name) {
        let server = PulseServer::attached().expect("the test's parent names its server");
        return body(&server);
    }
    // One at a time: each measures time, and the machine may be small.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let server = PulseServer::start().expect("a sound server");
    let mut test = urgent(env::current_exe().expect("the path of this test"));
    server.attach(&mut test);
    let ended =
        test.args([name, "--exact", "--nocapture"]).env(INSIDE, name).output().expect("this test, once more");
    // Indented, so that nobody counts its results twice.
    for line in [ended.stdout, ended.stderr].iter().flat_map(|said| said.split(|byte| *byte == b'\n')) {
        println!("  {}", String::from_utf8_lossy(line));
    }
    assert!(ended.status.success(), "{name}, in a process of its own: {}", ended.status);
}
