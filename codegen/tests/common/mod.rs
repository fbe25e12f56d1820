//! The folder of fixtures: small CSDL and OpenAPI documents, each of which pins one rule of the generator.
//!
//! A fixture begins with two comments: what its snapshot shows, and the rule in a sentence.

use std::fs;
use std::path::{Path, PathBuf};

use msgraph_codegen::csdl::{self, Document};
use msgraph_codegen::diagnostics::Diagnostics;
use msgraph_codegen::emit::{self, CrateOptions, Files, Manifest};
use msgraph_codegen::model::Model;
use msgraph_codegen::openapi::{self, Paths, Service};
use msgraph_codegen::permissions::PermissionTable;
use msgraph_codegen::plan::{self, Plan};

/// One document of the folder.
#[derive(Clone)]
pub struct Fixture {
    /// The name of its file, without the ending.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// What its snapshot shows: `model`, `operations`, `names`, `error` or files of the emitted crate.
    pub print: Vec<String>,
    /// The rule that it pins.
    pub rule: String,
    /// The whole text.
    pub text: String,
}

/// The folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// All fixtures, by name.
pub fn fixtures() -> Vec<Fixture> {
    let entries = fs::read_dir(folder()).expect("the folder of fixtures can be listed");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "xml" || extension == "yml"));
    paths.sort();
    paths.iter().map(|path| Fixture::read(path)).collect()
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut comments = comments(&text, file.ends_with(".xml")).into_iter();
        let print = comments.next().and_then(|first| first.strip_prefix("print: ").map(str::to_owned));
        let print = print.unwrap_or_else(|| panic!("{name}: the first comment says what to print"));
        let print = print.split_whitespace().map(str::to_owned).collect();
        let rule = comments
            .next()
            .unwrap_or_else(|| panic!("{name}: the second comment says what the fixture pins"));
        Self { name, file, print, rule, text }
    }

    /// Whether the generator is expected to refuse it.
    pub fn is_refused(&self) -> bool {
        self.print == ["error"]
    }

    /// The document, read and checked, and its paths if they are written out in it.
    pub fn read_document(&self) -> Result<(Document, Option<Paths>), Diagnostics> {
        if self.file.ends_with(".yml") {
            let Service { document, paths } = openapi::parse(&[(self.file.clone(), self.text.clone())])?;
            return Ok((document, Some(paths)));
        }
        let document = csdl::parse_xml(&self.file, &self.text)?;
        csdl::check(&self.file, &document).into_result((document, None))
    }

    /// Shows `show` the plan.
    pub fn plan<T>(&self, show: impl FnOnce(&Model<'_>, &Plan<'_>) -> T) -> Result<T, Diagnostics> {
        let (document, paths) = self.read_document()?;
        let model = Model::new(&document);
        let permissions = PermissionTable::default();
        let plan = match paths {
            None => plan::plan(&model, &permissions, "v1.0", &[])?,
            Some(ref paths) => {
                plan::plan_operations(&model, &permissions, "v1.0", paths.operations(&model, &[]))?
            }
        };
        Ok(show(&model, &plan))
    }

    /// The files of the crate, which depends on the runtime at the path `runtime`.
    pub fn emit(&self, runtime: &str) -> Result<Files, Diagnostics> {
        let manifest = Manifest::Standalone { runtime: runtime.to_owned() };
        let options = CrateOptions { name: self.name.clone(), source: self.file.clone(), manifest };
        self.plan(|_, plan| emit::emit(plan, &PermissionTable::default(), &options))
    }
}

/// The comments that a document begins with, each on one line. In YAML a line is a comment.
fn comments(text: &str, is_xml: bool) -> Vec<String> {
    let comments: Vec<_> = if is_xml {
        text.split("-->").map_while(|part| part.trim().strip_prefix("<!-- ")).collect()
    } else {
        text.lines().map_while(|line| line.strip_prefix("# ")).collect()
    };
    comments.iter().map(|comment| comment.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}
