//! What is said of documents that are not in order: every problem, each with its place.

use msgraph_codegen::csdl::{self, Document};

/// A document with the given content of its one schema, which begins on line 2.
fn schema(content: &str) -> String {
    let head = r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>"#;
    let open = r#"<Schema Namespace="ns" Alias="self" xmlns="http://docs.oasis-open.org/odata/ns/edm">"#;
    format!("{head}{open}\n{content}\n</Schema></edmx:DataServices></edmx:Edmx>")
}

/// The problems that the parser finds in `text`.
fn form(text: &str) -> String {
    csdl::parse_xml("test.xml", text).map_or_else(|problems| problems.to_string(), |_| "none".to_owned())
}

/// The document with the given content of its one schema.
fn document(content: &str) -> Document {
    csdl::parse_xml("test.xml", &schema(content)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The problems that the check finds in a schema with the given content.
fn names(content: &str) -> String {
    csdl::check("test.xml", &document(content)).to_string()
}

#[test]
fn text_that_is_no_xml_is_refused() {
    insta::assert_snapshot!(form("{\"value\": []}"), @"test.xml:1:1: not well-formed XML: unknown token");
    insta::assert_snapshot!(form(""), @"test.xml:1:1: the XML document is not complete: get it again");
}

#[test]
fn a_truncated_document_is_refused_where_it_ends() {
    let text = schema(r#"<EntityType Name="a"><Property Name="p" Type="Edm.String"/></EntityType>"#);
    insta::assert_snapshot!(form(&text[..text.len() - 60]), @"test.xml:2:55: the XML document is not complete: get it again");
}

#[test]
fn a_document_of_another_kind_is_refused() {
    insta::assert_snapshot!(form("<html/>"), @"test.xml:1:1: the root element is `html`: a CSDL XML document begins with `edmx:Edmx`");
    insta::assert_snapshot!(form("<Edmx><DataServices/></Edmx>"), @"test.xml:1:1: the document has no `Schema`: give the whole CSDL document");
}

#[test]
fn a_document_type_definition_is_refused_before_any_entity_is_expanded() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<Edmx>&b;</Edmx>";
    insta::assert_snapshot!(form(bomb), @"test.xml:2:1: the document has a document type definition: remove it, CSDL needs none");
}

#[test]
fn elements_nested_without_end_do_no_harm() {
    let depth = 200_000;
    let elements = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(form(&schema(&elements)), "none");
}

#[test]
fn annotations_nested_without_end_are_refused() {
    let depth = 10_000;
    let value = format!("{}{}", "<Collection>".repeat(depth), "</Collection>".repeat(depth));
    let annotations = format!(
        "<Annotations Target=\"ns.a\">\n<Annotation Term=\"ns.t\">{value}</Annotation></Annotations>"
    );
    insta::assert_snapshot!(form(&schema(&annotations)), @"test.xml:3:421: the annotation is nested more than 32 levels deep: flatten it");
}

#[test]
fn all_problems_of_form_are_reported_in_the_order_of_their_places() {
    let content = r#"<EntityType BaseType="self.b"/>
<EntityType Name="a" Abstract="yes">
  <Property Name="p"/>
  <Property Type="Edm.String" Nullable="1"/>
  <Key><PropertyRef/></Key>
</EntityType>
<EnumType Name="e"><Member Name="m" Value="one"/><Member Value="1"/><Member Name="n" Value="9223372036854775808"/></EnumType>
<EntityContainer Name="c"><EntitySet Name="s"/></EntityContainer>
<EntityContainer Name="d"/>
<Annotations><Annotation Term="t"/></Annotations>
<Annotations Target="ns.a"><Annotation/><Annotation Term="t" Bool="TRUE"/><Annotation Term="u" Int="1.5"/></Annotations>"#;
    insta::assert_snapshot!(form(&schema(content)), @r#"
    test.xml:2:1: `EntityType` has no attribute `Name`: add it
    test.xml:3:1: `Abstract="yes"` is no truth value: write `true` or `false`
    test.xml:4:3: `Property` has no attribute `Type`: add it
    test.xml:5:3: `Nullable="1"` is no truth value: write `true` or `false`
    test.xml:5:3: `Property` has no attribute `Name`: add it
    test.xml:6:8: `PropertyRef` has no attribute `Name`: add it
    test.xml:8:20: the value of the member `m` is no integer of at most 64 bits
    test.xml:8:50: `Member` has no attribute `Name`: add it
    test.xml:8:69: the value of the member `n` is no integer of at most 64 bits
    test.xml:9:27: `EntitySet` has no attribute `EntityType`: add it
    test.xml:10:1: `ns.d` is a second entity container after `ns.c`: a document has one
    test.xml:11:1: `Annotations` has no attribute `Target`: add it
    test.xml:12:28: `Annotation` has no attribute `Term`: add it
    test.xml:12:41: `TRUE` is no value of kind `Bool`: write `true` or `false`
    test.xml:12:75: `1.5` is no value of kind `Int`: write an integer of at most 64 bits
    "#);
}

#[test]
fn an_alias_for_two_namespaces_is_refused() {
    let schemas = "<Schema Namespace=\"a\" Alias=\"self\"/>\n<Schema Namespace=\"b\" Alias=\"self\"/>";
    let text = format!("<Edmx><DataServices>\n{schemas}</DataServices></Edmx>");
    insta::assert_snapshot!(form(&text), @"test.xml:2:1: `self` stands for `a` and for `b`: give one another alias");
}

#[test]
fn a_reference_to_an_unknown_type_is_found_wherever_it_stands() {
    let content = r#"<EntityType Name="a" BaseType="self.b">
  <Property Name="p" Type="Collection(Edm.Strin)"/>
  <NavigationProperty Name="n" Type="self.c"/>
</EntityType>
<Action Name="f" IsBound="true"><Parameter Name="it" Type="self.d"/><ReturnType Type="other.e"/></Action>
<EntityContainer Name="c"><EntitySet Name="s" EntityType="self.g"/><Singleton Name="t" Type="h"/></EntityContainer>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:2:1: the base type of `ns.a`, `ns.b`, is not declared: declare it or correct the name
    test.xml:3:3: the type of the property `ns.a/p`, `Edm.Strin`, is not declared: declare it or correct the name
    test.xml:4:3: the type of the navigation property `ns.a/n`, `ns.c`, is not declared: declare it or correct the name
    test.xml:6:1: the return type of `ns.f`, `other.e`, is not declared: declare it or correct the name
    test.xml:6:1: the type of the parameter `it` of `ns.f`, `ns.d`, is not declared: declare it or correct the name
    test.xml:7:27: the type of `ns.c/s`, `ns.g`, is not declared: declare it or correct the name
    test.xml:7:68: the type of `ns.c/t`, `h`, is not declared: declare it or correct the name
    "#);
}

#[test]
fn a_type_of_the_wrong_kind_is_found() {
    let content = r#"<ComplexType Name="a"><NavigationProperty Name="n" Type="self.a"/></ComplexType>
<EntityType Name="b" BaseType="self.a"/>
<EnumType Name="e"><Member Name="m" Value="0"/></EnumType>
<EntityType Name="c" BaseType="self.e"/>
<EntityContainer Name="container"><EntitySet Name="s" EntityType="self.a"/></EntityContainer>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:2:23: the type of the navigation property `ns.a/n`, `ns.a`, is not an entity type
    test.xml:3:1: the base type of `ns.b`, `ns.a`, is not a type of the same kind
    test.xml:5:1: the base type of `ns.c`, `ns.e`, is not a type of the same kind
    test.xml:6:35: the type of `ns.container/s`, `ns.a`, is not an entity type
    "#);
}

#[test]
fn a_circle_of_base_types_is_found_at_each_type_in_it() {
    let content = r#"<EntityType Name="a" BaseType="self.b"/>
<EntityType Name="b" BaseType="self.c"/>
<EntityType Name="c" BaseType="self.a"/>
<EntityType Name="selfish" BaseType="self.selfish"/>
<EntityType Name="outside" BaseType="self.a"/>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:2:1: `ns.a` is among its own base types: break the circle
    test.xml:3:1: `ns.b` is among its own base types: break the circle
    test.xml:4:1: `ns.c` is among its own base types: break the circle
    test.xml:5:1: `ns.selfish` is among its own base types: break the circle
    "#);
}

#[test]
fn names_given_twice_are_found() {
    let content = r#"<EntityType Name="a"><Property Name="p" Type="Edm.String"/></EntityType>
<ComplexType Name="a"/>
<EntityType Name="b" BaseType="self.a">
  <Property Name="p" Type="Edm.String"/>
  <NavigationProperty Name="p" Type="self.b"/>
</EntityType>
<EnumType Name="e"><Member Name="m" Value="0"/><Member Name="m" Value="1"/></EnumType>
<Action Name="f"><Parameter Name="x" Type="Edm.String"/><Parameter Name="x" Type="Edm.Int32"/></Action>
<Action Name="g"><Parameter Name="x" Type="Edm.String"/></Action>
<Action Name="g"><Parameter Name="x" Type="Edm.String"/></Action>
<Action Name="g"><Parameter Name="x" Type="Edm.Int32"/></Action>
<EntityContainer Name="c"><EntitySet Name="s" EntityType="self.b"/><Singleton Name="s" Type="self.b"/></EntityContainer>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:3:1: the type `ns.a` is declared twice: remove or rename one
    test.xml:4:1: the base type of `ns.b`, `ns.a`, is not a type of the same kind
    test.xml:6:3: `ns.b` or a base type of it already has a property `p`
    test.xml:8:1: `ns.e` has two members `m`: remove or rename one
    test.xml:9:1: `ns.f` has two parameters `x`: rename one
    test.xml:11:1: `ns.g` has two overloads with the same parameters: remove one
    test.xml:13:68: `ns.c` has two elements `s`: remove or rename one
    "#);
}

#[test]
fn names_that_are_no_identifiers_are_found() {
    let content = r#"<EntityType Name=""/>
<EntityType Name="a b"><Property Name="request-id" Type="Edm.String"/><Property Name="-" Type="Edm.String"/></EntityType>
<EnumType Name="1"><Member Name="m)" Value="0"/></EnumType>
<Action Name="f"><Parameter Name="{x}" Type="Edm.String"/></Action>
<EntityContainer Name="c"><Singleton Name="../s" Type="self.t"/></EntityContainer>
<EntityType Name="t"/>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:2:1: `` (in `ns.`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:3:1: `a b` (in `ns.a b`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:3:71: `-` (in `ns.a b`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:4:1: `1` (in `ns.1`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:4:1: `m)` (in `ns.1`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:5:1: `{x}` (in `ns.f`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    test.xml:6:27: `../s` (in `ns.c`) is no identifier: it needs 1 to 128 letters, digits or `_`, no digit first
    "#);
}

#[test]
fn keys_and_operations_that_cannot_be_are_found() {
    let content = r#"<EntityType Name="a"><Property Name="id" Type="Edm.String"/></EntityType>
<EntityType Name="b" BaseType="self.a"><Key><PropertyRef Name="id"/><PropertyRef Name="key"/></Key></EntityType>
<Action Name="f" IsBound="true"/>
<Function Name="g"/>"#;
    insta::assert_snapshot!(names(content), @r#"
    test.xml:3:1: the key of `ns.b` names `key`, which is no property of it
    test.xml:4:1: `ns.f` is bound but has no parameter: add the binding parameter
    test.xml:5:1: the function `ns.g` returns nothing: add the return type
    "#);
}

#[test]
fn a_projection_that_is_not_one_is_refused_with_its_place() {
    let read = |text: &str| match csdl::projection::read("csdl.json", text) {
        Ok(_) => "none".to_owned(),
        Err(problems) => problems.to_string(),
    };
    let text = csdl::projection::write(&document(r#"<EntityType Name="a"/>"#));
    assert_eq!(read(&text), "none");
    insta::assert_snapshot!(read("<edmx/>"), @"csdl.json:1:1: expected value: import the metadata again");
    insta::assert_snapshot!(read(&text[..text.len() / 2]), @"csdl.json:12:3: EOF while parsing a string: import the metadata again");
    insta::assert_snapshot!(read(&text.replace("\"entity\"", "\"entitee\"")), @"csdl.json:8:20: unknown variant `entitee`, expected `entity` or `complex`: import the metadata again");
    insta::assert_snapshot!(read(&text.replace("\"kind\"", "\"sort\"")), @"csdl.json:8:9: unknown field `sort`, expected one of `name`, `kind`, `base`, `abstract`, `open`, `hasStream`, `key`, `properties`, `navigation`: import the metadata again");
    insta::assert_snapshot!(read(&text.replace("\"annotations\": {}", "\"annotations\": {\"t\": {\"u\": null}}")), @"csdl.json:18:33: data did not match any variant of untagged enum Value: import the metadata again");
    let deep =
        format!("\"annotations\": {{\"t\": {{\"u\": {}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    insta::assert_snapshot!(read(&text.replace("\"annotations\": {}", &deep)), @"csdl.json:18:153: recursion limit exceeded: import the metadata again");
}
