//! `cargo xtask compare`: what CSDL and OpenAPI say differently about the same types.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use msgraph_codegen::openapi::compare::{compare, table};

use crate::input;

/// Which documents to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// OpenAPI 3.0 documents (YAML or JSON), read together
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub openapi: Vec<PathBuf>,
    /// API version
    #[arg(long, default_value = "v1.0", value_name = "VERSION")]
    pub api: String,
    /// Another CSDL document (XML) instead of metadata/
    #[arg(long, value_name = "FILE")]
    pub csdl: Option<PathBuf>,
}

/// Prints the table of differences.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let csdl = input::read(workspace, &args.api, args.csdl.as_ref())?;
    let openapi = input::read_openapi(workspace, &args.api, &args.openapi)?;
    let (shared, differences) = compare(&csdl.document, &openapi.document);
    let table = table(shared, &differences);
    Ok(write!(out, "# CSDL and OpenAPI compared\n\n{} and {}.\n\n{table}", csdl.source, openapi.source)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_table_of_differences_is_what_the_documents_give() {
        let workspace = crate::workspace();
        let folder = workspace.join("../shared/metadata/openapi-v1.0");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            eprintln!("SKIPPED: there are no OpenAPI documents in {}", folder.display());
            return;
        };
        let mut openapi: Vec<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
        openapi.sort();
        let args = Args { openapi, api: "v1.0".to_owned(), csdl: None };
        let mut printed = Vec::new();
        run(&args, &workspace, &mut printed).expect("both can be read");
        let committed =
            std::fs::read_to_string(workspace.join("codegen/front-ends.md")).expect("it is there");
        let mend = "write it anew: cargo xtask compare --openapi <the documents> > codegen/front-ends.md";
        assert_eq!(String::from_utf8_lossy(&printed), committed, "{mend}");
    }
}
