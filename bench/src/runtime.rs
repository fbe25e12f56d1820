//! Requests per second, processor time and allocations of each request: the typed client against bare reqwest.
//!
//! Both decode the same answers of the same server into types with the same properties, over connections with the same
//! settings, in rounds that take turns. The server is a process of its own, so that what it allocates and works counts
//! for nobody.

mod bare;
mod payload;
mod process;
mod typed;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cpu_time::ProcessTime;
use futures_util::StreamExt;
use msgraph::runtime::HyperTransport;

use crate::memory::{Allocated, allocated};
use crate::server;
pub use process::Process;

/// How much to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each contestant has its turn.
    pub rounds: u32,
    /// How long a turn is.
    pub turn: Duration,
    /// How many requests are under way at once.
    pub concurrency: usize,
}

/// A version of HTTP, without TLS, which costs both sides the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1, as many connections as requests under way.
    Http1,
    /// HTTP/2, one connection.
    Http2,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One user.
    User,
    /// A page of a hundred users.
    Page,
    /// A new event, of which the service sends back what it made of it.
    Event,
}

const TASKS: [Task; 3] = [Task::User, Task::Page, Task::Event];
const VERSIONS: [Version; 2] = [Version::Http1, Version::Http2];

/// What one request costs.
#[derive(Clone, Copy, Debug)]
struct Cost {
    per_second: f64,
    /// Microseconds of all cores.
    work: f64,
    allocations: f64,
    bytes: f64,
}

/// A row of the result: both contestants' best turns.
#[derive(Clone, Debug)]
pub struct Row {
    version: Version,
    task: Task,
    typed: Cost,
    bare: Cost,
}

/// The names of a row's cells.
pub const HEADINGS: &str = "HTTP | request | typed, 1/s | bare, 1/s | ratio | typed, CPU µs | bare, CPU µs | ratio \
    | typed, allocations | bare, allocations";

/// Answers requests until the tokio runtime ends.
///
/// # Errors
/// If no port is free.
pub async fn serve() -> std::io::Result<std::net::SocketAddr> {
    server::start(|request| async move { payload::answer(request).await }).await
}

/// Measures all tasks against a server at a URL, and hands out each row as soon as it is known.
///
/// # Errors
/// If a request fails.
pub async fn run(plan: Plan, server: &str, mut show: impl FnMut(Row) -> Result<()>) -> Result<()> {
    for version in VERSIONS {
        for task in TASKS {
            show(measure(plan, server, version, task).await?)?;
        }
    }
    Ok(())
}

async fn measure(plan: Plan, server: &str, version: Version, task: Task) -> Result<Row> {
    let typed = typed::Contestant::new(server, version.transport()?)?;
    let bare = bare::Contestant::new(server, version.client()?);
    let mut best: Option<(Cost, Cost)> = None;
    // The first round makes connections and warms up, and counts for nothing.
    for round in 0..=plan.rounds {
        let one = turn(plan, || typed.send(task)).await?;
        let other = turn(plan, || bare.send(task)).await?;
        if round > 0 {
            best = Some(best.map_or((one, other), |(typed, bare)| (typed.best(one), bare.best(other))));
        }
    }
    let Some((typed, bare)) = best else { anyhow::bail!("at least one round is needed") };
    Ok(Row { version, task, typed, bare })
}

/// Sends requests, as many at once as planned, until the turn is over.
async fn turn<R>(plan: Plan, send: impl Fn() -> R) -> Result<Cost>
where
    R: Future<Output = Result<usize>> + Send + 'static,
{
    let (began, worked, before) = (Instant::now(), ProcessTime::now(), allocated());
    let requests = futures_util::stream::repeat_with(|| tokio::spawn(send()));
    let running = requests.take_while(|_| std::future::ready(began.elapsed() < plan.turn));
    let mut answers = running.buffer_unordered(plan.concurrency);
    let mut count = 0_u32;
    while let Some(items) = answers.next().await {
        ensure!(items?? > 0, "an answer was empty");
        count += 1;
    }
    let Allocated { times, bytes } = allocated().since(before);
    let count = f64::from(count);
    Ok(Cost {
        per_second: count / began.elapsed().as_secs_f64(),
        work: worked.elapsed().as_secs_f64() * 1e6 / count,
        allocations: times as f64 / count,
        bytes: bytes as f64 / count,
    })
}

impl Cost {
    /// The better of each: other work on the machine only ever makes it worse.
    fn best(self, other: Self) -> Self {
        Self {
            per_second: self.per_second.max(other.per_second),
            work: self.work.min(other.work),
            allocations: self.allocations.min(other.allocations),
            bytes: self.bytes.min(other.bytes),
        }
    }
}

impl Version {
    /// The runtime's own transport, but that it trusts nobody and needs not negotiate.
    fn transport(self) -> Result<HyperTransport> {
        let builder = HyperTransport::builder().tls(trust_in_nobody()?).no_proxy();
        Ok(match self {
            Self::Http1 => builder.http1_only(),
            Self::Http2 => builder.http2_only(),
        }
        .build()?)
    }

    /// A client with the same settings.
    fn client(self) -> Result<reqwest::Client> {
        let builder = reqwest::Client::builder().tls_backend_preconfigured(trust_in_nobody()?);
        let builder = builder.no_proxy().redirect(reqwest::redirect::Policy::none());
        let builder = builder.retry(reqwest::retry::never()).connect_timeout(Duration::from_secs(10));
        let builder = match self {
            Self::Http1 => builder.http1_only(),
            Self::Http2 => builder.http2_prior_knowledge(),
        };
        Ok(builder.build()?)
    }
}

fn trust_in_nobody() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, task, typed, bare } = self;
        let version = if *version == Version::Http1 { "1.1" } else { "2" };
        let task = match task {
            Task::User => "a user",
            Task::Page => "100 users",
            Task::Event => "a new event",
        };
        write!(
            f,
            "{version} | {task} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} | {:.0}, {:.0} B | {:.0}, {:.0} B",
            typed.per_second,
            bare.per_second,
            typed.per_second / bare.per_second,
            typed.work,
            bare.work,
            typed.work / bare.work,
            typed.allocations,
            typed.bytes,
            bare.allocations,
            bare.bytes,
        )
    }
}
