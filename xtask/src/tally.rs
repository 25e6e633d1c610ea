//! What passed and what failed, for the closing line.
use anyhow::Result;
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Counts tests and remembers what failed.
#[derive(Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
    times: Vec<(String, Duration)>,
}

impl Tally {
    /// Runs one step that counts as one test.
    pub fn step(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        let (result, took) = timed(step);
        self.times.push((name.to_owned(), took));
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.fail(1, format!("{name}: {error:#}")),
        }
    }

    /// Runs a Rust test command, shows what it prints and adds up its `test result:` lines.
    pub fn rust_tests(&mut self, name: &str, command: &mut Command) {
        let ((), took) = timed(|| self.count(name, command));
        self.times.push((name.to_owned(), took));
    }

    fn count(&mut self, name: &str, command: &mut Command) {
        println!("\n$ {}", crate::run::shown(command));
        let mut child = match command.stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => return self.fail(1, format!("{name}: {error}")),
        };
        let mut failed_here = 0;
        if let Some(out) = child.stdout.take() {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                println!("{line}");
                if let Some((passed, failed)) = counts(&line) {
                    self.passed += passed;
                    failed_here += failed;
                } else if let Some(test) =
                    line.strip_prefix("test ").and_then(|l| l.strip_suffix(" ... FAILED"))
                {
                    self.failures.push(format!("{name}: {test}"));
                }
            }
        }
        let success = child.wait().is_ok_and(|status| status.success());
        if !success && failed_here == 0 {
            self.fail(1, format!("{name}: did not run to its end"));
        }
        self.failed += failed_here;
    }

    fn fail(&mut self, count: u64, what: String) {
        eprintln!("\nFAILED: {what}");
        self.failed += count;
        self.failures.push(what);
    }

    /// Prints the closing lines. `false` where anything failed.
    pub fn close(self) -> bool {
        println!("\nTime taken:");
        for (name, took) in &self.times {
            println!("  {:>6.1} s  {name}", took.as_secs_f64());
        }
        if !self.failures.is_empty() {
            println!("\nFailures:");
            self.failures.iter().for_each(|f| println!("  {f}"));
        }
        println!("\n{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }

    /// The first failure as an error.
    pub fn into_result(self) -> Result<()> {
        match self.failures.into_iter().next() {
            Some(first) => anyhow::bail!(first),
            None => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "shows a person how long a step took")]
fn timed<T>(step: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (step(), start.elapsed())
}

/// Passed and failed tests of a line such as `test result: ok. 3 passed; 0 failed; ...`.
fn counts(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("test result: ")?;
    let number_before = |word: &str| -> Option<u64> {
        let end = rest.find(word)?;
        rest[..end].trim_end().rsplit(' ').next()?.parse().ok()
    };
    Some((number_before("passed")?, number_before("failed")?))
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn result_lines_are_added_up_and_others_are_not() {
        assert_eq!(
            counts("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out"),
            Some((12, 0))
        );
        assert_eq!(counts("test result: FAILED. 1 passed; 2 failed; 0 ignored"), Some((1, 2)));
        assert_eq!(counts("test a::b ... ok"), None);
    }
}
