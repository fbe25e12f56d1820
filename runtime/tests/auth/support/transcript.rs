//! What a run of the tests shows of itself: errors, `Debug` and trace output. A second run, started by the test
//! that looks for secrets, writes it to a directory.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use msgraph_runtime::Error;

/// The variable that names the directory.
pub const DIRECTORY: &str = "AUTH_TRANSCRIPT";

pub fn directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

fn append(file: &str, text: &str) {
    let Some(directory) = directory() else { return };
    let file = OpenOptions::new().create(true).append(true).open(directory.join(file));
    file.and_then(|mut file| writeln!(file, "{text}")).expect("the transcript can be written");
}

/// Keeps an error as everybody could see it: for people, for programmers, and every cause.
pub fn seen(error: &Error) {
    append("seen", &format!("{error}\n{error:?}\n{error:#?}"));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        append("seen", &format!("{error}\n{error:?}"));
        cause = error.source();
    }
}

/// Keeps a `Debug` output.
pub fn shown(value: &dyn std::fmt::Debug) {
    append("seen", &format!("{value:?}\n{value:#?}"));
}

/// Says what must not be seen.
pub fn secret(value: &str) {
    append("secrets", value);
}

/// Collects trace output of everything, from all tests.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        if directory().is_some() {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(Lines::default)
                .finish();
            tracing::subscriber::set_global_default(subscriber).expect("there is no other subscriber");
        }
    });
}

#[derive(Default)]
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        append("seen", &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
