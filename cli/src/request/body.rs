//! The body of a request. Files are sent in constant memory, and from their beginning if they must be sent again.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use msgraph_runtime::{Answer, Body, ByteStream, Multipart, Request};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::args::{BodyArgs, FilePart};
use super::progress;
use crate::exit::{Exit, Failure};
use crate::file;

/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;

/// How much of standard input is sent, as it is kept until it has arrived.
const MOST: u64 = 1 << 30;

/// What is sent.
#[derive(Debug)]
pub enum Content {
    /// Nothing.
    Nothing,
    /// Bytes, and their type if it is known.
    Bytes { bytes: Bytes, media_type: Option<String> },
    /// A file.
    File(Source),
    /// A form of fields.
    Form(Vec<(String, String)>),
    /// A form of fields and files.
    Parts { fields: Vec<(String, String)>, files: Vec<(String, Source)> },
}

/// A file that can be read.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    length: u64,
    media_type: String,
}

/// Reads what the arguments say. `media_type` is that of a header, if there is one.
pub fn read(args: &BodyArgs, media_type: Option<&str>) -> Result<Content, Failure> {
    if let Some(text) = &args.data {
        let is_json = media_type.is_none_or(|media_type| media_type.contains("json"));
        if is_json && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            return Err(Failure::new(
                Exit::Usage,
                anyhow!(
                    "--data is not JSON ({error}): quote it for the shell, or say what it is with --header Content-Type:…"
                ),
            ));
        }
        let media_type = Some("application/json".to_owned());
        return Ok(Content::Bytes { bytes: text.clone().into(), media_type });
    }
    match &args.data_file {
        Some(path) if path.as_os_str() == "-" => {
            let bytes = file::bytes_of(std::io::stdin().lock(), "standard input", MOST)?;
            let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
            let media_type = is_json.then(|| "application/json".to_owned());
            Ok(Content::Bytes { bytes: bytes.into(), media_type })
        }
        Some(path) => Ok(Content::File(source(path, None)?)),
        None if !args.file.is_empty() => {
            let file =
                |part: &FilePart| Ok((part.name.clone(), source(&part.path, part.media_type.as_deref())?));
            let files = args.file.iter().map(file).collect::<Result<_, Failure>>()?;
            Ok(Content::Parts { fields: args.form.clone(), files })
        }
        None if !args.form.is_empty() => Ok(Content::Form(args.form.clone())),
        None => Ok(Content::Nothing),
    }
}

fn source(path: &Path, media_type: Option<&str>) -> Result<Source, Failure> {
    let (_, metadata) = file::open(path)?;
    let guess = || mime_guess::from_path(path).first_or_octet_stream().to_string();
    Ok(Source {
        path: path.to_owned(),
        length: metadata.len(),
        media_type: media_type.map_or_else(guess, str::to_owned),
    })
}

/// Gives a request its body.
pub fn add(content: Content, request: Request<Answer>, has_media_type: bool) -> Request<Answer> {
    let typed = |request: Request<Answer>, media_type: Option<&str>| match media_type {
        Some(media_type) if !has_media_type => request.header("content-type", media_type),
        _ => request,
    };
    match content {
        Content::Nothing => request,
        Content::Bytes { bytes, media_type } => typed(request, media_type.as_deref()).bytes(bytes),
        Content::File(source) => {
            let bar = progress::bytes("sent", Some(source.length));
            typed(request, Some(&source.media_type)).bytes(source.body(&bar))
        }
        Content::Form(fields) => request.form(fields),
        Content::Parts { fields, files } => {
            let bar = progress::bytes("sent", Some(files.iter().map(|(_, source)| source.length).sum()));
            let parts = fields.iter().fold(Multipart::new(), |parts, (name, value)| parts.text(name, value));
            let parts = files.into_iter().fold(parts, |parts, (name, source)| {
                let file_name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                parts.file(&name, &file_name, &source.media_type, source.body(&bar))
            });
            request.multipart(parts)
        }
    }
}

impl Source {
    /// The file as a body, which shows how far it is.
    fn body(&self, bar: &ProgressBar) -> Body {
        let (path, length, bar) = (self.path.clone(), self.length, bar.clone());
        Body::source(move || chunks(path.clone(), length, bar.clone()), Some(length))
    }
}

/// The chunks of a file. One that has grown meanwhile is sent as long as it was announced.
fn chunks(path: PathBuf, length: u64, bar: ProgressBar) -> ByteStream {
    // It may be another try.
    bar.reset();
    let file = stream::once(async move {
        let file = File::open(path).await?;
        Ok::<_, std::io::Error>(ReaderStream::with_capacity(file.take(length), PIECE))
    });
    let show = move |chunk: &Bytes| {
        bar.inc(chunk.len() as u64);
        if bar.length().is_some_and(|length| bar.position() >= length) {
            bar.finish_and_clear();
        }
    };
    file.try_flatten().inspect_ok(show).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> BodyArgs {
        BodyArgs { data: None, data_file: None, form: Vec::new(), file: Vec::new() }
    }

    #[test]
    fn data_must_be_json_unless_a_header_says_otherwise() {
        let with = |text: &str| BodyArgs { data: Some(text.to_owned()), ..args() };
        assert!(read(&with(r#"{"a": 1}"#), None).is_ok());
        assert!(read(&with("plain"), Some("text/plain")).is_ok());
        for media_type in [None, Some("application/json")] {
            let failure = read(&with("{a: 1}"), media_type).expect_err("no JSON");
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(failure.to_string().contains("--data is not JSON"), "{failure}");
        }
    }

    #[test]
    fn what_is_no_file_cannot_be_sent() {
        let folder = BodyArgs { data_file: Some(".".into()), ..args() };
        assert!(read(&folder, None).expect_err("a folder").to_string().contains("it is a folder"));
        let missing = BodyArgs { data_file: Some("no-such-file".into()), ..args() };
        assert!(read(&missing, None).expect_err("missing").to_string().contains("cannot read no-such-file"));
    }

    #[test]
    fn the_name_of_a_file_tells_its_type() {
        let manifest = BodyArgs { data_file: Some("Cargo.toml".into()), ..args() };
        let Content::File(source) = read(&manifest, None).expect("a file") else { panic!("no file") };
        assert!(source.media_type.contains("toml"), "{}", source.media_type);
    }
}
