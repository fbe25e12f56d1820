//! Very many requests over real HTTP, a tenth of which meets faults: each must be answered exactly once and in its
//! own right, nothing unsafe may be done or begun twice, and memory must not grow.
//!
//! The client's clock skips its waits, so that a thousand refusals that say "wait a second" take no time; all else is
//! real. Requests, their faults and what must come of them follow from their number.

mod clock;
mod fault;
mod request;
mod service;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use msgraph::GraphClient;
use msgraph::runtime::{self, RetryPolicy, StaticToken};

use crate::{memory, server};
use clock::SkippingClock;
use service::Service;

/// What may be kept for each request on average, in bytes: less than what a leak consists of. It is not zero because
/// buffers of connections vary.
pub const BYTES_PER_REQUEST: i64 = 64;

/// How much to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The number of requests.
    pub requests: u32,
    /// After how many parts of them memory is looked at.
    pub rounds: u32,
    /// How many are under way at once.
    pub concurrency: usize,
    /// How long all of it may take.
    pub limit: Duration,
}

/// What came of it; problems are an error instead.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many requests the service saw, those that were sent again included.
    pub sent: u64,
    /// How many met a fault at least once.
    pub faulty: u32,
    /// How many failed, as they must where a fault cannot be mended safely.
    pub failed: u32,
    /// The whole time.
    pub time: Duration,
    /// Memory after each round, when nothing is under way.
    pub samples: Vec<Sample>,
}

/// Memory at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// How many requests had been answered.
    pub requests: u32,
    /// Bytes that are allocated and not freed.
    pub live: usize,
    /// The resident memory of the process, client and server, if the system tells.
    pub resident: Option<usize>,
}

impl Report {
    /// How many bytes are kept for each request: by how much the least live memory of the second half exceeds that
    /// of the first, so that what comes and goes with connections does not count.
    pub fn kept(&self) -> i64 {
        let (first, second) = self.samples.split_at(self.samples.len() / 2);
        let least = |half: &[Sample]| half.iter().map(|sample| sample.live as i64).min().unwrap_or_default();
        let last = |half: &[Sample]| half.last().map_or(0, |sample| i64::from(sample.requests));
        (least(second) - least(first)) / (last(second) - last(first)).max(1)
    }
}

/// Sends all requests to a server of this process, and looks at what came of each.
///
/// # Errors
/// If anything is not as it must be, or the time is over.
pub async fn run(plan: Plan) -> Result<Report> {
    let all = tokio::time::timeout(plan.limit, send_all(plan)).await;
    all.with_context(|| format!("not all requests were answered within {:?}", plan.limit))?
}

async fn send_all(plan: Plan) -> Result<Report> {
    let began = Instant::now();
    let service = Arc::new(Service::new(plan.requests));
    let answering = service.clone();
    let address = server::start(move |request| answering.clone().answer(request)).await?;
    let client = client(&format!("http://{address}/v1.0"))?;
    let mut samples = Vec::with_capacity(plan.rounds as usize);
    let mut failed = 0;
    for round in 0..plan.rounds {
        failed += send_round(&client, plan.part(round), plan.concurrency).await?;
        samples.push(Sample {
            requests: plan.part(round).end,
            live: memory::live(),
            resident: memory::resident(),
        });
    }
    let problems = service.problems();
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    let faulty = (0..plan.requests).filter(|number| fault::of(*number).is_some()).count() as u32;
    Ok(Report { sent: service.seen(), faulty, failed, time: began.elapsed(), samples })
}

/// Sends the requests of a round; how many failed as they must.
async fn send_round(client: &GraphClient, numbers: Range<u32>, concurrency: usize) -> Result<u32> {
    let outcomes = futures_util::stream::iter(numbers).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { request::send(&client, number).await })
    });
    let mut outcomes = outcomes.buffer_unordered(concurrency);
    let mut failed = 0;
    while let Some(outcome) = outcomes.next().await {
        failed += u32::from(!outcome??);
    }
    Ok(failed)
}

impl Plan {
    /// The numbers of the requests of a round.
    fn part(&self, round: u32) -> Range<u32> {
        let start =
            |round: u32| (u64::from(self.requests) * u64::from(round) / u64::from(self.rounds)) as u32;
        start(round)..start(round + 1)
    }
}

fn client(base_url: &str) -> Result<GraphClient> {
    let client = runtime::GraphClient::builder()
        .base_url(base_url)
        .credential(StaticToken::new("the-token"))
        .clock(SkippingClock::default())
        // The clock of all goes on with the wait of each, so a total would mean nothing.
        .retry(RetryPolicy::default().total(Duration::MAX))
        .build()?;
    Ok(client.into())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.samples.last().map_or(0, |sample| sample.requests);
        writeln!(
            f,
            "{requests} requests, {} with faults; {} sent, {} failed as they must; {:.1} s\n",
            self.faulty,
            self.sent,
            self.failed,
            self.time.as_secs_f64()
        )?;
        writeln!(f, "| requests | live KiB | resident MiB |\n|---|---|---|")?;
        for Sample { requests, live, resident } in &self.samples {
            let resident = resident.map_or("unknown".to_owned(), mebibytes);
            writeln!(f, "| {requests} | {} | {resident} |", live >> 10)?;
        }
        write!(f, "\nkept for each request: {} bytes", self.kept())
    }
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}
