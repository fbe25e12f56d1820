//! A gibibyte up and down over loopback, in a process of its own whose peak memory is read afterwards.

use std::convert::Infallible;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use msgraph_runtime::{Content, Download, GraphClient, Reference, StaticToken, Upload};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio::net::TcpListener;

const LENGTH: u64 = 1 << 30;
const LIMIT: u64 = 64 << 20;
const OPEN: &str = "op:POST /drive/createUploadSession;;";
const CONTENT: &str = "op:GET /drive/content;;";

/// What tells the process that it is the one that is measured, and where its server is.
const SERVER: &str = "MSGRAPH_TEST_SERVER";
const DIRECTION: &str = "MSGRAPH_TEST_DIRECTION";

#[test]
fn a_gibibyte_up_takes_less_than_64_mebibytes_of_memory() {
    measure("up");
}

#[test]
fn a_gibibyte_down_takes_less_than_64_mebibytes_of_memory() {
    measure("down");
}

/// Runs this test once more, in a process of its own, as the client of a server here.
fn measure(direction: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let (Ok(server), Ok(wanted)) = (std::env::var(SERVER), std::env::var(DIRECTION)) {
        if wanted == direction {
            runtime.block_on(transfer(&server, direction));
        }
        return;
    }
    if !std::path::Path::new("/proc/self/status").exists() {
        println!("SKIPPED: the peak memory of a process is read from /proc, which this system does not have");
        return;
    }
    let (address, _served) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (address, tokio::spawn(serve(listener)))
    });
    let server = std::thread::spawn(move || runtime.block_on(std::future::pending::<Infallible>()));
    let itself = std::env::current_exe().expect("the test has a file");
    let test = format!("a_gibibyte_{direction}_takes_less_than_64_mebibytes_of_memory");
    let child = Command::new(itself)
        .args([&test, "--exact", "--nocapture"])
        .env(SERVER, format!("http://{address}"))
        .env(DIRECTION, direction)
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}{}", String::from_utf8_lossy(&child.stderr));
    let peak =
        output.lines().find_map(|line| line.strip_prefix("peak ")?.parse::<u64>().ok()).expect("a peak");
    println!("{direction}: a peak of {} MiB", peak >> 20);
    assert!(peak < LIMIT, "{peak} bytes at most");
    assert!(!server.is_finished());
}

/// The highest resident memory of this process so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the high-water mark");
    line.trim().strip_suffix(" kB").and_then(|kibibytes| kibibytes.parse::<u64>().ok()).expect("kB") << 10
}

async fn transfer(server: &str, direction: &str) {
    let builder = GraphClient::builder().base_url(&format!("{server}/v1.0"));
    let client = builder.credential(StaticToken::new("token")).build().expect("a client");
    let drive = client.root("drive");
    if direction == "up" {
        let request = drive.call::<Reference>(OPEN);
        Upload::new(request, Pattern::default()).send::<()>().await.expect("uploaded");
    } else {
        let mut chunks = Download::new(drive.call::<Content>(CONTENT)).into_stream();
        let mut at = 0;
        while let Some(chunk) = chunks.try_next().await.expect("downloaded") {
            assert!(is_pattern(at, &chunk));
            at += chunk.len() as u64;
        }
        assert_eq!(at, LENGTH);
    }
    println!("\npeak {}", peak());
}

/// Bytes that repeat only after a prime number of them.
fn pattern() -> &'static [u8] {
    static PATTERN: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    PATTERN.get_or_init(|| {
        let period: Vec<u8> = (0..PERIOD).map(|at| (at.wrapping_mul(2_654_435_761) >> 9) as u8).collect();
        period.iter().chain(&period).copied().collect()
    })
}

const PERIOD: u64 = 65_521;

/// The bytes of the content from a position on, up to a period of them.
fn pattern_at(at: u64) -> &'static [u8] {
    &pattern()[(at % PERIOD) as usize..][..PERIOD as usize]
}

fn is_pattern(mut at: u64, bytes: &[u8]) -> bool {
    bytes.chunks(PERIOD as usize).all(|chunk| {
        let equal = pattern_at(at).starts_with(chunk);
        at += chunk.len() as u64;
        equal
    })
}

/// The content as a file.
#[derive(Default)]
struct Pattern {
    at: u64,
}

impl AsyncRead for Pattern {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = (LENGTH - self.at).min(PERIOD).min(buffer.remaining() as u64);
        buffer.put_slice(&pattern_at(self.at)[..length as usize]);
        self.at += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Pattern {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.at = match position {
            SeekFrom::Start(at) => at,
            SeekFrom::End(_) => LENGTH,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.at))
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

async fn serve(listener: TcpListener) {
    while let Ok((connection, _)) = listener.accept().await {
        let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(request).await) });
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(connection), service));
    }
}

async fn answer(request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    if head.method == Method::PUT {
        return receive(&head.headers, body).await;
    }
    if head.method == Method::POST {
        let host = head.headers["host"].to_str().expect("text");
        return json(200, format!(r#"{{"uploadUrl":"http://{host}/up"}}"#));
    }
    let blocks = stream::iter((0..LENGTH).step_by(PERIOD as usize)).map(|at| {
        let length = (LENGTH - at).min(PERIOD) as usize;
        Ok(Frame::data(Bytes::from_static(&pattern_at(at)[..length])))
    });
    let mut answer = Response::new(BodyExt::boxed_unsync(StreamBody::new(blocks)));
    answer.headers_mut().insert("content-length", LENGTH.into());
    answer
}

/// Takes a slice, each byte of which must be the one that belongs there.
async fn receive(headers: &HeaderMap, body: Incoming) -> Answer {
    let range = headers["content-range"].to_str().ok().and_then(|range| range.strip_prefix("bytes "));
    let (start, rest) = range.and_then(|range| range.split_once('-')).expect("a range");
    let mut at: u64 = start.parse().expect("a number");
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.try_next().await.expect("a body") {
        assert!(is_pattern(at, &chunk));
        at += chunk.len() as u64;
    }
    assert_eq!(rest, format!("{}/{LENGTH}", at - 1));
    if at == LENGTH { json(201, "{}") } else { json(202, format!(r#"{{"nextExpectedRanges":["{at}-"]}}"#)) }
}

fn json(status: u16, body: impl Into<Bytes>) -> Answer {
    let body = BodyExt::boxed_unsync(Full::new(body.into()));
    Response::builder().status(status).body(body).expect("an answer")
}
