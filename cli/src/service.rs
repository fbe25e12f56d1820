//! What all commands that talk to the service have in common: how they run, how they fail, and how they are watched.

use std::future::Future;

use anyhow::anyhow;
use msgraph_runtime::auth::AuthError;
use msgraph_runtime::error::TransferProblem;
use msgraph_runtime::{Error, Phase};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::exit::{Exit, Failure};

/// Runs what talks to the service, until it is done or somebody interrupts it; `debug` shows what happens meanwhile.
pub fn run<T>(debug: bool, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    if debug {
        observe();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        tokio::select! {
            done = work => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, anyhow!("interrupted"))),
        }
    });
    // A key store that waits for its user does not keep the command from ending.
    runtime.shutdown_background();
    done
}

/// Does work until somebody ends the command otherwise than with Ctrl-C, so that what it has begun is removed.
#[cfg(unix)]
pub async fn until_terminated<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = if ignores_hangups() { None } else { Some(signal(SignalKind::hangup())?) };
    let hang_up = async {
        match &mut hung_up {
            Some(hung_up) => hung_up.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        done = work => done,
        _ = terminated.recv() => Err(Failure::new(Exit::Terminated, anyhow!("terminated"))),
        _ = hang_up => Err(Failure::new(Exit::HungUp, anyhow!("the terminal has gone"))),
    }
}

/// Elsewhere there are no such signals.
#[cfg(not(unix))]
pub async fn until_terminated<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    work.await
}

/// Whether the command was started to outlive its terminal, as by `nohup`. Only Linux tells.
#[cfg(unix)]
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

/// Shows calls and sign-ins on standard error. The runtime leaves out what is secret.
fn observe() {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(crate::screen::err)
        .with_ansi(false)
        .with_target(false)
        .without_time();
    let ours = Targets::new().with_target("msgraph", Level::DEBUG);
    // A second command in one process keeps the first one's.
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}

/// How the command fails with an error of a call: in one line, as the error says what to do itself.
pub fn failure(error: Error) -> Failure {
    Failure::new(exit(&error), anyhow!("{error}"))
}

/// The exit code of an error of a call.
pub fn exit(error: &Error) -> Exit {
    match error {
        Error::Configuration(_) | Error::Request(_) => Exit::Usage,
        Error::Credential(_) => match AuthError::of(error) {
            Some(AuthError::Delivery { .. }) => Exit::Network,
            _ => Exit::SignIn,
        },
        Error::Delivery(error) if matches!(error.phase(), Phase::Setup | Phase::TooLong) => Exit::Failure,
        Error::Delivery(_) => Exit::Network,
        Error::Transfer(error) => match error.problem() {
            TransferProblem::Source(_) | TransferProblem::Sink(_) => Exit::Failure,
            _ => Exit::Service,
        },
        _ => Exit::Service,
    }
}
