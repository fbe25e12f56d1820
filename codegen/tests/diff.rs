//! Differences between two states of the metadata, each classed by what it does to users of the generated crate.

use msgraph_codegen::csdl;
use msgraph_codegen::diff::{Bump, Kind, Report, Surface, compare};
use msgraph_codegen::model::Model;
use msgraph_codegen::permissions;
use msgraph_codegen::plan;

const SCHEMA: &str = r#"
  <EntityType Name="entity" Abstract="true">
    <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String" Nullable="false"/>
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
  <EntityContainer Name="GraphService"><EntitySet Name="users" EntityType="graph.user"/></EntityContainer>
"#;

const TABLE: &str = r#"{"permissions": {
  "User.Read": {"schemes": {"DelegatedWork": {}}, "pathSets": [
    {"schemeKeys": ["DelegatedWork"], "methods": ["GET"], "paths": {"/users": "least=DelegatedWork"}}]},
  "User.ReadAll": {"schemes": {"DelegatedWork": {}}, "pathSets": [
    {"schemeKeys": ["DelegatedWork"], "methods": ["GET"], "paths": {"/users": ""}}]}}}"#;

/// Compares the schema and the table with those that replacements make of them.
fn difference(schema: &[(&str, &str)], table: &[(&str, &str)]) -> Report {
    let changed = |text: &str, replacements: &[(&str, &str)]| {
        replacements.iter().fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
    };
    let document = |schema: &str| {
        let text = format!(
            r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
            <Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
            {schema}</Schema></edmx:DataServices></edmx:Edmx>"#
        );
        csdl::parse_xml("test.xml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let (old, new) = (document(SCHEMA), document(&changed(SCHEMA, schema)));
    let read = |text: &str| permissions::read("permissions.json", text).expect("the table is sound");
    let (old_table, new_table) = (read(TABLE), read(&changed(TABLE, table)));
    let (old_model, new_model) = (Model::new(&old), Model::new(&new));
    let old_plan = plan::plan(&old_model, &old_table, "v1.0", &[]).expect("it can be planned");
    let new_plan = plan::plan(&new_model, &new_table, "v1.0", &[]).expect("it can be planned");
    compare(
        ("old", &Surface::new(&old_model, &old_plan, &old_table)),
        ("new", &Surface::new(&new_model, &new_plan, &new_table)),
    )
}

/// The differences as lines: `!` for breaking, what, name, detail.
fn lines(report: &Report) -> Vec<String> {
    let line = |change: &msgraph_codegen::diff::Change| {
        let mark = if change.breaking { "! " } else { "" };
        format!("{mark}{} {}: {} {}", change.subject, change.kind, change.name, change.detail)
            .trim()
            .to_owned()
    };
    report.changes.iter().map(line).collect()
}

fn of_schema(from: &str, to: &str) -> Vec<String> {
    lines(&difference(&[(from, to)], &[]))
}

#[test]
fn equal_states_have_no_difference() {
    let report = difference(&[], &[]);
    assert_eq!((lines(&report), report.bump), (Vec::new(), Bump::None));
}

#[test]
fn properties_that_go_or_change_their_type_break_and_new_ones_do_not() {
    let mail = r#"<Property Name="mail" Type="Edm.String"/>"#;
    assert_eq!(of_schema(mail, ""), ["! property removed: microsoft.graph.user/mail"]);
    assert_eq!(
        of_schema(mail, &mail.replace("String", "Int32")),
        ["! property changed: microsoft.graph.user/mail type Edm.String → Edm.Int32"]
    );
    assert_eq!(
        of_schema(mail, &mail.replace("/>", " Nullable=\"false\"/>")),
        ["property changed: microsoft.graph.user/mail nullable → never null"]
    );
    let age = format!(r#"{mail}<Property Name="age" Type="Edm.Int32"/>"#);
    assert_eq!(of_schema(mail, &age), ["property added: microsoft.graph.user/age"]);
}

#[test]
fn another_casing_is_a_renaming_which_breaks_only_if_the_rust_name_differs() {
    assert_eq!(
        of_schema("Name=\"mail\"", "Name=\"Mail\""),
        ["property renamed: microsoft.graph.user/mail `mail` → `Mail`"]
    );
    assert_eq!(
        of_schema("Name=\"mail\"", "Name=\"maIl\""),
        ["! property renamed: microsoft.graph.user/mail `mail` → `maIl`"]
    );
    assert_eq!(
        of_schema("Name=\"red\"", "Name=\"Red\""),
        ["enum member renamed: microsoft.graph.color/red `red` → `Red`"]
    );
}

#[test]
fn a_property_that_moves_to_the_base_type_is_still_there() {
    let moved = [
        (r#"<Property Name="mail" Type="Edm.String"/>"#, ""),
        (
            r#"<Property Name="id" Type="Edm.String" Nullable="false"/>"#,
            r#"<Property Name="id" Type="Edm.String" Nullable="false"/><Property Name="mail" Type="Edm.String"/>"#,
        ),
    ];
    assert_eq!(
        lines(&difference(&moved, &[])),
        ["property added: microsoft.graph.entity/mail"],
        "and it is reported once, not for every type that inherits it"
    );
}

#[test]
fn enum_members_break_when_they_go() {
    assert_eq!(
        of_schema(r#"<Member Name="blue" Value="1"/>"#, r#"<Member Name="green" Value="1"/>"#),
        [
            "! enum member removed: microsoft.graph.color/blue",
            "enum member added: microsoft.graph.color/green"
        ]
    );
}

#[test]
fn operations_break_when_they_go_or_take_less_and_a_new_parameter_breaks_nothing() {
    let loud = r#"<Parameter Name="loud" Type="Edm.Boolean"/>"#;
    let soft = format!(r#"{loud}<Parameter Name="soft" Type="Edm.Boolean"/>"#);
    assert_eq!(
        of_schema(loud, &soft),
        [
            "operation changed: POST /users/{user-id}/wake request `{loud: Edm.Boolean}` → `{loud: Edm.Boolean, soft: Edm.Boolean}`"
        ]
    );
    let other = loud.replace("loud", "quiet");
    assert!(
        of_schema(loud, &other)[0].starts_with("! operation changed: POST /users/{user-id}/wake request")
    );
    let gone = of_schema(r#"Name="wake""#, r#"Name="awake""#);
    assert!(gone.contains(&"! operation removed: POST /users/{user-id}/wake".to_owned()), "{gone:?}");
    let unsearchable = difference(
        &[(
            "<EntityContainer",
            r#"<Annotations Target="graph.user/notes"><Annotation Term="Org.OData.Capabilities.V1.FilterRestrictions">
            <Record><PropertyValue Property="Filterable" Bool="false"/></Record></Annotation></Annotations><EntityContainer"#,
        )],
        &[],
    );
    assert!(
        unsearchable
            .changes
            .iter()
            .any(|change| change.breaking && change.detail.starts_with("query options"))
    );
}

#[test]
fn a_query_option_that_takes_less_breaks() {
    let changes = of_schema(
        r#"EntityType="graph.user"/>"#,
        r#"EntityType="graph.user"><Annotation Term="Org.OData.Capabilities.V1.FilterRestrictions"><Record>
        <PropertyValue Property="NonFilterableProperties"><Collection><PropertyPath>mail</PropertyPath></Collection>
        </PropertyValue></Record></Annotation></EntitySet>"#,
    );
    assert!(changes.iter().any(|line| line.starts_with("! ") && line.contains("filter!mail")), "{changes:?}");
}

#[test]
fn permissions_need_more_need_less_or_have_a_new_least() {
    let less = difference(&[], &[(r#""/users": """#, r#""/users": "least=DelegatedWork""#)]);
    assert!(less.changes.iter().any(|change| change.kind == Kind::NewLeast), "{:?}", lines(&less));
    let gone = difference(&[], &[(r#"{"/users": ""}"#, r#"{"/groups": ""}"#)]);
    assert_eq!(
        lines(&gone),
        [
            "operation's permissions needs more: GET /users delegated-work: User.ReadAll not enough any more",
            "operation's permissions needs more: GET /users/$count delegated-work: User.ReadAll not enough any more",
        ]
    );
    assert_eq!(gone.bump, Bump::Patch, "the service asks for it whatever the crate's version");
    let renamed = difference(&[], &[("User.ReadAll", "User.Read.All")]);
    assert_eq!(
        lines(&renamed),
        [
            "! permission removed: User.ReadAll (delegated)",
            "permission added: User.Read.All (delegated)",
            "operation's permissions needs more: GET /users delegated-work: User.ReadAll not enough any more",
            "operation's permissions needs more: GET /users/$count delegated-work: User.ReadAll not enough any more",
            "operation's permissions needs less: GET /users delegated-work: User.Read.All enough, too",
            "operation's permissions needs less: GET /users/$count delegated-work: User.Read.All enough, too",
        ]
    );
}

#[test]
fn the_report_fits_into_a_changelog_and_names_the_next_version() {
    let report = difference(&[(r#"<Property Name="mail" Type="Edm.String"/>"#, "")], &[]);
    let text = report.markdown("0.1.0");
    assert!(
        text.starts_with(
            "## Metadata: old → new\n\nDifferences: 1, of them breaking: 1. Next version: 0.2.0"
        ),
        "{text}"
    );
    assert!(text.contains("### Breaking\n\n- property removed: `microsoft.graph.user/mail`\n"), "{text}");
}
