//! One run of a program: how long it takes, how much memory it needs, and what it prints.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use wait4::Wait4;

/// What the cells of a cost are called.
pub const HEADINGS: &str = "time | CPU time | peak memory";

/// What a run costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// From start to end.
    pub time: Duration,
    /// What all cores worked for it, which other work on the machine changes little.
    pub work: Duration,
    /// The most memory, in bytes, that the program or one of those that it ran had at once (`ru_maxrss`).
    pub memory: u64,
}

impl Cost {
    /// The least of each.
    pub fn least(self, other: Self) -> Self {
        Self {
            time: self.time.min(other.time),
            work: self.work.min(other.work),
            memory: self.memory.min(other.memory),
        }
    }

    /// The cells of a row, in the order of [`HEADINGS`].
    pub fn cells(self) -> String {
        let memory = self.memory as f64 / 1e9;
        format!("{:.1} s | {:.1} s | {memory:.2} GB", self.time.as_secs_f64(), self.work.as_secs_f64())
    }
}

/// Runs a program to its end, and gives what it cost and what it printed.
///
/// # Errors
/// If it cannot be run, or fails.
pub fn measure(command: &mut Command) -> Result<(Cost, String)> {
    let failed = format!("cannot run {}", command.get_program().display());
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| failed.clone())?;
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut output).with_context(|| failed.clone())?;
    }
    let ended = child.wait4().context(failed)?;
    let time = started.elapsed();
    if !ended.status.success() {
        bail!("{command:?} failed: {}", ended.status);
    }
    let used = ended.rusage;
    Ok((Cost { time, work: used.utime + used.stime, memory: used.maxrss }, output))
}
