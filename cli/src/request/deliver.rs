//! One answer, to where it goes.

use std::io::Write;

use anyhow::anyhow;
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderMap, Method};
use indicatif::ProgressBar;
use msgraph_runtime::{Answer, ByteStream, Content, Download, Request};

use super::args::{Kind, RequestArgs};
use super::json::Pretty;
use super::output::Output;
use super::progress;
use crate::exit::{Exit, Failure};
use crate::screen::say;
use crate::service::failure;

/// What is asked for unless a header says otherwise.
const ACCEPT: &str = "application/json, */*;q=0.5";

/// Sends the request and writes its answer. Bytes that are asked for, or go to a file, are written as they come; any
/// other answer is read first, so that it can be asked for again if it breaks off.
pub async fn write(
    request: Request<Answer>,
    args: &RequestArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let own = args.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept"));
    let request = if own { request } else { request.header("accept", ACCEPT) };
    let streams = args.answer.response.map_or(output.is_file(), |kind| kind == Kind::Binary);
    if !streams {
        let answer = request.await.map_err(failure)?;
        return whole(&answer, args.answer.response, output);
    }
    let request = request.typed::<Content>();
    if args.method == Method::GET {
        return download(request, output).await;
    }
    let content = request.await.map_err(failure)?;
    let bar = progress::bytes("received", content.length());
    stream(content.into_stream(), &bar, output).await
}

/// Writes an answer that is all there.
fn whole(answer: &Answer, expected: Option<Kind>, output: &mut Output<'_>) -> Result<(), Failure> {
    if answer.bytes().trim_ascii().is_empty() {
        if output.is_terminal() {
            say!("{}", answer.status());
        }
        return Ok(());
    }
    match expected.unwrap_or_else(|| kind_of(answer.headers())) {
        Kind::Json => json(answer.bytes(), output),
        Kind::Binary if output.is_terminal() => {
            let media_type = answer.header("content-type").unwrap_or("an unknown type");
            Err(Failure::new(
                Exit::Failure,
                anyhow!(
                    "the answer is of {media_type}, which is nothing for a terminal: write it to a file with --output"
                ),
            ))
        }
        Kind::Text => Ok(output.write_all(without_mark(answer.bytes()))?),
        Kind::Binary => Ok(output.write_all(answer.bytes())?),
    }
}

/// What an answer is, by its own word.
fn kind_of(headers: &HeaderMap) -> Kind {
    let media_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match essence {
        "application/json" => Kind::Json,
        // Without a body there is no type.
        "" => Kind::Text,
        _ if essence.ends_with("+json") => Kind::Json,
        _ if essence.starts_with("text/") || essence.ends_with("xml") => Kind::Text,
        _ => Kind::Binary,
    }
}

/// Text without the byte order mark that some services write, such as before a `$count`.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Writes JSON: for people on a terminal, elsewhere as it came.
fn json(bytes: &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let text = without_mark(bytes);
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        return Err(Failure::new(
            Exit::Service,
            anyhow!("the service's answer is not JSON ({error}): see it with --response text"),
        ));
    }
    if output.is_terminal() {
        Pretty::new(output).write_all(text)?;
        output.write_all(b"\n")?;
    } else {
        output.write_all(text)?;
        if !text.ends_with(b"\n") {
            output.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Receives content, from where it broke off if it does.
async fn download(request: Request<Content>, output: &mut Output<'_>) -> Result<(), Failure> {
    let bar = progress::bytes("received", None);
    let seen = bar.clone();
    let download = Download::new(request).progress(move |progress| {
        if let Some(total) = progress.total.filter(|_| seen.length().is_none()) {
            progress::measure(&seen, total);
        }
        seen.set_position(progress.transferred);
    });
    let mut chunks = download.into_stream();
    while let Some(chunk) = chunks.try_next().await.map_err(failure)? {
        output.write_all(&chunk)?;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn stream(mut chunks: ByteStream, bar: &ProgressBar, output: &mut Output<'_>) -> Result<(), Failure> {
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| Failure::new(Exit::Network, anyhow!("the answer broke off: {error}")))?;
        output.write_all(&chunk)?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_its_type_says() {
        for (media_type, kind) in [
            ("application/json;odata.metadata=minimal", Kind::Json),
            ("application/problem+json", Kind::Json),
            ("Text/Plain; charset=utf-8", Kind::Text),
            ("application/xml", Kind::Text),
            ("image/svg+xml", Kind::Text),
            ("application/octet-stream", Kind::Binary),
            ("image/jpeg", Kind::Binary),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", media_type.parse().expect("a header"));
            assert_eq!(kind_of(&headers), kind, "{media_type}");
        }
        assert_eq!(kind_of(&HeaderMap::new()), Kind::Text);
    }
}
