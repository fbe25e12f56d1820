//! Where an answer goes: to a terminal, made for people; anywhere else as it came. A file is there as a whole or not at
//! all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempPath;

use crate::screen;

/// A place for one answer.
pub struct Output<'a> {
    place: Place<'a>,
    /// What it is called in errors.
    name: String,
}

enum Place<'a> {
    /// Standard output that is a terminal, with a writer that knows of colours.
    Terminal(&'a mut dyn Write),
    /// Standard output that is a pipe or a file.
    Pipe(BufWriter<StdoutLock<'static>>),
    /// Something that cannot be replaced, such as a device.
    Device(File),
    /// A file that takes its place when it is complete.
    File { temporary: BufWriter<File>, name: TempPath, target: PathBuf },
}

impl<'a> Output<'a> {
    /// Opens a place: the file, or else standard output, as for `-`.
    pub fn open(path: Option<&Path>, terminal: &'a mut dyn Write) -> Result<Self> {
        let path = path.filter(|path| path.as_os_str() != "-");
        let name = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        let place = match path {
            Some(path) => open_file(path).with_context(|| format!("cannot write {name}"))?,
            None if screen::is_terminal() => Place::Terminal(terminal),
            None => Place::Pipe(BufWriter::new(screen::pipe())),
        };
        Ok(Self { place, name })
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
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        if let Place::File { temporary, name, target } = self.place {
            let place = || -> io::Result<()> {
                temporary.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                name.persist(&target).map_err(|error| error.error)
            };
            place().with_context(|| format!("cannot write {}", self.name))?;
        }
        Ok(())
    }
}

fn open_file<'a>(path: &Path) -> Result<Place<'a>> {
    let target = follow(path)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = match target.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
        Ok(metadata) if metadata.is_dir() => bail!("it is a folder"),
        Ok(metadata) if !metadata.is_file() => return device(&target, &metadata),
        // Its owner may replace it all the same, which is not what a file is made read-only for.
        Ok(metadata) if metadata.permissions().readonly() => bail!("it is read-only"),
        Ok(metadata) => {
            OpenOptions::new().write(true).open(&target)?;
            Some(metadata.permissions())
        }
    };
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        bail!("it is a folder that does not exist");
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".msgraph-");
    #[cfg(unix)]
    if permissions.is_none() {
        builder.permissions(PermissionsExt::from_mode(0o666));
    }
    // Errors of the library name the temporary file, of which nobody has heard.
    let temporary = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    let (temporary, name) = temporary.into_parts();
    if let Some(permissions) = permissions {
        // Other bits, such as that for running as its owner, were granted to what it held.
        #[cfg(unix)]
        let permissions = PermissionsExt::from_mode(PermissionsExt::mode(&permissions) & 0o777);
        temporary.set_permissions(permissions)?;
    }
    Ok(Place::File { temporary: BufWriter::new(temporary), name, target })
}

/// Where the links lead that a path may be, though nothing may be there yet: a link stays one, and leads to the new file.
fn follow(path: &Path) -> Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST {
        match std::fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            // It is no link, or is not there.
            Err(_) => return Ok(target),
        }
    }
    bail!("its links lead nowhere")
}

/// Opens a device. Of what else there is, a pipe waits for a reader, and a terminal obeys what it reads.
fn device<'a>(path: &Path, metadata: &std::fs::Metadata) -> Result<Place<'a>> {
    #[cfg(unix)]
    let is_device = std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type());
    #[cfg(not(unix))]
    let is_device = !metadata.is_file();
    if is_device {
        let device = OpenOptions::new().write(true).open(path)?;
        if !device.is_terminal() {
            return Ok(Place::Device(device));
        }
    }
    bail!("it is neither a file nor a plain device: leave --output out, and lead standard output there")
}

impl Output<'_> {
    fn place(&mut self) -> &mut dyn Write {
        match &mut self.place {
            Place::Terminal(out) => out,
            Place::Pipe(out) => out,
            Place::Device(file) => file,
            Place::File { temporary, .. } => temporary,
        }
    }

    /// An error that says where it could not be written.
    fn named(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("cannot write {}: {error}", self.name)),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.place().write(bytes).map_err(|error| self.named(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.place().flush().map_err(|error| self.named(error))
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

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_mode_and_one_that_is_read_only_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "old").expect("written");
        let mode = || path.metadata().expect("there").permissions().mode() & 0o777;
        for kept in [0o600, 0o640, 0o755] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(kept)).expect("set");
            write(&path, "new", true).expect("written");
            assert_eq!(mode(), kept);
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).expect("set");
        let error = format!("{:#}", write(&path, "other", true).expect_err("read-only"));
        assert!(error.starts_with(&format!("cannot write {}", path.display())), "{error}");
        assert!(error.ends_with("it is read-only"), "{error}");
        assert_eq!((std::fs::read_to_string(&path).expect("there").as_str(), mode()), ("new", 0o400));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_leads_to_the_new_file() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        symlink("second", place("first")).expect("a link");
        symlink("file", place("second")).expect("a link");
        write(&place("first"), "new", true).expect("written");
        assert!(place("first").is_symlink() && place("second").is_symlink());
        assert_eq!(std::fs::read_to_string(place("file")).expect("a file"), "new");
        symlink("loop", place("loop")).expect("a link");
        assert!(write(&place("loop"), "x", true).is_err());
        symlink("missing/file", place("lost")).expect("a link");
        let error = format!("{:#}", write(&place("lost"), "x", true).expect_err("no folder"));
        assert!(error.contains("lost") && !error.contains(".msgraph-"), "{error}");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().to_owned(), folder.path().join("new/")] {
            let error = format!("{:#}", write(&path, "x", true).expect_err("a folder"));
            assert!(error.contains("it is a folder"), "{error}");
        }
        #[cfg(target_os = "linux")]
        {
            let full = write(Path::new("/dev/full"), "x", true).expect_err("it is full");
            assert!(format!("{full:#}").starts_with("cannot write /dev/full: "), "{full:#}");
        }
    }
}
