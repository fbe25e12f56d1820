//! Fix-ups: what rows do, and what becomes of rows that have lost their cause.

use std::path::Path;

use msgraph_codegen::csdl::{self, Document, Value};
use msgraph_codegen::fixups::{self, Fixups};
use msgraph_codegen::model::Model;
use msgraph_codegen::operations;
use msgraph_codegen::permissions::{self, PermissionTable};

const CSDL: &str = r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EntityType Name="user">
    <Key><PropertyRef Name="id"/></Key>
    <Property Name="id" Type="Edm.String" Nullable="false"/>
    <Property Name="mail" Type="Edm.String"/>
    <NavigationProperty Name="manager" Type="graph.user" ContainsTarget="true"/>
  </EntityType>
  <EnumType Name="color"><Member Name="Red" Value="0"/></EnumType>
  <Function Name="find" IsBound="true">
    <Parameter Name="bindingParameter" Type="Collection(graph.user)"/>
    <ReturnType Type="graph.user"/>
  </Function>
  <EntityContainer Name="GraphService"><EntitySet Name="users" EntityType="graph.user"/></EntityContainer>
  <Annotations Target="graph.user/mail"><Annotation Term="Org.OData.Core.V1.Computed" Bool="true"/></Annotations>
</Schema></edmx:DataServices></edmx:Edmx>"#;

const TABLE: &str = r#"{"permissions": {"Mail.Raed": {"schemes": {"Application": {}}, "pathSets": [
  {"schemeKeys": ["Application", "DelegatedWork"], "methods": ["GET", "POST"],
   "paths": {"/users/{id}": "", "/users": ""}}]}}}"#;

const COMPUTED: &str = "Org.OData.Core.V1.Computed";

/// A row that is for all documents, on the lines 1 to 5.
fn row(action: &str) -> String {
    format!(
        "[[fixup]]\nreason = \"Wrong.\"\nlink = \"https://example.com/1\"\ndocuments = [\"*\"]\n{action}\n"
    )
}

fn fixups(text: &str) -> Fixups {
    fixups::read("fixups.toml", text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The document and the table after a row, or its problems.
fn fix(action: &str) -> Result<(Document, PermissionTable), String> {
    let mut document = csdl::parse_xml("test.xml", CSDL).expect("the document is sound");
    let mut table = permissions::read("permissions.json", TABLE).expect("the table is sound");
    let applied = fixups(&row(action)).apply("v1.0", &mut document, &mut table);
    applied.map(|()| (document, table)).map_err(|problems| problems.to_string())
}

fn fixed(action: &str) -> Document {
    fix(action).unwrap_or_else(|problems| panic!("{action}: {problems}")).0
}

fn annotation<'d>(document: &'d Document, target: &str) -> Option<&'d Value> {
    document.annotations.get(target)?.get(COMPUTED)
}

#[test]
fn a_row_adds_changes_renames_or_drops_a_property() {
    let names = |document: &Document| {
        document.types[0].properties.iter().map(|property| property.name.clone()).collect::<Vec<_>>()
    };
    let added = fixed(r#"add.property = { name = "microsoft.graph.user/age", type = "Edm.Int32" }"#);
    assert_eq!(names(&added), ["age", "id", "mail"]);
    let changed = fixed(
        r#"change.property = { names = ["microsoft.graph.user/mail"], type = "Collection(Edm.String)", nullable = false }"#,
    );
    let mail = &changed.types[0].properties[1];
    assert!(mail.ty.is_collection && !mail.nullable);
    let renamed = fixed(r#"change.name = { name = "microsoft.graph.user/mail", to = "eMail" }"#);
    assert_eq!(names(&renamed), ["eMail", "id"]);
    assert!(annotation(&renamed, "microsoft.graph.user/eMail").is_some(), "annotations go with the name");
    let key = fixed(r#"change.name = { name = "microsoft.graph.user/id", to = "key" }"#);
    assert_eq!(key.types[0].key, ["key"]);
    let member = fixed(r#"change.name = { name = "microsoft.graph.color/Red", to = "red" }"#);
    assert_eq!(member.enums[0].members[0].name, "red");
    let dropped = fixed(r#"drop.property = ["microsoft.graph.user/mail", "microsoft.graph.user/manager"]"#);
    assert_eq!(names(&dropped), ["id"]);
    assert!(
        dropped.types[0].navigation.is_empty() && annotation(&dropped, "microsoft.graph.user/mail").is_none()
    );
}

#[test]
fn a_row_adds_or_changes_a_navigation_property() {
    let added = fixed(
        r#"add.navigation = { name = "microsoft.graph.user/friends", type = "Collection(microsoft.graph.user)" }"#,
    );
    assert_eq!(added.types[0].navigation[0].name, "friends");
    let changed =
        fixed(r#"change.navigation = { names = ["microsoft.graph.user/manager"], contained = false }"#);
    assert!(!changed.types[0].navigation[0].contains_target);
}

#[test]
fn a_row_adds_changes_or_drops_an_annotation_or_an_operation() {
    let id = "microsoft.graph.user/id";
    let added =
        fixed(&format!(r#"add.annotation = {{ target = "{id}", term = "{COMPUTED}", value = true }}"#));
    assert_eq!(annotation(&added, id), Some(&Value::Bool(true)));
    let mail = "microsoft.graph.user/mail";
    let changed =
        fixed(&format!(r#"change.annotation = {{ target = "{mail}", term = "{COMPUTED}", value = false }}"#));
    assert_eq!(annotation(&changed, mail), Some(&Value::Bool(false)));
    let dropped = fixed(&format!(r#"drop.annotation = {{ target = "{mail}", term = "{COMPUTED}" }}"#));
    assert_eq!(annotation(&dropped, mail), None);

    let find = "microsoft.graph.find(Collection(microsoft.graph.user))";
    let on_operation =
        fixed(&format!(r#"add.annotation = {{ target = "{find}", term = "{COMPUTED}", value = true }}"#));
    assert_eq!(on_operation.operations[0].annotations.len(), 1);
    let changed = fixed(&format!(r#"change.operation = {{ name = "{find}", composable = true }}"#));
    assert!(changed.operations[0].is_composable);
    assert!(fixed(&format!(r#"drop.operation = "{find}""#)).operations.is_empty());
    let added = fixed(
        r#"add.operation = { name = "microsoft.graph.wake", kind = "action", bound = true,
            parameters = [{ name = "bindingParameter", type = "microsoft.graph.user" }] }"#
            .replace('\n', "")
            .as_str(),
    );
    assert_eq!(added.operations.len(), 2);
}

#[test]
fn a_row_adds_drops_or_renames_permissions() {
    let table = |action: &str| fix(action).unwrap_or_else(|problems| panic!("{action}: {problems}")).1;
    let allows = |table: &PermissionTable, method: &str, path: &str| {
        let joined = permissions::Joiner::new(table).join(method, path);
        joined.schemes.keys().map(|scheme| scheme.as_str()).collect::<Vec<_>>()
    };
    let grant = |paths: &str| {
        format!(
            r#"{{ name = "Mail.Raed", methods = ["GET"], schemes = ["Application"], paths = [{paths}] }}"#
        )
    };
    let added = table(&format!("add.permission = {}", grant(r#""/users/{id}/manager""#)));
    assert_eq!(allows(&added, "GET", "/users/{user-id}/manager"), ["Application"]);
    let dropped = table(&format!("drop.permission = {}", grant(r#""/users/{user-id}""#)));
    assert_eq!(allows(&dropped, "GET", "/users/{id}"), ["DelegatedWork"], "the other scheme stays");
    assert_eq!(allows(&dropped, "POST", "/users/{id}"), ["DelegatedWork", "Application"]);
    assert_eq!(allows(&dropped, "GET", "/users"), ["DelegatedWork", "Application"]);
    let renamed = table(r#"change.permission = { name = "Mail.Raed", to = "Mail.Read" }"#);
    assert!(renamed.get("Mail.Read").is_some() && renamed.get("Mail.Raed").is_none());
}

#[test]
fn a_row_that_upstream_says_itself_is_an_error_that_names_the_row() {
    let mail = "microsoft.graph.user/mail";
    for action in [
        format!(r#"add.property = {{ name = "{mail}", type = "Edm.String" }}"#),
        format!(r#"add.navigation = {{ name = "{mail}", type = "microsoft.graph.user" }}"#),
        format!(r#"change.property = {{ names = ["{mail}"], nullable = true }}"#),
        r#"change.navigation = { names = ["microsoft.graph.user/manager"], contained = true }"#.to_owned(),
        format!(r#"add.annotation = {{ target = "{mail}", term = "{COMPUTED}", value = false }}"#),
        format!(r#"change.annotation = {{ target = "{mail}", term = "{COMPUTED}", value = true }}"#),
        r#"change.operation = { name = "microsoft.graph.find(Collection(microsoft.graph.user))", composable = false }"#
            .to_owned(),
        format!(r#"change.name = {{ name = "{mail}", to = "id" }}"#),
        r#"add.permission = { name = "Mail.Raed", methods = ["GET"], schemes = ["Application"], paths = ["/users/{x}"] }"#
            .to_owned(),
    ] {
        let problem = fix(&action).expect_err(&action);
        assert!(problem.starts_with("fixups.toml:1:1: upstream says this"), "{action}: {problem}");
        assert!(problem.ends_with("delete the row (in `v1.0`)"), "{action}: {problem}");
    }
}

#[test]
fn a_row_that_matches_nothing_is_an_error_that_names_the_row_and_the_thing() {
    for action in [
        r#"add.property = { name = "microsoft.graph.usr/age", type = "Edm.Int32" }"#,
        r#"change.property = { names = ["microsoft.graph.user/mail", "microsoft.graph.user/mial"], nullable = false }"#,
        r#"change.navigation = { names = ["microsoft.graph.user/mail"], contained = true }"#,
        r#"change.name = { name = "microsoft.graph.user/mial", to = "mail2" }"#,
        r#"drop.property = ["microsoft.graph.user/mial"]"#,
        r#"add.annotation = { target = "microsoft.graph.user/mial", term = "T.T", value = 1 }"#,
        r#"change.annotation = { target = "microsoft.graph.user", term = "T.T", value = 1 }"#,
        r#"drop.annotation = { target = "microsoft.graph.user", term = "T.T" }"#,
        r#"drop.operation = "microsoft.graph.find(microsoft.graph.user)""#,
        r#"change.permission = { name = "Mail.Read", to = "Mail.ReadAll" }"#,
        r#"drop.permission = { name = "Mail.Raed", methods = ["PUT"], schemes = ["Application"], paths = ["/users"] }"#,
    ] {
        let problem = fix(action).expect_err(action);
        assert!(problem.starts_with("fixups.toml:1:1: `"), "{action}: {problem}");
        assert!(problem.contains("is not there"), "{action}: {problem}");
    }
}

#[test]
fn a_row_without_reason_link_or_action_is_refused_with_its_line() {
    let text = "\n[[fixup]]\nreason = \" \"\nlink = \"somewhere\"\ndocuments = []\n";
    let problems = fixups::read("fixups.toml", text).expect_err("nothing is right").to_string();
    assert_eq!(
        problems.lines().filter(|line| line.starts_with("fixups.toml:2:1: ")).count(),
        4,
        "{problems}"
    );
    let unknown = format!("{}oops = 1\n", row(r#"drop.property = ["a/b"]"#));
    let problem = fixups::read("fixups.toml", &unknown).expect_err("a field is unknown").to_string();
    assert!(problem.contains("unknown field `oops`"), "{problem}");
    let empty = row("drop.property = []");
    let problem = fixups::read("fixups.toml", &empty).expect_err("the row can never fail").to_string();
    assert!(problem.contains("names nothing"), "{problem}");
}

#[test]
fn a_row_is_applied_only_to_the_documents_it_is_for() {
    let text =
        row(r#"drop.property = ["microsoft.graph.user/mail"]"#).replace("\"*\"", "\"beta/raw*\", \"v2\"");
    let fixups = fixups(&text);
    for (name, expected) in [("v1.0", 0), ("v2", 1), ("beta/raw-2026", 1), ("beta", 0), ("v2/raw", 0)] {
        assert_eq!(fixups.count(name), expected, "{name}");
    }
}

/// A real document beside the workspace; nothing, said loudly, if it is absent.
fn real(file: &str) -> Option<Document> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/metadata").join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: there is no {}", path.display());
    }
    text.map(|text| csdl::parse_xml(file, &text).expect("real documents are sound"))
}

#[test]
fn raw_metadata_without_fixups_is_refused_with_the_navigation_properties_that_recur() {
    let Some(document) = real("clouds/v1.0-Prod-2026-08.csdl") else { return };
    let problem = operations::tree(&Model::new(&document), &[]).expect_err("it has no end").to_string();
    for name in ["microsoft.graph.driveItem/listItem", "microsoft.graph.workbookTable/worksheet"] {
        assert!(problem.contains(name), "{problem}");
    }
}

#[test]
fn with_the_fixups_raw_and_beta_metadata_expand_to_a_number_of_paths_that_can_be_compiled() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata/fixups.toml");
    let fixups = fixups(&std::fs::read_to_string(path).expect("it is in the workspace"));
    for (api, file, at_most) in [
        ("v1.0", "clouds/v1.0-Prod-2026-08.csdl", 20_000),
        ("v1.0", "clouds/v1.0-Fairfax-2026-08.csdl", 15_000),
        ("v1.0", "clouds/v1.0-Mooncake-2026-08.csdl", 10_000),
        ("beta", "clouds/beta-USSec-2026-08.csdl", 25_000),
        ("beta", "beta/cleanMetadata-2021-06.xml", 40_000),
    ] {
        let Some(mut document) = real(file) else { continue };
        let stem = Path::new(file).file_stem().expect("a file has a name").to_string_lossy();
        let mut table = PermissionTable::default();
        let applied = fixups.apply(&format!("{api}/{stem}"), &mut document, &mut table);
        // The table is empty here, so the rows for permissions find nothing.
        let problems = applied.map_err(|problems| problems.to_string()).err().unwrap_or_default();
        assert!(problems.lines().all(|line| line.contains("EduRoster.WriteWrite.All")), "{file}: {problems}");
        let tree = operations::tree(&Model::new(&document), &[]).expect("the expansion ends");
        assert!(tree.nodes.len() < at_most, "{file}: {} paths", tree.nodes.len());
    }
}
