//! CSDL from anywhere is refused or gives a plan.
#![no_main]

use libfuzzer_sys::fuzz_target;
use msgraph_codegen::csdl;
use msgraph_codegen::model::Model;
use msgraph_codegen::permissions::PermissionTable;
use msgraph_codegen::plan;

fuzz_target!(|text: &str| {
    let Ok(document) = csdl::parse_xml("fuzz.xml", text) else { return };
    if csdl::check("fuzz.xml", &document).is_empty() {
        // An error is an answer, too.
        let _ = plan::plan(&Model::new(&document), &PermissionTable::default(), "v1.0", &[]);
    }
});
