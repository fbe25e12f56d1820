//! What a small program weighs: three operations, against the same three on bare reqwest and serde_json.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::folder;
use super::measure::measure;
use crate::cargo;

/// A program: its name, its source, and what it depends on.
struct Program {
    name: &'static str,
    source: &'static str,
    dependencies: fn(&Path) -> String,
}

const PROGRAMS: [Program; 2] = [
    Program {
        name: "bare",
        source: include_str!("size/bare.rs"),
        // As much of it as the runtime has of hyper.
        dependencies: |_| {
            "reqwest = { version = \"0.13\", default-features = false, features = [\"http2\", \"rustls-no-provider\", \
             \"stream\", \"system-proxy\"] }\n\
             rustls = { version = \"0.23\", default-features = false, features = [\"ring\", \"std\", \"tls12\"] }\n\
             rustls-platform-verifier = \"0.7\"\n\
             serde = { version = \"1\", features = [\"derive\"] }\n\
             serde_json = \"1\"\n"
                .to_owned()
        },
    },
    Program {
        name: "typed",
        source: include_str!("size/typed.rs"),
        dependencies: |workspace| {
            let path = workspace.join("generated");
            format!(
                "msgraph = {{ path = {path:?}, default-features = false, features = [\"me\", \"users\"] }}\n"
            )
        },
    },
];

/// Builds both and prints their sizes.
pub fn run(workspace: &Path, out: &mut impl Write) -> Result<()> {
    let mut sizes = Vec::new();
    for program in &PROGRAMS {
        sizes.push(program.size(workspace)?);
    }
    writeln!(out, "| program | bytes | against bare |\n|---|---|---|")?;
    for (program, size) in PROGRAMS.iter().zip(&sizes) {
        let more = *size as f64 / sizes[0] as f64 * 100.0 - 100.0;
        writeln!(out, "| {} | {size} | {more:+.1} % |", program.name)?;
    }
    Ok(())
}

impl Program {
    /// The size in bytes of the program, built for release and stripped.
    fn size(&self, workspace: &Path) -> Result<u64> {
        let folder = folder(workspace).join("size");
        let package = folder.join(self.name);
        let manifest = format!(
            "[package]\nname = \"{}\"\nedition = \"2024\"\n\n[dependencies]\n{}\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\n\
             [profile.release]\nstrip = true\n\n[workspace]\n",
            self.name,
            (self.dependencies)(workspace)
        );
        let write = |file: &str, text: &[u8]| {
            let file = package.join(file);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
        };
        fs::create_dir_all(package.join("src")).context("cannot make a package")?;
        write("Cargo.toml", manifest.as_bytes())?;
        write("src/main.rs", self.source.as_bytes())?;
        // The same versions of the same libraries in both.
        write("Cargo.lock", &fs::read(workspace.join("Cargo.lock")).context("cannot read Cargo.lock")?)?;
        let target = folder.join("target");
        let mut command = cargo::command(&package);
        measure(command.args(["build", "--release", "--quiet", "--target-dir"]).arg(&target))?;
        let built = target.join("release").join(self.name).with_extension(std::env::consts::EXE_EXTENSION);
        let size = fs::metadata(&built).with_context(|| format!("there is no {}", built.display()))?;
        Ok(size.len())
    }
}
