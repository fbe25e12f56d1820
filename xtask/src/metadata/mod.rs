//! `cargo xtask metadata`: upstream's documents to the project's own metadata.
//!
//! In: CSDL XML, the permission document and the provisioning document, as published. Out: their facts in
//! `metadata/`, and in `metadata/sources.toml` where they come from. The same inputs give the same bytes, and unless
//! all inputs are in order nothing is written.

mod fetch;
mod output;
mod plan;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
pub use fetch::{FetchArgs, fetch};
use msgraph_codegen::clouds::Cloud;
use sources::{Origin, Sources};
use toml::value::Date;

/// The day of the permission table, as `metadata/sources.toml` tells it.
pub fn permissions_date(sources: &str) -> anyhow::Result<Option<String>> {
    Sources::permissions_date(sources)
}

/// What to import.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ImportArgs {
    /// API version of the CSDL document, such as `v1.0`; one for each `--csdl`, in the same order
    #[arg(long, value_parser = plan::api_version)]
    pub api: Vec<String>,
    /// CSDL XML document
    #[arg(long, value_name = "FILE")]
    pub csdl: Vec<PathBuf>,
    /// Permission document (permissions.json)
    #[arg(long, value_name = "FILE", requires = "provisioning")]
    pub permissions: Option<PathBuf>,
    /// Provisioning document (provisioningInfo.json)
    #[arg(long, value_name = "FILE", requires = "permissions")]
    pub provisioning: Option<PathBuf>,
    /// Raw CSDL document of a cloud (global, us-government, china) and an API version; all clouds of a version together
    #[arg(long, value_name = "VERSION/CLOUD=FILE", value_parser = plan::cloud)]
    pub cloud: Vec<CloudDocument>,
    /// Where the documents of this import come from, at best with the commit
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
    /// The day on which they were published there
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = plan::date)]
    pub date: Option<Date>,
    /// Where each file comes from, if it was fetched.
    #[arg(skip)]
    pub origins: BTreeMap<PathBuf, Origin>,
}

/// The document of a cloud.
#[derive(Clone, Debug)]
pub struct CloudDocument {
    /// The API version.
    pub api: String,
    /// The cloud.
    pub cloud: Cloud,
    /// The file.
    pub file: PathBuf,
}

/// The file in the metadata folder that says where everything comes from.
pub const SOURCES: &str = Sources::FILE;

/// The day of the newest document that such a file names.
///
/// # Errors
/// If the text is not as an import wrote it.
pub fn newest(sources: &str) -> anyhow::Result<Option<String>> {
    let sources: Sources =
        toml::from_str(sources).with_context(|| format!("{SOURCES} is not as an import wrote it"))?;
    Ok(sources.newest().map(|day| day.to_string()))
}

/// Imports documents into the folder `metadata` and reports to `out` what was read, kept and dropped.
///
/// # Errors
/// All problems of all inputs, each with its place; nothing is written then. Also if `metadata` cannot be written.
pub fn import(args: &ImportArgs, metadata: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let plan = plan::plan(args, metadata)?;
    let written = crate::files::write_changed(metadata, &plan.files)?;
    plan.tables
        .iter()
        .try_for_each(|table| table.print(out))
        .and_then(|()| match written.as_slice() {
            [] => writeln!(out, "nothing changed"),
            files => files.iter().try_for_each(|file| writeln!(out, "wrote {file}")),
        })
        .context("cannot print the report")
}
