//! Decides what an import writes, without writing it.
//!
//! In: the arguments and the documents they name. Out: the files to be and the tables to print, or all problems.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail, ensure};
use msgraph_codegen::clouds::{Cloud, Clouds};
use msgraph_codegen::csdl::{self, Document, Tally};
use msgraph_codegen::diagnostics::{Diagnostics, Position};
use msgraph_codegen::permissions::{self, PermissionTable};
use serde_json::Value;
use toml::value::{Date, Datetime};

use super::output::Table;
use super::sources::{DocumentKind, Key, Origin, Source, Sources};
use super::{CloudDocument, ImportArgs};

/// A larger input is no metadata document; the largest known one has 4 MB.
pub(super) const SIZE_LIMIT: u64 = 64 << 20;

/// What an import writes and prints.
pub(super) struct Plan {
    /// Texts by their paths under the metadata folder, with `/` between folders.
    pub(super) files: BTreeMap<String, String>,
    /// What was read, kept and dropped, one table per document.
    pub(super) tables: Vec<Table>,
}

/// Reads and checks all inputs.
pub(super) fn plan(args: &ImportArgs, metadata: &Path) -> Result<Plan> {
    check_arguments(args)?;
    let mut importer = Importer {
        args,
        files: BTreeMap::new(),
        tables: Vec::new(),
        sources: Sources::read(metadata)?,
        diagnostics: Diagnostics::new(),
    };
    for (api, path) in args.api.iter().zip(&args.csdl) {
        importer.csdl(api, path);
    }
    if let (Some(documented), Some(provisioned)) = (&args.permissions, &args.provisioning) {
        importer.permissions(documented, provisioned);
    }
    importer.clouds();
    ensure!(importer.diagnostics.is_empty(), "{}", importer.diagnostics);
    importer.files.insert(Sources::FILE.to_owned(), importer.sources.write());
    Ok(Plan { files: importer.files, tables: importer.tables })
}

fn check_arguments(args: &ImportArgs) -> Result<()> {
    ensure!(
        args.api.len() == args.csdl.len(),
        "there are {} `--api` for {} `--csdl`: give one for each, in the same order",
        args.api.len(),
        args.csdl.len()
    );
    let distinct: BTreeSet<_> = args.api.iter().collect();
    ensure!(
        distinct.len() == args.api.len(),
        "one `--api` is given twice: an API version has one CSDL document"
    );
    ensure!(
        args.permissions.is_some() == args.provisioning.is_some(),
        "`--permissions` and `--provisioning` make one table: give both or none"
    );
    for api in args.cloud.iter().map(|document| &document.api) {
        let clouds: Vec<_> = args
            .cloud
            .iter()
            .filter(|document| document.api == *api)
            .map(|document| document.cloud)
            .collect();
        let distinct: BTreeSet<_> = clouds.iter().collect();
        ensure!(
            distinct.len() == clouds.len() && clouds.contains(&Cloud::Global) && clouds.len() > 1,
            "the clouds of {api} make one comparison: give `--cloud {api}/global=FILE` and others, each once"
        );
    }
    if args.csdl.is_empty() && args.permissions.is_none() && args.cloud.is_empty() {
        bail!(
            "there is nothing to import: give `--api` and `--csdl`, `--permissions` and `--provisioning`, or `--cloud`"
        );
    }
    Ok(())
}

/// The name of an API version, which becomes the name of a folder.
pub(super) fn api_version(text: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_part) {
        Ok(text.to_owned())
    } else {
        Err("an API version has only letters, digits, `.`, `-` and `_`, such as `v1.0` or `beta`".to_owned())
    }
}

/// `v1.0/china=FILE`.
pub(super) fn cloud(text: &str) -> Result<CloudDocument, String> {
    let parts = text.split_once('=').and_then(|(name, file)| Some((name.split_once('/')?, file)));
    let Some(((api, cloud), file)) = parts else {
        return Err("write API version, cloud and file as in `v1.0/china=v1.0-Mooncake.csdl`".to_owned());
    };
    Ok(CloudDocument { api: api_version(api)?, cloud: cloud.parse()?, file: file.into() })
}

/// A day.
pub(super) fn date(text: &str) -> Result<Date, String> {
    match text.parse() {
        Ok(Datetime { date: Some(date), time: None, offset: None }) => Ok(date),
        _ => Err("write the day as in 2026-01-31".to_owned()),
    }
}

/// A document that was read.
struct Input {
    /// The file's own name, without folders, so that no path of this machine gets into the metadata.
    file: String,
    text: String,
}

struct Importer<'a> {
    args: &'a ImportArgs,
    files: BTreeMap<String, String>,
    tables: Vec<Table>,
    sources: Sources,
    diagnostics: Diagnostics,
}

impl Importer<'_> {
    fn csdl(&mut self, api: &str, path: &Path) {
        let Some(input) = self.read(path) else { return };
        let parsed = match csdl::xml::parse_counted(&input.file, &input.text) {
            Ok(parsed) => parsed,
            Err(problems) => return self.diagnostics.extend(problems),
        };
        self.diagnostics.extend(csdl::check(&input.file, &parsed.document));
        let (document, mut tally) = csdl::facts(parsed.document);
        parsed.ignored.iter().for_each(|(what, number)| tally.add(what, *number, false));
        self.files.insert(format!("{api}/csdl.json"), csdl::projection::write(&document));
        self.note(Key { document: DocumentKind::Csdl, api: Some(api.to_owned()), cloud: None }, path, &input);
        self.tables.push(Table { title: format!("{api}: {}", input.file), tally });
    }

    fn permissions(&mut self, documented_path: &Path, provisioned_path: &Path) {
        let (documented, provisioned) = (self.read(documented_path), self.read(provisioned_path));
        let (Some(documented), Some(provisioned)) = (documented, provisioned) else { return };
        let table = permissions::parse_upstream(
            &documented.file,
            &documented.text,
            &provisioned.file,
            &provisioned.text,
        );
        match table {
            Ok(table) => {
                self.files.insert("permissions.json".to_owned(), permissions::write(&table));
                let key = |document| Key { document, api: None, cloud: None };
                self.note(key(DocumentKind::Permissions), documented_path, &documented);
                self.note(key(DocumentKind::Provisioning), provisioned_path, &provisioned);
                let title = format!("permissions: {}, {}", documented.file, provisioned.file);
                let tally = permission_tally(&table, &documented.text, &provisioned.text);
                self.tables.push(Table { title, tally });
            }
            Err(problems) => self.diagnostics.extend(problems),
        }
    }

    /// Reads a file; a problem and nothing if that fails.
    fn read(&mut self, path: &Path) -> Option<Input> {
        let shown = path.display().to_string();
        let result = match std::fs::metadata(path) {
            Ok(file) if file.len() > SIZE_LIMIT => Err(format!("has more than {} MB", SIZE_LIMIT >> 20)),
            Ok(_) => std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}")),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        match result {
            Ok(text) => {
                let file = path.file_name().map_or(shown, |name| name.to_string_lossy().into_owned());
                Some(Input { file, text })
            }
            Err(message) => {
                self.diagnostics.push(&shown, Position::default(), message);
                None
            }
        }
    }

    /// What the clouds of each API version lack.
    fn clouds(&mut self) {
        let mut versions = BTreeMap::<String, BTreeMap<Cloud, Document>>::new();
        for CloudDocument { api, cloud, file } in &self.args.cloud {
            let Some(input) = self.read(file) else { continue };
            match csdl::parse_xml(&input.file, &input.text) {
                Ok(document) => {
                    self.diagnostics.extend(csdl::check(&input.file, &document));
                    versions.entry(api.clone()).or_default().insert(*cloud, document);
                }
                Err(problems) => self.diagnostics.extend(problems),
            }
            let (document, api) = (DocumentKind::Cloud, Some(api.clone()));
            self.note(Key { document, api, cloud: Some(*cloud) }, file, &input);
        }
        for (api, documents) in versions {
            let Some(global) = documents.get(&Cloud::Global) else { continue };
            let others = documents.iter().filter(|(cloud, _)| **cloud != Cloud::Global);
            let clouds = Clouds::compare(global, others.clone().map(|(cloud, document)| (*cloud, document)));
            let mut tally = Tally::default();
            for (cloud, _) in others {
                tally.add(&format!("absent in {}", cloud.as_str()), clouds.count(*cloud).unwrap_or(0), true);
            }
            self.files.insert(format!("{api}/clouds.json"), clouds.write());
            self.tables.push(Table { title: format!("{api}: clouds"), tally });
        }
    }

    /// Notes where a document comes from.
    fn note(&mut self, key: Key, path: &Path, input: &Input) {
        let Input { file, text } = input;
        let given = || Origin { url: self.args.origin.clone(), date: self.args.date, ..Origin::default() };
        let origin = self.args.origins.get(path).cloned().unwrap_or_else(given);
        self.sources.put(Source::new(key, file.clone(), origin, text));
    }
}

/// Compares the permission table with the documents it was made of.
fn permission_tally(table: &PermissionTable, documented: &str, provisioned: &str) -> Tally {
    let documented: Value = serde_json::from_str(documented).unwrap_or_default();
    let provisioned: Value = serde_json::from_str(provisioned).unwrap_or_default();
    let permissions = documented["permissions"].as_object();
    let deployments = provisioned["permissionDeployments"].as_object();
    let names: BTreeSet<_> =
        permissions.into_iter().chain(deployments).flat_map(|permissions| permissions.keys()).collect();
    let sets = permissions.into_iter().flat_map(|permissions| permissions.values());
    let sets: Vec<_> = sets.filter_map(|permission| permission["pathSets"].as_array()).flatten().collect();
    let paths = sets.iter().filter_map(|set| set["paths"].as_object()).map(serde_json::Map::len).sum();
    let deployments = deployments.into_iter().flat_map(|permissions| permissions.values());
    let deployments = deployments.filter_map(Value::as_array).map(Vec::len).sum();

    let kept_sets = || table.permissions.iter().flat_map(|permission| &permission.path_sets);
    let facts = table.permissions.iter().flat_map(|permission| permission.schemes.values());
    let mut tally = Tally::default();
    let mut add = |kind: &str, read: usize, kept: usize| {
        tally.add(kind, kept, true);
        tally.add(kind, read.saturating_sub(kept), false);
    };
    add("permission", names.len(), table.permissions.len());
    add("path set", sets.len(), kept_sets().count());
    add("path", paths, kept_sets().map(|set| set.paths.len()).sum());
    add("deployment", deployments, facts.filter(|facts| facts.id.is_some()).count());
    tally
}
