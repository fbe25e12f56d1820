//! Files that somebody names: read only if they have an end, and only so far as what is in them can be right.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// No list of permissions and no lock file is longer.
const LONGEST_TEXT: u64 = 16 << 20;

/// Opens a regular file. Anything else may have no end, or wait for somebody for ever, and is not even opened.
pub fn open(path: &Path) -> Result<(File, Metadata)> {
    let unreadable = || format!("cannot read {}", path.display());
    let metadata = std::fs::metadata(path).with_context(unreadable)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "it is a folder" } else { "it is no regular file" };
        bail!("{}: {what}", unreadable());
    }
    Ok((File::open(path).with_context(unreadable)?, metadata))
}

/// Reads a file of text.
pub fn text(path: &Path) -> Result<String> {
    text_of(open(path)?.0, &path.display().to_string())
}

/// Reads text to its end.
pub fn text_of(source: impl Read, name: &str) -> Result<String> {
    let bytes = bytes_of(source, name, LONGEST_TEXT)?;
    String::from_utf8(bytes).with_context(|| format!("cannot read {name}: it is not UTF-8 text"))
}

/// Reads at most so many bytes; that there are more is an error.
pub fn bytes_of(source: impl Read, name: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > most {
        bail!("cannot read {name}: it is longer than {} MiB", most >> 20);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        let error = text_of(std::io::repeat(b'a'), "standard input").expect_err("endless");
        assert_eq!(error.to_string(), "cannot read standard input: it is longer than 16 MiB");
        let error = text(Path::new(".")).expect_err("a folder");
        assert_eq!(error.to_string(), "cannot read .: it is a folder");
        #[cfg(unix)]
        assert!(text(Path::new("/dev/zero")).expect_err("a device").to_string().contains("no regular file"));
    }

    #[test]
    fn what_is_no_text_is_said_to_be_none() {
        let error = text_of(&b"\xff"[..], "list").expect_err("no text");
        assert_eq!(error.to_string(), "cannot read list: it is not UTF-8 text");
    }
}
