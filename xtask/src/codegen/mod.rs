//! `cargo xtask codegen`: metadata in, the generated crate out.

mod output;
mod summary;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use msgraph_codegen::emit::{self, CrateOptions, Manifest};
use msgraph_codegen::{inventory, plan};

use crate::input;
use output::Difference;
use summary::Summary;

/// What to generate, from what, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Write nothing; fail if the generated crate is not what the metadata gives
    #[arg(long)]
    pub check: bool,
    /// Only these root resources
    #[arg(long, value_delimiter = ',', value_name = "users,me,…", requires = "out")]
    pub roots: Vec<String>,
    /// API version
    #[arg(long, default_value = "v1.0", value_name = "VERSION")]
    pub api: String,
    /// Another CSDL document (XML) instead of metadata/
    #[arg(long, value_name = "FILE", requires = "out")]
    pub csdl: Option<PathBuf>,
    /// OpenAPI 3.0 documents (YAML or JSON), read together, instead of metadata/
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "out", conflicts_with = "csdl")]
    pub openapi: Vec<PathBuf>,
    /// Another folder instead of generated/; the crate there stands alone
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace files in that folder that are not the generator's
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

impl Args {
    /// Arguments that write `generated/` from `metadata/`.
    pub fn of_the_workspace(api: &str) -> Self {
        let (roots, openapi) = (Vec::new(), Vec::new());
        Self { check: false, roots, api: api.to_owned(), csdl: None, openapi, out: None, overwrite: false }
    }
}

/// Runs the stages and writes, or checks, the crate.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let mut summary = Summary::default();
    let started = Instant::now();
    let input = match args.openapi.as_slice() {
        [] => input::read(workspace, &args.api, args.csdl.as_ref())?,
        files => input::read_openapi(workspace, &args.api, files)?,
    };
    summary.stage("parse", started);

    let started = Instant::now();
    let model = input.model();
    summary.stage("model", started);

    let started = Instant::now();
    let plan = match &input.paths {
        None => plan::plan(&model, &input.permissions, &input.api, &args.roots)?,
        Some(paths) => {
            let operations = paths.operations(&model, &args.roots);
            plan::plan_operations(&model, &input.permissions, &input.api, operations)?
        }
    };
    summary.stage("plan", started);

    let started = Instant::now();
    let options = crate_options(args, workspace, &input.source)?;
    let mut files = emit::emit(&plan, &input.permissions, &options);
    files.extend(inventory::files(&model, &plan, &input.permissions, &input.source));
    summary.stage("emit", started);
    summary.count(&model, &plan, &files)?;

    let started = Instant::now();
    let folder = args.out.clone().unwrap_or_else(|| workspace.join("generated"));
    let mut difference = Difference::new(&folder, &files)?;
    if args.check {
        return check(&difference, args, out);
    }
    difference.claim(args.overwrite)?;
    difference.apply(&folder, &files)?;
    summary.stage("write", started);
    summary.print(&difference, out)
}

fn check(difference: &Difference, args: &Args, out: &mut impl Write) -> Result<()> {
    if difference.is_empty() {
        writeln!(out, "the generated crate is up to date")?;
        return Ok(());
    }
    let out = args.out.as_ref().map_or_else(String::new, |out| format!(" --out {}", out.display()));
    bail!("the generated crate is out of date; run `cargo xtask codegen{out}`\n{difference}")
}

fn crate_options(args: &Args, workspace: &Path, source: &str) -> Result<CrateOptions> {
    let manifest = match &args.out {
        None => Manifest::Member,
        Some(_) => {
            let runtime = std::path::absolute(workspace.join("runtime"))?;
            Manifest::Standalone { runtime: runtime.display().to_string() }
        }
    };
    Ok(CrateOptions { name: "msgraph".to_owned(), source: source.to_owned(), manifest })
}
