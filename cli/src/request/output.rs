//! Where an answer goes: to a terminal, made for people; anywhere else as it came. A file is there as a whole or not at
//! all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::screen;

/// A place for one answer.
pub struct Output<'a> {
    place: Place<'a>,
}

enum Place<'a> {
    /// Standard output that is a terminal, with a writer that knows of colours.
    Terminal(&'a mut dyn Write),
    /// Standard output that is a pipe or a file.
    Pipe(BufWriter<StdoutLock<'static>>),
    /// Something that cannot be replaced, such as a device.
    Device(File),
    /// A file that takes its place when it is complete.
    File { temporary: BufWriter<NamedTempFile>, path: PathBuf },
}

impl<'a> Output<'a> {
    /// Opens a place: the file, or else standard output, as for `-`.
    pub fn open(path: Option<&Path>, terminal: &'a mut dyn Write) -> Result<Self> {
        let place = match path.filter(|path| path.as_os_str() != "-") {
            Some(path) => open_file(path).with_context(|| format!("cannot write {}", path.display()))?,
            None if screen::is_terminal() => Place::Terminal(terminal),
            None => Place::Pipe(BufWriter::new(screen::pipe())),
        };
        Ok(Self { place })
    }

    /// Whether a person reads it.
    pub fn is_terminal(&self) -> bool {
        matches!(self.place, Place::Terminal(_))
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        matches!(self.place, Place::Device(_) | Place::File { .. })
    }

    /// Writes the last bytes, and puts the file where it belongs.
    pub fn finish(self) -> Result<()> {
        match self.place {
            Place::Terminal(out) => out.flush()?,
            Place::Pipe(mut out) => out.flush()?,
            Place::Device(_) => {}
            Place::File { temporary, path } => {
                let place = || -> io::Result<()> {
                    let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
                    temporary.as_file().sync_all()?;
                    temporary.persist(&path)?;
                    Ok(())
                };
                place().with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }
}

fn open_file<'a>(path: &Path) -> io::Result<Place<'a>> {
    // A link stays one, and leads to the new file.
    let target = path.canonicalize();
    match target.as_ref().map(|target| target.metadata()) {
        Ok(Ok(metadata)) if !metadata.is_file() => {
            return OpenOptions::new().write(true).open(path).map(Place::Device);
        }
        _ => {}
    }
    let path = target.unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".msgraph-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(folder)?;
    Ok(Place::File { temporary: BufWriter::new(temporary), path })
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Terminal(out) => out.write(bytes),
            Place::Pipe(out) => out.write(bytes),
            Place::Device(file) => file.write(bytes),
            Place::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Terminal(out) => out.flush(),
            Place::Pipe(out) => out.flush(),
            Place::Device(file) => file.flush(),
            Place::File { temporary, .. } => temporary.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, finish: bool) -> Result<()> {
        let mut nowhere = io::sink();
        let mut output = Output::open(Some(path), &mut nowhere)?;
        output.write_all(text.as_bytes())?;
        if finish { output.finish() } else { Ok(()) }
    }

    #[test]
    fn a_file_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answer.json");
        write(&path, "half", false).expect("written");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        write(&path, "whole", true).expect("written");
        write(&path, "other", false).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "whole");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_a_device_is_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        write(&link, "new", true).expect("written");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), "new");
        write(Path::new("/dev/null"), "gone", true).expect("written");
        assert!(!std::fs::metadata("/dev/null").expect("there").is_file());
    }
}
