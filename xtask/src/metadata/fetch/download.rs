//! One document from a server to a file: whole, of the right type, resumed where the last attempt ended.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{
    CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
    RANGE,
};
use toml::value::Date;

use super::Origin;

/// A connection that breaks is taken up again so many times before the next run has to.
const ATTEMPTS: usize = 3;

/// What is to be fetched.
pub(super) struct Download<'a> {
    pub(super) url: &'a str,
    /// Where the document goes; what there is of it while it is not complete stands beside it.
    pub(super) file: &'a Path,
    pub(super) shape: Shape,
    /// The entity tag of what is known already.
    pub(super) etag: Option<&'a str>,
    /// More bytes than this are refused.
    pub(super) limit: u64,
}

/// What a document has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// CSDL XML.
    Csdl,
    /// A JSON object.
    Json,
}

impl Shape {
    const fn name(self) -> &'static str {
        match self {
            Self::Csdl => "CSDL XML",
            Self::Json => "a JSON object",
        }
    }

    /// Whether a text can be of this shape, by its beginning.
    fn fits(self, beginning: &[u8]) -> bool {
        let text = String::from_utf8_lossy(beginning);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        match self {
            Self::Csdl => text.starts_with('<') && text.contains("Edmx"),
            Self::Json => text.starts_with('{'),
        }
    }
}

/// Fetches a document; nothing if the server says that it is still what the entity tag stands for.
pub(super) fn download(client: &Client, wanted: &Download<'_>) -> Result<Option<Origin>> {
    let part = Part::beside(wanted.file);
    let bar = ProgressBar::new_spinner().with_style(style());
    bar.set_message(wanted.url.rsplit('/').next().unwrap_or(wanted.url).to_owned());
    let mut attempt = 1;
    let headers = loop {
        match part.fill(client, wanted, &bar) {
            Ok(headers) => break headers,
            // What has arrived is kept, so another attempt goes on from there.
            Err(problem) if attempt < ATTEMPTS && problem.is::<Interrupted>() => attempt += 1,
            Err(problem) => return Err(problem),
        }
    };
    bar.finish_and_clear();
    let Some(headers) = headers else { return Ok(None) };
    part.check(wanted.shape)?;
    std::fs::rename(&part.data, wanted.file)
        .with_context(|| format!("cannot write {}", wanted.file.display()))?;
    part.forget();
    Ok(Some(Origin {
        url: Some(wanted.url.to_owned()),
        etag: text(&headers, &ETAG),
        date: day(&headers, &LAST_MODIFIED),
        fetched: day(&headers, &DATE),
    }))
}

fn style() -> ProgressStyle {
    let template = "{msg:24} {bytes:>10} of {total_bytes:10} {bar:30} {bytes_per_sec}";
    ProgressStyle::with_template(template).expect("the template is sound")
}

/// The connection ended before the document did.
#[derive(Debug, thiserror::Error)]
#[error("the connection ended after {received} bytes: run the command again, it goes on from there")]
struct Interrupted {
    received: u64,
}

/// What has arrived of a document, and which state of it that is.
struct Part {
    data: PathBuf,
    etag: PathBuf,
}

impl Part {
    fn beside(file: &Path) -> Self {
        let named = |ending: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self { data: named(".part"), etag: named(".part.etag") }
    }

    fn forget(&self) {
        // What is not there need not be deleted, and what stays is never trusted without the server's word.
        let _ = std::fs::remove_file(&self.data);
        let _ = std::fs::remove_file(&self.etag);
    }

    /// How much there is, and of which state; nothing without a strong entity tag, as bytes of two states must not
    /// be joined ([RFC 9110, 13.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5)).
    fn start(&self) -> Option<(u64, String)> {
        let size = std::fs::metadata(&self.data).ok()?.len();
        let etag = std::fs::read_to_string(&self.etag).ok().filter(|etag| etag.starts_with('"'))?;
        (size > 0).then_some((size, etag))
    }

    /// Requests what is missing and appends it. Nothing if the document has not changed, else the answer's headers.
    fn fill(&self, client: &Client, wanted: &Download<'_>, bar: &ProgressBar) -> Result<Option<HeaderMap>> {
        let start = self.start();
        let mut request = client.get(wanted.url);
        if let Some(etag) = wanted.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some((size, etag)) = &start {
            request = request.header(RANGE, format!("bytes={size}-")).header(IF_RANGE, etag);
        }
        let response = request.send().context("the server cannot be reached")?;
        let offset = match (response.status(), start) {
            (StatusCode::NOT_MODIFIED, _) if wanted.etag.is_some() => {
                self.forget();
                return Ok(None);
            }
            (StatusCode::OK, _) => 0,
            (StatusCode::PARTIAL_CONTENT, Some((size, _))) => {
                let range = text(response.headers(), &CONTENT_RANGE).unwrap_or_default();
                if !range.starts_with(&format!("bytes {size}-")) {
                    self.forget();
                    bail!("the server answered with other bytes ({range}) than asked for ({size}-)");
                }
                size
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, Some((received, _))) => {
                self.forget();
                return Err(Interrupted { received }.into());
            }
            (status, _) => bail!("the server answered {status}: check --from and the proxy"),
        };
        check_headers(&response, offset, wanted)?;
        bar.set_length(offset + response.content_length().unwrap_or(0));
        bar.set_position(offset);
        let headers = response.headers().clone();
        self.append(response, offset, wanted.limit, bar)?;
        Ok(Some(headers))
    }

    fn append(&self, mut response: Response, offset: u64, limit: u64, bar: &ProgressBar) -> Result<()> {
        let cannot = || format!("cannot write {}", self.data.display());
        std::fs::write(&self.etag, text(response.headers(), &ETAG).unwrap_or_default())
            .with_context(cannot)?;
        let mut file = if offset > 0 {
            File::options().append(true).open(&self.data).with_context(cannot)?
        } else {
            File::create(&self.data).with_context(cannot)?
        };
        let mut received = offset;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = match response.read(&mut buffer) {
                Ok(0) => return file.sync_all().with_context(cannot),
                Ok(count) => count,
                Err(_) => return Err(Interrupted { received }.into()),
            };
            received += count as u64;
            if received > limit {
                self.forget();
                bail!("the answer has more than {} MB", limit >> 20);
            }
            file.write_all(&buffer[..count]).with_context(cannot)?;
            bar.set_position(received);
        }
    }

    /// Refuses what is something else than it should be; an error page, say.
    fn check(&self, shape: Shape) -> Result<()> {
        let mut beginning = Vec::new();
        let file = File::open(&self.data).with_context(|| format!("cannot read {}", self.data.display()))?;
        file.take(1 << 10).read_to_end(&mut beginning)?;
        if !shape.fits(&beginning) {
            self.forget();
            bail!("the answer is not {}: check --from and the proxy", shape.name());
        }
        Ok(())
    }
}

fn check_headers(response: &Response, offset: u64, wanted: &Download<'_>) -> Result<()> {
    let size = offset.saturating_add(response.content_length().unwrap_or(0));
    ensure!(size <= wanted.limit, "the answer has more than {} MB", wanted.limit >> 20);
    let kind = text(response.headers(), &CONTENT_TYPE).unwrap_or_default();
    ensure!(
        !kind.starts_with("text/html"),
        "the answer is a web page, not {}: check --from and the proxy",
        wanted.shape.name()
    );
    Ok(())
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The day of a header that holds a date ([RFC 9110, 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)).
fn day(headers: &HeaderMap, name: &HeaderName) -> Option<Date> {
    let day = jiff::fmt::rfc2822::parse(&text(headers, name)?).ok()?.date();
    super::plan::date(&day.to_string()).ok()
}
