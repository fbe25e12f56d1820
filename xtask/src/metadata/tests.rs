//! Imports into a folder of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ImportArgs, import};

const CSDL: &str = r#"<Edmx><DataServices><Schema Namespace="ns">
<EntityType Name="user"><Property Name="id" Type="Edm.String"/></EntityType>
<Annotations Target="ns.user"><Annotation Term="Org.OData.Core.V1.Description" String="A user of the service."/></Annotations>
<EntityContainer Name="Service"><EntitySet Name="users" EntityType="ns.user"/></EntityContainer>
</Schema></DataServices></Edmx>"#;

const PERMISSIONS: &str = r#"{"permissions": {"User.Read": {
    "schemes": {"DelegatedWork": {"adminDescription": "Reads users.", "requiresAdminConsent": false, "privilegeLevel": 1}},
    "pathSets": [{"schemeKeys": ["DelegatedWork"], "methods": ["GET"], "paths": {"/users/{id}": "least=DelegatedWork"}}]
}}}"#;

const PROVISIONING: &str = r#"{"permissionDeployments": {"User.Read": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "scheme": "DelegatedWork", "environment": "public", "isHidden": false, "isEnabled": true, "resourceAppId": "x"}]}}"#;

/// A folder for one test, with upstream's documents in it. It is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("metadata-import-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        let folder = Self(path);
        folder.put("upstream.xml", CSDL);
        folder.put("permissions.json", PERMISSIONS);
        folder.put("provisioningInfo.json", PROVISIONING);
        folder
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("the folder can be written");
    }

    fn metadata(&self) -> PathBuf {
        self.0.join("metadata")
    }

    /// The arguments that import all three documents.
    fn args(&self) -> ImportArgs {
        ImportArgs {
            api: vec!["v1.0".to_owned()],
            csdl: vec![self.0.join("upstream.xml")],
            permissions: Some(self.0.join("permissions.json")),
            provisioning: Some(self.0.join("provisioningInfo.json")),
            origin: Some("https://example.org/metadata".to_owned()),
            date: super::plan::date("2026-01-31").ok(),
            ..ImportArgs::default()
        }
    }

    /// Imports and returns the report or the problems.
    fn import(&self, args: &ImportArgs) -> Result<String, String> {
        let mut out = Vec::new();
        import(args, &self.metadata(), &mut out).map_err(|error| format!("{error:#}"))?;
        Ok(String::from_utf8(out).expect("the report is UTF-8"))
    }

    /// All files in the metadata folder, with the time of their last change.
    fn files(&self) -> BTreeMap<PathBuf, (String, std::time::SystemTime)> {
        fn walk(folder: &Path, files: &mut BTreeMap<PathBuf, (String, std::time::SystemTime)>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.expect("the folder can be listed");
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    let changed =
                        entry.metadata().and_then(|file| file.modified()).expect("files have times");
                    files
                        .insert(path.clone(), (std::fs::read_to_string(&path).expect("it is text"), changed));
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(&self.metadata(), &mut files);
        files
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.metadata().join(name)).expect("the import wrote it")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_import_writes_the_facts_and_where_they_come_from() {
    let folder = Folder::new("facts");
    let report = folder.import(&folder.args()).expect("the documents are in order");
    let names: Vec<_> = folder.files().into_keys().collect();
    let expected =
        ["permissions.json", "sources.toml", "v1.0/csdl.json"].map(|name| folder.metadata().join(name));
    assert_eq!(names, expected);
    assert!(folder.file("v1.0/csdl.json").contains("ns.user"));
    assert!(folder.file("permissions.json").contains("/users/{id}"));
    let sources = folder.file("sources.toml");
    for line in [
        "document = \"csdl\"",
        "api = \"v1.0\"",
        "file = \"upstream.xml\"",
        "origin = \"https://example.org/metadata\"",
        "date = 2026-01-31",
        &format!("size = {}", CSDL.len()),
        "document = \"permissions\"",
        "document = \"provisioning\"",
    ] {
        assert!(sources.lines().any(|found| found == line), "{line} is not in\n{sources}");
    }
    let is_in_report =
        |line: &[&str]| report.lines().any(|found| found.split_whitespace().eq(line.iter().copied()));
    assert!(is_in_report(&["entity", "type", "1", "1", "0"]), "{report}");
    assert!(is_in_report(&["annotation", "Org.OData.Core.V1.Description", "1", "0", "1"]), "{report}");
    assert!(is_in_report(&["wrote", "v1.0/csdl.json"]), "{report}");
}

#[test]
fn neither_prose_nor_a_path_of_this_machine_gets_into_the_metadata() {
    let folder = Folder::new("prose");
    folder.import(&folder.args()).expect("the documents are in order");
    let machine = folder.0.display().to_string();
    for (path, (text, _)) in folder.files() {
        for unwanted in ["A user of the service", "Reads users", &machine] {
            assert!(!text.contains(unwanted), "{} has {unwanted}", path.display());
        }
    }
}

#[test]
fn a_second_import_touches_no_file() {
    let folder = Folder::new("second");
    folder.import(&folder.args()).expect("the documents are in order");
    let before = folder.files();
    let report = folder.import(&folder.args()).expect("the documents are in order");
    assert!(report.ends_with("nothing changed\n"), "{report}");
    assert_eq!(folder.files(), before);
}

#[test]
fn the_csdl_alone_can_be_imported_again() {
    let folder = Folder::new("again");
    folder.import(&folder.args()).expect("the documents are in order");
    let before = folder.files();
    folder.put("upstream.xml", &CSDL.replace("Name=\"id\"", "Name=\"key\""));
    let report = folder.import(&ImportArgs { permissions: None, provisioning: None, ..folder.args() });
    let report = report.expect("the document is in order");
    assert!(
        report.contains("wrote v1.0/csdl.json") && !report.contains("wrote permissions.json"),
        "{report}"
    );
    assert!(folder.file("v1.0/csdl.json").contains("\"key\""));
    let permissions = folder.metadata().join("permissions.json");
    assert_eq!(folder.files()[&permissions], before[&permissions]);
    assert!(folder.file("sources.toml").contains("document = \"provisioning\""));
}

#[test]
fn a_second_api_version_stands_beside_the_first() {
    let folder = Folder::new("beta");
    folder.import(&folder.args()).expect("the documents are in order");
    let args =
        ImportArgs { api: vec!["beta".to_owned()], permissions: None, provisioning: None, ..folder.args() };
    folder.import(&args).expect("the document is in order");
    assert_eq!(folder.file("beta/csdl.json"), folder.file("v1.0/csdl.json"));
    assert_eq!(folder.file("sources.toml").matches("document = \"csdl\"").count(), 2);
}

#[test]
fn all_problems_of_all_inputs_are_reported_and_nothing_is_written() {
    let folder = Folder::new("problems");
    folder.put(
        "upstream.xml",
        &CSDL.replace("Edm.String", "ns.missing").replace("ns.user\"/>", "ns.nobody\"/>"),
    );
    folder.put("permissions.json", "{");
    let problems = folder.import(&folder.args()).expect_err("the documents are not in order");
    for place in ["upstream.xml:2:25: ", "upstream.xml:4:33: ", "permissions.json:1:"] {
        assert!(problems.contains(place), "{place} is not in\n{problems}");
    }
    assert!(folder.files().is_empty(), "{:?}", folder.files());
}

#[test]
fn a_problem_leaves_what_an_earlier_import_wrote() {
    let folder = Folder::new("earlier");
    folder.import(&folder.args()).expect("the documents are in order");
    let before = folder.files();
    folder.put("upstream.xml", &CSDL.replace("Edm.String", "Edm.Int32"));
    folder.put("provisioningInfo.json", "[]");
    folder.import(&folder.args()).expect_err("one document is not in order");
    assert_eq!(folder.files(), before);
}

#[test]
fn files_that_cannot_be_read_are_all_named() {
    let folder = Folder::new("missing");
    let args = ImportArgs {
        csdl: vec![folder.0.join("no.xml")],
        provisioning: Some(folder.0.join("no.json")),
        ..folder.args()
    };
    let problems = folder.import(&args).expect_err("two files are missing");
    assert!(
        problems.contains("no.xml: cannot be read") && problems.contains("no.json: cannot be read"),
        "{problems}"
    );
}

#[test]
fn arguments_that_do_not_belong_together_are_refused() {
    let folder = Folder::new("arguments");
    let all = folder.args();
    let twice = [all.csdl[0].clone(), all.csdl[0].clone()].to_vec();
    for (args, part) in [
        (ImportArgs::default(), "nothing to import"),
        (ImportArgs { api: Vec::new(), ..all.clone() }, "one for each"),
        (ImportArgs { provisioning: None, ..all.clone() }, "give both or none"),
        (ImportArgs { api: vec!["v1.0".to_owned(); 2], csdl: twice, ..all }, "given twice"),
    ] {
        let problem = folder.import(&args).expect_err("the arguments do not belong together");
        assert!(problem.contains(part), "{problem}");
    }
}

#[test]
fn an_api_version_cannot_lead_out_of_the_metadata_folder() {
    for text in ["", "..", "../v1.0", "/v1.0", "a/b", "a\\b", ".git"] {
        assert!(super::plan::api_version(text).is_err(), "{text}");
    }
    for text in ["v1.0", "beta", "v2-preview"] {
        assert_eq!(super::plan::api_version(text), Ok(text.to_owned()));
    }
}

#[test]
fn what_the_clouds_lack_is_imported_and_one_cloud_alone_is_refused() {
    let folder = Folder::new("clouds");
    folder.put("china.csdl", &CSDL.replace("user", "person"));
    let cloud = |text: &str| super::plan::cloud(text).expect("it is a cloud and a file");
    let document = |name: &str, file: &str| cloud(&format!("v1.0/{name}={}", folder.0.join(file).display()));
    let all = ImportArgs {
        cloud: vec![document("global", "upstream.xml"), document("china", "china.csdl")],
        ..ImportArgs::default()
    };
    folder.import(&all).expect("the documents are in order");
    let absent = folder.file("v1.0/clouds.json");
    assert!(absent.contains("\"ns.user\"") && !absent.contains("ns.user/id"), "{absent}");
    assert_eq!(folder.file("sources.toml").matches("document = \"cloud\"").count(), 2);
    let alone = ImportArgs { cloud: vec![document("china", "china.csdl")], ..ImportArgs::default() };
    let problem = folder.import(&alone).expect_err("there is nothing to compare with");
    assert!(problem.contains("--cloud v1.0/global=FILE"), "{problem}");
    assert!(super::plan::cloud("v1.0/mars=x").expect_err("no cloud").contains("us-government"));
}
