//! All pages of a collection as one document, in constant memory.

use std::io::{self, Write};

use futures_util::TryStreamExt;
use msgraph_runtime::edm::Json;
use msgraph_runtime::{Answer, Page, Request};

use super::json::Pretty;
use super::output::Output;
use super::progress;
use crate::exit::Failure;
use crate::service::failure;

/// Fetches all pages and writes `{"value": […]}` with every item, as a program that reads one page expects it.
pub async fn write(request: Request<Answer>, output: &mut Output<'_>) -> Result<(), Failure> {
    let is_terminal = output.is_terminal();
    let bar = progress::items();
    let mut document = Document::default();
    let mut pretty;
    let out: &mut dyn Write = if is_terminal {
        pretty = Pretty::new(output);
        &mut pretty
    } else {
        output
    };
    let mut pages = request.typed::<Page<Json>>().pages().prefetch();
    while let Some(page) = pages.try_next().await.map_err(failure)? {
        bar.inc(page.value.len() as u64);
        bar.suspend(|| document.add(&page, out))?;
    }
    bar.finish_and_clear();
    document.end(out)?;
    writeln!(output)?;
    Ok(())
}

/// The document, as far as it has been written.
#[derive(Default)]
struct Document {
    items: u64,
    count: Option<i64>,
    delta_link: Option<String>,
}

impl Document {
    fn add(&mut self, page: &Page<Json>, out: &mut dyn Write) -> io::Result<()> {
        for item in &page.value {
            out.write_all(if self.items == 0 { b"{\"value\":[\n" } else { b",\n" })?;
            out.write_all(item.as_str().as_bytes())?;
            self.items += 1;
        }
        self.count = self.count.or(page.count);
        self.delta_link = self.delta_link.take().or(page.delta_link.clone());
        Ok(())
    }

    /// Writes what is left, each token at once, as the pretty form needs it.
    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.items == 0 { b"{\"value\":[]" } else { b"\n]" })?;
        if let Some(count) = self.count {
            out.write_all(format!(",\"@odata.count\":{count}").as_bytes())?;
        }
        if let Some(link) = &self.delta_link {
            let link = serde_json::to_string(link)?;
            out.write_all(format!(",\"@odata.deltaLink\":{link}").as_bytes())?;
        }
        out.write_all(b"}")
    }
}
