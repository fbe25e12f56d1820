//! OpenAPI from anywhere is refused or gives a plan.
#![no_main]

use libfuzzer_sys::fuzz_target;
use msgraph_codegen::model::Model;
use msgraph_codegen::openapi;
use msgraph_codegen::permissions::PermissionTable;
use msgraph_codegen::plan;

fuzz_target!(|text: &str| {
    let Ok(service) = openapi::parse(&[("fuzz.yml".to_owned(), text.to_owned())]) else { return };
    let model = Model::new(&service.document);
    let operations = service.paths.operations(&model, &[]);
    // An error is an answer, too.
    let _ = plan::plan_operations(&model, &PermissionTable::default(), "v1.0", operations);
});
