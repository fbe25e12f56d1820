//! The freshness of what is committed: the generator, run in check mode within this process.

use std::path::PathBuf;

use crate::codegen::{self, Args};

#[test]
fn the_committed_crate_is_what_the_metadata_gives() {
    let args = Args { check: true, ..Args::of_the_workspace("v1.0") };
    if let Err(problem) = codegen::run(&args, &crate::workspace(), &mut std::io::sink()) {
        panic!("{problem:#}");
    }
}

#[test]
fn a_crate_that_is_out_of_date_is_refused_with_its_files_and_the_command_that_mends_it() {
    let nowhere: PathBuf = std::env::temp_dir().join(format!("no-crate-{}", std::process::id()));
    let roots = vec!["subscriptions".to_owned()];
    let out = Some(nowhere.clone());
    let args = Args { check: true, roots, out, ..Args::of_the_workspace("v1.0") };
    let problem =
        codegen::run(&args, &crate::workspace(), &mut std::io::sink()).expect_err("nothing is there");
    let problem = format!("{problem:#}");
    assert!(problem.contains("run `cargo xtask codegen"), "{problem}");
    assert!(problem.contains("missing Cargo.toml"), "{problem}");
    assert!(!nowhere.exists(), "a check writes nothing");
}
