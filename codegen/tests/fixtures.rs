//! What the generator makes of each fixture, as snapshots that a person has checked against the rules.

mod common;
mod print;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};

use common::{Fixture, fixtures, folder};
use msgraph_codegen::csdl;

/// The runtime's path in manifests that are only looked at.
const RUNTIME: &str = "../runtime";

#[test]
fn every_fixture_gives_what_its_snapshot_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut failed = Vec::new();
    for fixture in fixtures() {
        settings.set_description(fixture.rule.as_str());
        let check = || insta::assert_snapshot!(fixture.name.as_str(), shown(&fixture));
        if panic::catch_unwind(AssertUnwindSafe(|| settings.bind(check))).is_err() {
            failed.push(fixture.name);
        }
    }
    assert!(
        failed.is_empty(),
        "{} fixtures differ from their snapshots: {}",
        failed.len(),
        failed.join(", ")
    );
}

/// Everything that the fixture asks to be shown.
fn shown(fixture: &Fixture) -> String {
    if fixture.is_refused() {
        return match fixture.plan(|_, _| ()) {
            Ok(()) => panic!("{} is accepted", fixture.name),
            Err(problems) => problems.to_string(),
        };
    }
    let parts = fixture.print.iter().map(|part| match part.as_str() {
        "operations" => accepted(fixture.plan(print::operations)),
        "model" => csdl::projection::write(&accepted(fixture.read_document()).0),
        "names" => accepted(fixture.plan(|_, plan| print::names(plan))),
        file => {
            let files = accepted(fixture.emit(RUNTIME));
            let text = files.get(file).unwrap_or_else(|| panic!("no `{file}` among {:?}", files.keys()));
            format!("{file}\n\n{text}")
        }
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn accepted<T>(result: Result<T, msgraph_codegen::diagnostics::Diagnostics>) -> T {
    result.unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_snapshot_belongs_to_a_fixture() {
    let fixtures: BTreeSet<_> =
        fixtures().iter().map(|fixture| folder().join("snapshots").join(&fixture.name)).collect();
    let entries = fs::read_dir(folder().join("snapshots")).expect("there are snapshots");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    // Beside the snapshots may lie proposals for new ones, which end in `.snap.new`.
    let snapshots = paths.filter(|path| path.extension().is_some_and(|extension| extension == "snap"));
    let snapshots: BTreeSet<_> = snapshots.map(|path| path.with_extension("")).collect();
    let orphans: Vec<_> = snapshots.difference(&fixtures).collect();
    assert!(orphans.is_empty(), "snapshots without a fixture: {orphans:?}");
}

#[test]
fn every_file_of_every_fixture_is_rust_that_parses() {
    let mut problems = Vec::new();
    for fixture in fixtures().iter().filter(|fixture| !fixture.is_refused()) {
        let name = &fixture.name;
        match fixture.emit(RUNTIME) {
            Ok(files) => {
                let sources = files.iter().filter(|(path, _)| path.ends_with(".rs"));
                let parsed = sources.map(|(path, text)| (path, syn::parse_file(text)));
                problems.extend(parsed.filter_map(|(path, r)| Some(format!("{name}: {path}: {}", r.err()?))));
            }
            Err(refusal) => problems.push(format!("{name}: {refusal}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
