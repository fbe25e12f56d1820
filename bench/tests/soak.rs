//! A short soak, alone in its process because all allocations of a process are counted together.

use std::time::Duration;

use msgraph_bench::soak::{BYTES_PER_REQUEST, Plan, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_answered_exactly_once_and_memory_does_not_grow() {
    let plan = Plan { requests: 8_000, rounds: 8, concurrency: 8, limit: Duration::from_secs(300) };
    let report = run(plan).await.unwrap_or_else(|problem| panic!("{problem:#}"));
    println!("{report}");
    assert!(report.faulty > 500, "only {} requests met a fault", report.faulty);
    assert!(report.failed > 0, "nothing that met a fault was unsafe to send again");
    assert!(report.kept() < BYTES_PER_REQUEST, "memory grows:\n{report}");
}
