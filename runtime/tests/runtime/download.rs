//! Downloads: every byte once and in order, whatever breaks, and never a mixture of two versions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Response;
use msgraph_runtime::error::TransferProblem;
use msgraph_runtime::{
    Body, Content, Download, Error, GraphClient, Phase, Progress, Request, TransportError,
};

use crate::support::fake::{self, Log, Seen, response};
use crate::support::skip::SkippingClock;

const CONTENT: &str = "op:GET /drives/{drive-id}/items/{item-id}/content;;";
const LENGTH: usize = 10_000;

fn content() -> Bytes {
    (0..LENGTH).map(|at| ((at * 31) >> 3) as u8).collect::<Vec<_>>().into()
}

/// How a service answers for content.
#[derive(Clone, Copy)]
struct Service {
    /// Whether it gives parts of it.
    ranges: bool,
    tag: Option<&'static str>,
    /// How many bytes it gives before it breaks off.
    breaks_after: usize,
    /// Whether a break is an error, or looks like the end.
    silent: bool,
}

const GOOD: Service = Service { ranges: true, tag: Some("\"1\""), breaks_after: usize::MAX, silent: false };

impl Service {
    fn answer(self, seen: &Seen) -> Result<Response<Body>, TransportError> {
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
        let range = seen.header("range").filter(|_| self.ranges);
        let same = seen.header("if-range").is_none_or(|tag| Some(tag) == self.tag);
        let (mut answer, start, end) = match range.filter(|_| same) {
            Some(range) => {
                let (start, last) =
                    range.strip_prefix("bytes=").and_then(|r| r.split_once('-')).expect("a range");
                let start: usize = start.parse().expect("a number");
                let end = last.parse().map_or(LENGTH, |last: usize| (last + 1).min(LENGTH));
                if start >= LENGTH {
                    return response(416, "");
                }
                let range = format!("bytes {start}-{}/{LENGTH}", end - 1);
                (Response::builder().status(206).header("content-range", range), start, end)
            }
            None => (Response::builder(), 0, LENGTH),
        };
        if let Some(tag) = self.tag {
            answer = answer.header("etag", tag);
        }
        let given = content().slice(start..end.min(start.saturating_add(self.breaks_after)));
        let whole = given.len() == end - start;
        let mut chunks: Vec<Result<Bytes, std::io::Error>> =
            given.chunks(700).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        if !whole && !self.silent {
            chunks.push(Err(std::io::Error::other(TransportError::new(Phase::Body, "reset"))));
        }
        let length = Some((end - start) as u64);
        Ok(answer.body(Body::stream(stream::iter(chunks), length)).expect("an answer"))
    }
}

fn client(
    answer: impl Fn(&Seen) -> Result<Response<Body>, TransportError> + Send + Sync + 'static,
) -> (GraphClient, Log) {
    let (builder, log) = fake::builder(answer);
    (builder.clock(SkippingClock::new()).build().expect("a client"), log)
}

fn request(client: &GraphClient) -> Request<Content> {
    client.root("drives").key("d").segment("items").key("i").segment("content").call(CONTENT)
}

async fn receive(download: Download) -> Result<Bytes, Error> {
    let mut received = Vec::new();
    let length = download.write_to(&mut received).await?;
    assert_eq!(length, received.len() as u64);
    Ok(received.into())
}

#[tokio::test]
async fn content_that_breaks_off_is_received_from_there_on() {
    for silent in [false, true] {
        for ranges in [false, true] {
            for breaks_after in [3000, 9999] {
                if !ranges && breaks_after == 3000 {
                    continue;
                }
                let tries = AtomicUsize::new(0);
                let service = Service { ranges, breaks_after, silent, ..GOOD };
                let (client, log) = client(move |seen| match tries.fetch_add(1, Ordering::Relaxed) {
                    1 if !ranges => GOOD.answer(seen),
                    _ => service.answer(seen),
                });
                assert!(receive(Download::new(request(&client))).await.expect("content") == content());
                let second = &log.all()[1];
                assert_eq!(second.header("range"), Some(format!("bytes={breaks_after}-").as_str()));
                assert_eq!(second.header("if-range"), Some("\"1\""));
            }
        }
    }
}

#[tokio::test]
async fn a_mixture_of_two_versions_is_an_error() {
    for ranges in [false, true] {
        let tries = AtomicUsize::new(0);
        let (client, _) = client(move |seen| {
            let tag = if tries.fetch_add(1, Ordering::Relaxed) == 0 { "W/\"1\"" } else { "W/\"2\"" };
            Service { ranges, tag: Some(tag), breaks_after: 5000, ..GOOD }.answer(seen)
        });
        let error = receive(Download::new(request(&client))).await.expect_err("changed");
        assert!(
            matches!(&error, Error::Transfer(error) if matches!(error.problem(), TransferProblem::Changed)),
            "{error}"
        );
    }
    let (client, log) = client(move |seen| Service { tag: None, breaks_after: 5000, ..GOOD }.answer(seen));
    let error = receive(Download::new(request(&client))).await.expect_err("not known to be the same");
    assert!(matches!(error, Error::Delivery(_)), "{error}");
    assert_eq!(log.all().len(), 1);
}

#[tokio::test]
async fn content_without_a_first_byte_may_begin_again_without_a_tag() {
    let tries = AtomicUsize::new(0);
    let (client, _) = client(move |seen| {
        let breaks_after = if tries.fetch_add(1, Ordering::Relaxed) < 2 { 0 } else { usize::MAX };
        Service { tag: None, breaks_after, ..GOOD }.answer(seen)
    });
    assert!(receive(Download::new(request(&client))).await.expect("content") == content());
}

#[tokio::test]
async fn a_service_that_never_gives_more_is_given_up() {
    let (client, log) = client(move |seen| Service { breaks_after: 0, ..GOOD }.answer(seen));
    let error = receive(Download::new(request(&client))).await.expect_err("nothing comes");
    assert!(error.is_retryable(), "{error}");
    assert_eq!(log.all().len(), 8);
}

#[tokio::test]
async fn parts_are_asked_for_and_cut_out_where_the_service_gives_all() {
    for ranges in [false, true] {
        let (client, log) = client(move |seen| Service { ranges, ..GOOD }.answer(seen));
        let whole = content();
        let part = |download: Download| receive(download);
        assert_eq!(
            part(Download::new(request(&client)).range(..100)).await.expect("a part"),
            whole.slice(..100)
        );
        assert_eq!(log.last().header("range"), Some("bytes=0-99"));
        assert_eq!(
            part(Download::new(request(&client)).range(9000..)).await.expect("a part"),
            whole.slice(9000..)
        );
        assert_eq!(log.last().header("range"), Some("bytes=9000-"));
        assert_eq!(
            part(Download::new(request(&client)).range(1500..=1600)).await.expect("a part"),
            whole.slice(1500..1601)
        );
        assert_eq!(
            part(Download::new(request(&client)).range(9990..20_000)).await.expect("a part"),
            whole.slice(9990..)
        );
        let before = log.all().len();
        assert_eq!(part(Download::new(request(&client)).range(7..7)).await.expect("nothing"), Bytes::new());
        assert_eq!(log.all().len(), before);
    }
    let (client, _) = client(|seen| GOOD.answer(seen));
    let error = receive(Download::new(request(&client)).range(20_000..)).await.expect_err("there is nothing");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(416));
}

#[tokio::test]
async fn the_redirect_to_the_content_gets_no_token_and_keeps_the_range() {
    let (client, log) = client(|seen| {
        if seen.url.starts_with("https://graph") {
            let mut answer = response(302, "")?;
            answer
                .headers_mut()
                .insert("location", "https://files.example/x?key=1".parse().expect("a value"));
            return Ok(answer);
        }
        Service { breaks_after: 6000, ..GOOD }.answer(seen)
    });
    assert!(receive(Download::new(request(&client))).await.expect("content") == content());
    let seen = log.all();
    let line = |seen: &Seen| {
        (seen.url.contains("files"), seen.header("authorization").is_some(), seen.header("range").is_some())
    };
    let lines: Vec<_> = seen.iter().map(line).collect();
    assert_eq!(lines, [(false, true, false), (true, false, false), (false, true, true), (true, false, true)]);
}

#[tokio::test]
async fn progress_is_told_with_every_chunk_and_an_error_ends_the_stream() {
    let reports: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let seen = reports.clone();
    let (client, _) = client(|seen| GOOD.answer(seen));
    let download = Download::new(request(&client)).range(9000..);
    let download = download.progress(move |progress| seen.lock().expect("no panic elsewhere").push(progress));
    let chunks: Vec<Bytes> = download.into_stream().try_collect().await.expect("chunks");
    let reports = reports.lock().expect("no panic elsewhere").clone();
    assert_eq!(reports.len(), chunks.len());
    assert_eq!(reports.last(), Some(&Progress { transferred: 1000, total: Some(1000) }));

    let (client, _) = self::client(|_| response(404, ""));
    let results: Vec<_> = Download::new(request(&client)).into_stream().collect().await;
    assert!(results.len() == 1 && results[0].is_err());
}

#[tokio::test]
async fn a_sink_that_is_full_is_an_error_that_says_so() {
    let (client, _) = client(|seen| GOOD.answer(seen));
    let full: &mut [u8] = &mut [0; 100];
    let mut sink = std::io::Cursor::new(&mut full[..]);
    let error = Download::new(request(&client)).write_to(&mut sink).await.expect_err("full");
    assert!(error.to_string().contains("the content cannot be stored"), "{error}");
}
