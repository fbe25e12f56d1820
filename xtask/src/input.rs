//! What the generator reads: the project's own metadata, or other documents with the project's permissions.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use msgraph_codegen::clouds::Clouds;
use msgraph_codegen::csdl::{self, Document};
use msgraph_codegen::fixups;
use msgraph_codegen::model::Model;
use msgraph_codegen::openapi::{self, Paths};
use msgraph_codegen::permissions::{self, PermissionTable};

use crate::metadata::permissions_date;

/// A document and the permission table that goes with it.
pub struct Input {
    /// The API version.
    pub api: String,
    /// Where the document comes from, as it stands in generated files.
    pub source: String,
    /// The document.
    pub document: Document,
    /// The paths, if they are written out in the document instead of following from it.
    pub paths: Option<Paths>,
    /// The permissions.
    pub permissions: PermissionTable,
    /// What other clouds lack.
    pub clouds: Clouds,
}

impl Input {
    /// The document with its names resolved.
    pub fn model(&self) -> Model<'_> {
        Model::new(&self.document).with_clouds(self.clouds.clone())
    }
}

/// Reads `metadata/<api>/csdl.json`, or the CSDL XML document `csdl`, and the permission table, both with the fix-ups
/// for that document.
pub fn read(workspace: &Path, api: &str, csdl: Option<&PathBuf>) -> Result<Input> {
    let files = |path: &str| {
        let path = workspace.join(path);
        if path.exists() { text(&path).map(Some) } else { Ok(None) }
    };
    let Some(file) = csdl else { return read_from(api, files) };
    let document = csdl::parse_xml(&file.display().to_string(), &text(file)?)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    fixed(api, file_name(file), &format!("{api}/{stem}"), document, files)
}

/// Reads the project's metadata from wherever `files` finds the text of a path such as `metadata/permissions.json`.
pub fn read_from(api: &str, files: impl Fn(&str) -> Result<Option<String>>) -> Result<Input> {
    let name = format!("metadata/{api}/csdl.json");
    let Some(text) = files(&name)? else {
        bail!(
            "there is no {name}; give a document with --csdl, or import one with `cargo xtask metadata import --api \
             {api} --csdl FILE`"
        );
    };
    let document = csdl::projection::read(&name, &text)?;
    let path = format!("metadata/{api}/clouds.json");
    let clouds = files(&path)?.map(|text| Clouds::read(&path, &text)).transpose()?.unwrap_or_default();
    Ok(Input { clouds, ..fixed(api, format!("metadata/{api}"), api, document, files)? })
}

/// Joins a document, which fix-ups know as `name`, with the permission table, and corrects and checks both.
fn fixed(
    api: &str,
    source: String,
    name: &str,
    mut document: Document,
    files: impl Fn(&str) -> Result<Option<String>>,
) -> Result<Input> {
    let table = files(PERMISSIONS)?.with_context(|| format!("there is no {PERMISSIONS}"))?;
    let mut permissions = permissions::read(PERMISSIONS, &table)?;
    permissions.date = files(SOURCES)?.map(|text| permissions_date(&text)).transpose()?.flatten();
    let fixups = fixups::read(FIXUPS, &files(FIXUPS)?.unwrap_or_default())?;
    fixups.apply(name, &mut document, &mut permissions)?;
    csdl::check(&source, &document).into_result(())?;
    Ok(Input { api: api.to_owned(), source, document, paths: None, permissions, clouds: Clouds::default() })
}

/// Reads OpenAPI documents together, and the permission table. Fix-ups are for CSDL.
pub fn read_openapi(workspace: &Path, api: &str, files: &[PathBuf]) -> Result<Input> {
    let read = |file: &PathBuf| Ok((file.display().to_string(), text(file)?));
    let documents = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let openapi::Service { document, paths } = openapi::parse(&documents)?;
    let names: Vec<_> = files.iter().map(|file| file_name(file)).collect();
    let permissions = permissions::read(PERMISSIONS, &text(&workspace.join(PERMISSIONS))?)?;
    Ok(Input {
        api: api.to_owned(),
        source: names.join(", "),
        document,
        paths: Some(paths),
        permissions,
        clouds: Clouds::default(),
    })
}

/// The permission table.
const PERMISSIONS: &str = "metadata/permissions.json";

/// When the permission table was published, among others.
const SOURCES: &str = "metadata/sources.toml";

/// Where upstream's data is corrected.
const FIXUPS: &str = "metadata/fixups.toml";

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
