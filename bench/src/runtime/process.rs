//! The server as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A running server, which ends with this value.
pub struct Process {
    child: Child,
    url: String,
}

impl Process {
    /// Runs this program once more, with the arguments that make it a server.
    ///
    /// # Errors
    /// If it does not run, or does not say where it listens.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot run the server")?;
        let mut address = String::new();
        let stdout = child.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut address).context("the server does not say where it listens")?;
        Ok(Self { child, url: format!("http://{}", address.trim()) })
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the server does itself: it says where it listens, and waits until its parent has gone.
    ///
    /// # Errors
    /// If nobody hears it.
    pub fn announce(address: std::net::SocketAddr) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{address}")?;
        out.flush()?;
        std::io::stdin().lock().read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself when its input does; here it is waited for.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
