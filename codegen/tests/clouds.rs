//! Which cloud has what: from the documents of the clouds to the generated crate.

use msgraph_codegen::clouds::{Cloud, Clouds};
use msgraph_codegen::csdl::{self, Document};
use msgraph_codegen::emit::{self, CrateOptions, Manifest};
use msgraph_codegen::model::Model;
use msgraph_codegen::permissions::PermissionTable;
use msgraph_codegen::{inventory, plan};

const SCHEMA: &str = r#"
  <EntityType Name="entity" Abstract="true">
    <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String"/>
  </EntityType>
  <EntityType Name="user" BaseType="graph.entity">
    <Property Name="mail" Type="Edm.String"/>
    <NavigationProperty Name="notes" Type="Collection(graph.note)" ContainsTarget="true"/>
  </EntityType>
  <EntityType Name="note" BaseType="graph.entity"><Property Name="text" Type="Edm.String"/></EntityType>
  <EnumType Name="color"><Member Name="red" Value="0"/><Member Name="blue" Value="1"/></EnumType>
  <Action Name="wake" IsBound="true">
    <Parameter Name="bindingParameter" Type="graph.user"/><Parameter Name="loud" Type="Edm.Boolean"/>
  </Action>
  <EntityContainer Name="GraphService">
    <EntitySet Name="users" EntityType="graph.user"/><Singleton Name="me" Type="graph.user"/>
  </EntityContainer>
"#;

fn document(replacements: &[(&str, &str)]) -> Document {
    let schema = replacements.iter().fold(SCHEMA.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let text = format!(
        r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
        <Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
        {schema}</Schema></edmx:DataServices></edmx:Edmx>"#
    );
    csdl::parse_xml("test.xml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The names that China lacks if its document is the schema with replacements.
fn absent(replacements: &[(&str, &str)]) -> Vec<String> {
    let clouds = Clouds::compare(&document(&[]), [(Cloud::China, &document(replacements))]);
    let value: serde_json::Value = serde_json::from_str(&clouds.write()).expect("it is JSON");
    serde_json::from_value(value["china"].clone()).expect("it is a list of names")
}

#[test]
fn what_another_document_lacks_is_named_once() {
    let mail = r#"<Property Name="mail" Type="Edm.String"/>"#;
    assert_eq!(absent(&[]), [""; 0]);
    assert_eq!(absent(&[(mail, "")]), ["microsoft.graph.user/mail"]);
    assert_eq!(absent(&[(r#"<Member Name="blue" Value="1"/>"#, "")]), ["microsoft.graph.color/blue"]);
    assert_eq!(
        absent(&[(r#"<Singleton Name="me" Type="graph.user"/>"#, "")]),
        ["microsoft.graph.GraphService/me"]
    );
    assert_eq!(
        absent(&[(r#"Name="note" "#, r#"Name="memo" "#), ("graph.note", "graph.memo")]),
        ["microsoft.graph.note"],
        "the members of what is absent need not be told"
    );
}

#[test]
fn a_property_on_a_base_type_and_an_action_with_fewer_parameters_are_there() {
    let id = r#"<Property Name="id" Type="Edm.String"/>"#;
    let mail = r#"<Property Name="mail" Type="Edm.String"/>"#;
    assert_eq!(absent(&[(mail, ""), (id, &format!("{id}{mail}"))]), [""; 0]);
    assert_eq!(absent(&[(r#"<Parameter Name="loud" Type="Edm.Boolean"/>"#, "")]), [""; 0]);
}

#[test]
fn what_was_written_can_be_read_and_nonsense_is_refused_with_its_place() {
    let clouds = Clouds::compare(&document(&[]), [(Cloud::China, &document(&[("notes", "memos")]))]);
    assert_eq!(Clouds::read("clouds.json", &clouds.write()).as_ref(), Ok(&clouds));
    let problem = Clouds::read("clouds.json", "{\n \"mars\": []}").expect_err("no such cloud").to_string();
    assert!(problem.starts_with("clouds.json:2:") && problem.contains("mars"), "{problem}");
}

#[test]
fn operations_types_and_fields_say_where_they_are_not_and_say_nothing_if_they_are_everywhere() {
    let without = document(&[
        (r#"Name="note" "#, r#"Name="memo" "#),
        ("graph.note", "graph.memo"),
        (r#"<Property Name="mail" Type="Edm.String"/>"#, ""),
        (r#"Name="wake""#, r#"Name="awake""#),
    ]);
    let document = document(&[]);
    let clouds = Clouds::compare(&document, [(Cloud::UsGovernment, &document), (Cloud::China, &without)]);
    let model = Model::new(&document).with_clouds(clouds);
    let table = PermissionTable::default();
    let plan = plan::plan(&model, &table, "v1.0", &[]).expect("it can be planned");
    let entries = inventory::entries(&model, &plan);
    let clouds_of = |method: &str, path: &str| {
        let entry = entries.iter().find(|entry| entry.method == method && entry.path == path);
        entry.unwrap_or_else(|| panic!("{method} {path}")).clouds.clone()
    };
    assert_eq!(clouds_of("GET", "/users"), ["global", "us-government", "china"]);
    for (method, path) in [
        ("GET", "/users/{user-id}/notes/{note-id}"),
        ("GET", "/me/notes/$count"),
        ("POST", "/users/{user-id}/wake"),
    ] {
        assert_eq!(clouds_of(method, path), ["global", "us-government"], "{method} {path}");
    }

    let options = CrateOptions {
        name: "test".to_owned(),
        source: "test.xml".to_owned(),
        manifest: Manifest::Standalone { runtime: "runtime".to_owned() },
    };
    let files = emit::emit(&plan, &table, &options);
    let source: String = files.values().map(String::as_str).collect();
    assert!(source.contains("POST /users/{user-id}/wake;;;china;\""), "the literal names the cloud");
    assert!(source.contains("op:GET /users;count expand filter orderby search select skip top;;;\""));
    assert!(source.contains("/// `mail`\n    ///\n    /// Not in the clouds: China."));
    assert!(files["src/models/note.rs"].contains("/// Not in the clouds: China."));
    assert!(!files["src/models/user.rs"].contains("`id`\n    ///"), "what is everywhere needs no note");

    let types = &inventory::files(&model, &plan, &table, "test.xml")["inventory/types.txt"];
    assert!(types.contains("microsoft.graph.user/mail Edm.String | global,us-government\n"), "{types}");
}
