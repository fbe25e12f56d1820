//! What the generator emits is accepted by the compiler, for every fixture.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Fixture, fixtures};

/// The crates of all fixtures are one workspace, so that one run of Cargo checks them all and what they stand on is
/// built once.
#[test]
fn the_crate_of_every_fixture_compiles_without_warnings() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the crates of the last run can be deleted");
    }
    let fixtures: Vec<_> = fixtures().into_iter().filter(|fixture| !fixture.is_refused()).collect();
    fixtures.iter().for_each(|fixture| write_crate(&folder, fixture));
    let members: String = fixtures.iter().map(|fixture| format!("    \"{}\",\n", fixture.name)).collect();
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n");
    fs::write(folder.join("Cargo.toml"), manifest).expect("files can be written");
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock"))
        .expect("the workspace has a lock file");
    check(&folder, &["--workspace", "--features", "full", "--keep-going"]);
    // Types and fields come and go with the features, so each root has to do alone, too.
    for root in ["me", "service-groups", "users"] {
        check(&folder, &["--package", "features", "--no-default-features", "--features", root]);
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write_crate(folder: &Path, fixture: &Fixture) {
    let Fixture { name, rule, .. } = fixture;
    let files = fixture.emit(&workspace().join("runtime").to_string_lossy());
    for (path, mut text) in files.unwrap_or_else(|problems| panic!("{name} ({rule}): {problems}")) {
        if path == "Cargo.toml" {
            // Here it is a member, not a workspace of its own, and needs no transport to be checked.
            text = text.replace("\n[workspace]\n", "").replace("{ path", "{ default-features = false, path");
        }
        let path = folder.join(name).join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
}

fn check(folder: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"))
        .env("RUSTFLAGS", "--deny warnings")
        .output()
        .expect("Cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
