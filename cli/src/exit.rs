//! How the command ends: the codes that scripts can tell apart, and the one line for people.

use std::fmt;
use std::process::ExitCode;

/// The codes, as the help says them.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed, for a reason that has no code of its own
  2  the arguments are wrong
  3  what was checked is not in order
  4  signing in failed, or nobody is signed in
  5  the service answered with an error
  6  the service could not be reached
  129, 130, 143  hung up, interrupted, terminated";

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// Failed, for a reason that has no code of its own.
    Failure = 1,
    /// The arguments are wrong; clap ends with it too.
    Usage = 2,
    /// What was checked is not in order.
    Finding = 3,
    /// Signing in failed, or nobody is signed in.
    SignIn = 4,
    /// The service answered with an error.
    Service = 5,
    /// The service could not be reached.
    Network = 6,
    /// Somebody interrupted it, as shells number that.
    Interrupted = 130,
    /// The terminal has gone.
    HungUp = 129,
    /// Somebody ended it.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command failed, and the code that says so.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    cause: anyhow::Error,
}

impl Failure {
    /// A failure with a code.
    pub fn new(exit: Exit, cause: impl Into<anyhow::Error>) -> Self {
        Self { exit, cause: cause.into() }
    }

    /// The code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether the reader of the output has gone, as `head` does: nobody needs to hear of it.
    pub fn is_closed_pipe(&self) -> bool {
        self.cause
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self::new(Exit::Failure, cause)
    }
}

/// One line: what happened, and what led to it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.cause)
    }
}
