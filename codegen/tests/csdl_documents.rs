//! Small documents and what is read from them.

use std::collections::BTreeMap;

use msgraph_codegen::csdl::{self, Count, Document, Value};

const DOCUMENT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:Reference Uri="core.xml"><edmx:Include Namespace="Org.OData.Core.V1" Alias="Core"/></edmx:Reference>
  <edmx:DataServices>
    <Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <Annotations Target="graph.user/name">
        <Annotation Term="Core.Computed" Bool="false"/>
        <Annotation Term="Core.Description" String="graph.user is a user"/>
      </Annotations>
      <EntityType Name="user" BaseType="graph.entity" OpenType="true">
        <Property Name="name" Type="Edm.String" Nullable="false" MaxLength="64" SRID="4326">
          <Annotation Term="Core.Computed"/>
        </Property>
        <Property Name="alerts" Type="Collection(self.alert)"/>
        <NavigationProperty Name="manager" Type="graph.user" ContainsTarget="true">
          <ReferentialConstraint Property="x" ReferencedProperty="y"/>
          <Annotation Term="Org.OData.Validation.V1.DerivedTypeConstraint">
            <Collection><String>graph.user</String></Collection>
          </Annotation>
        </NavigationProperty>
      </EntityType>
      <EntityType Name="entity" Abstract="true">
        <Key><PropertyRef Name="id"/></Key>
        <Property Name="id" Type="Edm.String"/>
      </EntityType>
      <EnumType Name="color" IsFlags="true" UnderlyingType="Edm.Int64">
        <Member Name="red" Value="4"/><Member Name="blue"/><Member Name="green" Value="-1"/>
      </EnumType>
      <Function Name="delta" IsBound="true" EntitySetPath="it/graph.user">
        <Parameter Name="it" Type="Collection(graph.user)"/>
        <Parameter Name="token" Type="Edm.String" Unicode="false"><Annotation Term="Core.OptionalParameter"/></Parameter>
        <ReturnType Type="Collection(graph.user)" Nullable="false"><Annotation Term="Core.IsDelta"/></ReturnType>
        <Annotation Term="Core.RequiresExplicitBinding"/>
      </Function>
      <Term Name="mine" Type="Edm.String"/>
    </Schema>
    <Schema Namespace="microsoft.graph.security" Alias="self" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <ComplexType Name="alert"/>
      <EntityContainer Name="Service">
        <EntitySet Name="users" EntityType="graph.user">
          <NavigationPropertyBinding Path="manager" Target="users"/>
        </EntitySet>
        <Singleton Name="me" Type="graph.user"/>
      </EntityContainer>
      <Annotations Target="self.Service/users/graph.user">
        <Annotation Term="Org.OData.Capabilities.V1.ReadRestrictions">
          <Record Type="x">
            <PropertyValue Property="Description" String="prose"/>
            <PropertyValue Property="Readable" Bool="true"/>
            <PropertyValue Property="Count" Int="-3"/>
            <PropertyValue Property="Path"><PropertyPath> graph.user/name </PropertyPath></PropertyValue>
            <PropertyValue Property="Kinds"><EnumMember>Core.Kind/Added<!-- not removed --></EnumMember></PropertyValue>
            <PropertyValue Property="Records">
              <Collection><Record><PropertyValue Property="LongDescription" String="prose"/></Record></Collection>
            </PropertyValue>
            <PropertyValue Property="Odd"><Apply Function="odata.concat"/></PropertyValue>
          </Record>
        </Annotation>
        <Annotation Term="Core.Revisions">
          <Collection><Record>
            <PropertyValue Property="Date" Date="2026-01-31"/><PropertyValue Property="Reason" String="prose"/>
          </Record></Collection>
        </Annotation>
      </Annotations>
      <Annotations Target="graph.delta(Collection(graph.user), Edm.String)/token">
        <Annotation Term="Core.Immutable"/>
      </Annotations>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>"#;

fn parse(text: &str) -> csdl::xml::Parsed {
    csdl::xml::parse_counted("test.xml", text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn everything_a_document_has_a_place_for_is_read() {
    let document = parse(DOCUMENT).document;
    assert!(csdl::check("test.xml", &document).is_empty());
    insta::assert_snapshot!(csdl::projection::write(&document), @r#"
    {
     "namespaces": [
      "microsoft.graph",
      "microsoft.graph.security"
     ],
     "types": [
      {
       "name": "microsoft.graph.entity",
       "kind": "entity",
       "abstract": true,
       "key": [
        "id"
       ],
       "properties": [
        {"name": "id", "type": "Edm.String"}
       ]
      },
      {
       "name": "microsoft.graph.security.alert",
       "kind": "complex"
      },
      {
       "name": "microsoft.graph.user",
       "kind": "entity",
       "base": "microsoft.graph.entity",
       "open": true,
       "properties": [
        {"name": "alerts", "type": "Collection(microsoft.graph.security.alert)"},
        {"name": "name", "type": "Edm.String", "nullable": false, "facets": {"MaxLength": "64"}}
       ],
       "navigation": [
        {"name": "manager", "type": "microsoft.graph.user", "contained": true}
       ]
      }
     ],
     "enums": [
      {
       "name": "microsoft.graph.color",
       "underlying": "Edm.Int64",
       "flags": true,
       "members": [
        {"name": "green", "value": -1},
        {"name": "red", "value": 4},
        {"name": "blue", "value": 5}
       ]
      }
     ],
     "operations": [
      {
       "name": "microsoft.graph.delta",
       "kind": "function",
       "bound": true,
       "entitySetPath": "it/microsoft.graph.user",
       "parameters": [
        {"name": "it", "type": "Collection(microsoft.graph.user)"},
        {"name": "token", "type": "Edm.String", "annotations": {"Org.OData.Core.V1.OptionalParameter": true}}
       ],
       "returns": {"type": "Collection(microsoft.graph.user)", "nullable": false},
       "annotations": {"Org.OData.Core.V1.IsDelta": true, "Org.OData.Core.V1.RequiresExplicitBinding": true}
      }
     ],
     "container": {
      "name": "microsoft.graph.security.Service",
      "entitySets": [
       {"name": "users", "type": "microsoft.graph.user"}
      ],
      "singletons": [
       {"name": "me", "type": "microsoft.graph.user"}
      ]
     },
     "annotations": {
      "microsoft.graph.delta(Collection(microsoft.graph.user), Edm.String)/token": {
       "Org.OData.Core.V1.Immutable": true
      },
      "microsoft.graph.security.Service/users/microsoft.graph.user": {
       "Org.OData.Capabilities.V1.ReadRestrictions": {"Count": -3, "Description": "prose", "Kinds": "Org.OData.Core.V1.Kind/Added", "Path": "microsoft.graph.user/name", "Readable": true, "Records": [{"LongDescription": "prose"}]},
       "Org.OData.Core.V1.Revisions": [
        {"Date": "2026-01-31", "Reason": "prose"}
       ]
      },
      "microsoft.graph.user/manager": {
       "Org.OData.Validation.V1.DerivedTypeConstraint": [
        "microsoft.graph.user"
       ]
      },
      "microsoft.graph.user/name": {
       "Org.OData.Core.V1.Computed": true,
       "Org.OData.Core.V1.Description": "graph.user is a user"
      }
     }
    }
    "#);
}

#[test]
fn what_has_no_place_is_counted() {
    let expected = [
        ("Edmx/Reference", 1),
        ("EntitySet/NavigationPropertyBinding", 1),
        ("NavigationProperty/ReferentialConstraint", 1),
        ("Parameter/@Unicode", 1),
        ("Property/@SRID", 1),
        ("Record/@Type", 1),
        ("Schema/Term", 1),
        ("expression Apply", 1),
        ("repeated Annotation", 1),
    ];
    assert_eq!(parse(DOCUMENT).ignored, expected.map(|(what, number)| (what.to_owned(), number)).into());
}

#[test]
fn an_inline_annotation_wins_over_one_out_of_line_wherever_it_stands() {
    let document = parse(DOCUMENT).document;
    let terms = &document.annotations["microsoft.graph.user/name"];
    assert_eq!(terms["Org.OData.Core.V1.Computed"], Value::Bool(true));
}

#[test]
fn the_order_of_the_text_does_not_matter() {
    let types = ["<ComplexType Name=\"b\"/>", "<EntityType Name=\"a\"/>", "<Action Name=\"f\"/>"];
    let schema = |content: String| {
        let schema = format!("<Schema Namespace=\"ns\">{content}</Schema>");
        without_places(parse(&format!("<Edmx><DataServices>{schema}</DataServices></Edmx>")).document)
    };
    let forward = schema(types.concat());
    let backward = schema(types.into_iter().rev().collect());
    assert_eq!(csdl::projection::write(&forward), csdl::projection::write(&backward));
    assert_eq!(forward, backward);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let text = "<Edmx><DataServices><Schema Namespace=\"ns\"><EntityType Name=\"a\"/></Schema></DataServices></Edmx>";
    // Places in the first line count from behind the mark.
    assert_eq!(parse(&format!("\u{feff}{text}")), parse(text));
}

#[test]
fn a_projection_is_read_as_what_was_written_and_written_as_it_was_read() {
    let document = parse(DOCUMENT).document;
    let text = csdl::projection::write(&document);
    let read = csdl::projection::read("csdl.json", &text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(csdl::projection::write(&read), text);
    assert_eq!(read, without_places(document));
}

#[test]
fn a_projection_in_another_order_is_read_as_the_same_document() {
    let text = csdl::projection::write(&parse(DOCUMENT).document);
    let (one, other) = ("{\"name\": \"red\", \"value\": 4}", "{\"name\": \"green\", \"value\": -1}");
    let swapped = text.replace(one, "·").replace(other, one).replace('·', other);
    assert_ne!(swapped, text);
    let read = csdl::projection::read("csdl.json", &swapped).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(csdl::projection::write(&read), text);
}

#[test]
fn facts_have_no_prose_and_what_is_dropped_is_counted() {
    let (document, tally) = csdl::facts(parse(DOCUMENT).document);
    let counts: BTreeMap<_, _> = tally.iter().collect();
    let read = |read, kept| Some(Count { read, kept });
    for (kind, count) in [
        ("entity type", read(2, 2)),
        ("parameter", read(2, 2)),
        ("annotation Org.OData.Core.V1.Description", read(1, 0)),
        ("annotation Org.OData.Core.V1.Revisions", read(1, 1)),
        ("field Org.OData.Capabilities.V1.ReadRestrictions/Description", read(1, 0)),
        ("field Org.OData.Capabilities.V1.ReadRestrictions/LongDescription", read(1, 0)),
        ("field Org.OData.Core.V1.Revisions/Reason", read(1, 0)),
        ("action", None),
    ] {
        assert_eq!(counts.get(kind).copied(), count, "{kind}");
    }
    let text = csdl::projection::write(&document);
    assert!(!text.contains("prose") && !text.contains("is a user"), "{text}");
    assert!(text.contains("2026-01-31"), "{text}");
}

/// The document as it is without its places, by way of its text.
fn without_places(document: Document) -> Document {
    serde_json::from_value(serde_json::to_value(document).expect("it is JSON")).expect("it is a document")
}
