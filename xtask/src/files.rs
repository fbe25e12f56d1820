//! Writes files so that each is either the old or the new one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Writes the files that differ from what is there, and returns their paths as given.
///
/// All texts are first written beside their targets and only then moved there, so that a full disk leaves the old
/// files whole. Files that would not change are not touched.
pub fn write_changed(folder: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut staged = Staged::default();
    let mut written = Vec::new();
    for (path, text) in files {
        let target = folder.join(path);
        if std::fs::read(&target).is_ok_and(|old| old == text.as_bytes()) {
            continue;
        }
        staged.add(target, text)?;
        written.push(path.clone());
    }
    staged.commit()?;
    Ok(written)
}

/// New files that wait beside their targets. Those that are not moved to them are removed.
#[derive(Default)]
struct Staged {
    moves: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    fn add(&mut self, target: PathBuf, text: &str) -> Result<()> {
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(".new");
        let source = target.with_file_name(name);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        self.moves.push((source.clone(), target));
        std::fs::write(&source, text).with_context(|| format!("cannot write {}", source.display()))
    }

    fn commit(mut self) -> Result<()> {
        while let Some((source, target)) = self.moves.last() {
            std::fs::rename(source, target).with_context(|| format!("cannot write {}", target.display()))?;
            self.moves.pop();
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (source, _) in &self.moves {
            // What cannot be removed is left for the next import to overwrite.
            let _ = std::fs::remove_file(source);
        }
    }
}
