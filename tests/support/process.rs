//! A process whose lines can be waited for, and that ends with its owner.
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for a program that is asked to end.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running program.
pub struct Process {
    name: String,
    child: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
    errors: Arc<Mutex<String>>,
}

impl Process {
    /// Starts `command`.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let errors = Arc::new(Mutex::new(String::new()));
        let err = BufReader::new(child.stderr.take().expect("piped"));
        let kept = Arc::clone(&errors);
        thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let mut kept = kept.lock().expect("no panic while held");
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { name: name.to_owned(), child, lines, seen: Vec::new(), errors }
    }

    /// Its identifier.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of output that fulfils `wanted`.
    pub fn wait_for_line(&mut self, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(why) => panic!("{}: no such line ({why}); {}", self.name, self.said()),
            }
        }
    }

    /// Waits for the end; gives the exit status and all lines of output.
    pub fn finish(mut self, limit: Duration) -> (ExitStatus, Vec<String>, String) {
        let deadline = Instant::now() + limit;
        // The output ends with the process.
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("{} does not end; {}", self.name, self.said()),
            }
        }
        let status = self.child.wait().expect("a started child can be waited for");
        let errors = self.errors.lock().expect("no panic while held").clone();
        (status, std::mem::take(&mut self.seen), errors)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end and waits for it and for all who share its output; kills it where it does not.
    pub fn stop(self) {
        #[cfg(unix)]
        self.signal("TERM");
        let deadline = Instant::now() + STOP_LIMIT;
        while self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|s| s.success()), "{} cannot be sent {name}", self.name);
    }

    fn said(&self) -> String {
        let errors = self.errors.lock().map(|e| e.clone()).unwrap_or_default();
        format!("it said:\n{}\nand on stderr:\n{errors}", self.seen.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("{}: {}", self.name, self.said());
        }
    }
}
