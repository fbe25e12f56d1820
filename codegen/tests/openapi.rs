//! OpenAPI documents: several at once, as JSON, and as Microsoft publishes them.

use std::fs;
use std::path::{Path, PathBuf};

use msgraph_codegen::csdl::{Document, TypeKind};
use msgraph_codegen::model::Model;
use msgraph_codegen::openapi::compare::{Reason, compare};
use msgraph_codegen::openapi::{self, Service};
use msgraph_codegen::permissions::PermissionTable;
use msgraph_codegen::plan;

const PLACES: &str = "
openapi: 3.0.3
info: {title: Places, version: v1.0}
paths:
  /rooms/{room-id}:
    get:
      summary: Reads a room.
      parameters: [{name: room-id, in: path, required: true, schema: {type: string}, x-ms-docs-key-type: room}]
      responses: {2XX: {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/example.room'}}}}}
components:
  schemas:
    example.room: {type: object, description: A room., properties: {id: {type: string}, title: {type: string}}}
";

const PEOPLE: &str = "
openapi: 3.0.0
info: {title: People, version: v1.0}
paths:
  /people/{person-id}/room:
    get:
      parameters: [{name: person-id, in: path, required: true, schema: {type: string}, x-ms-docs-key-type: person}]
      responses: {2XX: {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/example.room'}}}}}
components:
  schemas:
    example.person: {type: object, properties: {id: {type: string}, room: {$ref: '#/components/schemas/example.room'}}}
";

fn read(documents: &[(&str, &str)]) -> Result<Service, String> {
    let documents: Vec<_> = documents.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    openapi::parse(&documents).map_err(|problems| problems.to_string())
}

fn paths(service: &Service) -> Vec<String> {
    let model = Model::new(&service.document);
    let (tree, specs) = service.paths.operations(&model, &[]);
    specs.iter().map(|spec| format!("{} {}", spec.method, tree.node(spec.node).path)).collect()
}

#[test]
fn a_reference_into_another_document_is_found_where_both_are_given() {
    let alone = read(&[("people.yml", PEOPLE)]).expect_err("the room is missing");
    let message = "`#/components/schemas/example.room` is in none of the documents: give the document that has it as \
                   well, or correct the reference";
    assert_eq!(alone, format!("people.yml:8:87: {message}\npeople.yml:11:82: {message}"));
    let both = read(&[("people.yml", PEOPLE), ("places.yml", PLACES)]).expect("nothing is missing");
    assert_eq!(paths(&both), ["GET /people/{person-id}/room", "GET /rooms/{room-id}"]);
    let person = both.document.types.iter().find(|ty| ty.name == "example.person").expect("it is declared");
    assert_eq!(
        person.navigation.len(),
        1,
        "a room has an address of its own, so the reference is a navigation property"
    );
}

#[test]
fn documents_may_repeat_each_other_in_other_prose_but_not_with_other_facts() {
    let prose = PLACES.replace("A room.", "Has walls.").replace("Reads a room.", "Looks inside.");
    let merged = read(&[("a.yml", PLACES), ("b.yml", &prose)]).expect("only the prose differs");
    assert_eq!(merged.document, read(&[("a.yml", PLACES)]).expect("it is sound").document);
    let renamed = PLACES.replace("title: {type: string}", "heading: {type: string}");
    let other = renamed.replace("room-id, in: path, required: true", "room-id, in: path, required: false");
    let problems = read(&[("a.yml", PLACES), ("b.yml", &other)]).expect_err("the facts differ");
    let expected = "b.yml:7:7: `get /rooms/{room-id}` is not the same at a.yml:7:7: give documents of one version\n\
                    b.yml:12:19: `example.room` is not the same at a.yml:12:19: give documents of one version";
    assert_eq!(problems, expected);
}

#[test]
fn every_document_says_its_own_problems_at_its_own_places() {
    let problems = read(&[("a.yml", "openapi: 3.1.0"), ("b.yml", "\nswagger: '2.0'"), ("c.yml", "\n\n{}")]);
    let expected = "a.yml:1:1: the document is of OpenAPI 3.1.0: give a document of OpenAPI 3.0\n\
                    b.yml:2:1: the document is of Swagger 2.0: give a document of OpenAPI 3.0\n\
                    c.yml:3:1: this is no OpenAPI document, it has no `openapi`: give a document of OpenAPI 3.0";
    assert_eq!(problems.expect_err("none is of version 3.0"), expected);
    let problems = read(&[("a.yml", ""), ("b.yml", "a: [1, 2"), ("c.yml", "- a: 1\n  a: 2\n")]);
    let problems = problems.expect_err("none can be read");
    assert!(problems.starts_with("a.yml:1:1: the document is empty"), "{problems}");
    assert!(problems.contains("\nb.yml:1:"), "{problems}");
    assert!(problems.ends_with("c.yml:2:3: the key `a` stands here twice: remove one"), "{problems}");
}

#[test]
fn the_same_document_in_json_says_the_same() {
    let json = r##"{
        "openapi": "3.0.3", "info": {"title": "Places \ud83d\udeaa", "version": "v1.0"},
        "paths": {"\/rooms\/{room-id}": {"get": {
            "parameters": [{"name": "room-id", "in": "path", "required": true, "schema": {"type": "string"},
                            "x-ms-docs-key-type": "room"}],
            "responses": {"2XX": {"description": "one", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/example.room"}}}}}}}},
        "components": {"schemas": {"example.room": {"type": "object", "properties": {
            "id": {"type": "string"}, "title": {"type": "string"}}}}}
    }"##;
    let (json, yaml) = (read(&[("a.json", json)]), read(&[("a.yml", PLACES)]));
    let (json, yaml) = (json.expect("it is sound"), yaml.expect("it is sound"));
    assert_eq!(without_places(json.document.clone()), without_places(yaml.document.clone()));
    assert_eq!(paths(&json), paths(&yaml));
}

fn without_places(document: Document) -> String {
    msgraph_codegen::csdl::projection::write(&document)
}

#[test]
fn combinations_that_double_at_every_step_are_read_once() {
    let step = |index: usize| {
        let next = format!("{{$ref: '#/components/schemas/Step{}'}}", index + 1);
        format!("    Step{index}: {{allOf: [{next}, {next}], anyOf: [{next}, {next}]}}\n")
    };
    let steps: String = (0..64).map(step).collect();
    let text = format!(
        "openapi: 3.0.0\ncomponents:\n  schemas:\n{steps}    Step64: {{type: string}}\n    \
         example.thing: {{type: object, properties: {{text: {{$ref: '#/components/schemas/Step0'}}}}}}\n"
    );
    let service = read(&[("steps.yml", &text)]).expect("it is sound");
    assert_eq!(service.document.types[0].properties[0].ty.name, "Edm.String");
}

/// The documents that Microsoft publishes; none, with a word about it, where they are not at hand.
fn published() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/metadata/openapi-v1.0");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: there are no OpenAPI documents in {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

fn texts(paths: &[PathBuf]) -> Vec<(String, String)> {
    let name = |path: &Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("it is text"))).collect()
}

#[test]
fn every_published_module_gives_all_its_operations_alone() {
    for (name, text) in texts(&published()) {
        let verbs = ["    get:", "    post:", "    patch:", "    put:", "    delete:"];
        let written = text.lines().filter(|line| verbs.contains(line)).count();
        let service = openapi::parse(&[(name.clone(), text)]).unwrap_or_else(|problems| panic!("{problems}"));
        let model = Model::new(&service.document);
        let operations = service.paths.operations(&model, &[]);
        assert_eq!(operations.1.len(), written, "{name}");
        let planned = plan::plan_operations(&model, &PermissionTable::default(), "v1.0", operations);
        let planned = planned.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert_eq!(planned.methods().count(), written, "{name}");
    }
}

#[test]
fn all_published_modules_give_one_service() {
    let documents = texts(&published());
    if documents.is_empty() {
        return;
    }
    let service = openapi::parse(&documents).unwrap_or_else(|problems| panic!("{problems}"));
    let count = |kind| service.document.types.iter().filter(|ty| ty.kind == kind).count();
    let found = (count(TypeKind::Entity), count(TypeKind::Complex), service.document.enums.len());
    assert_eq!(found, (290, 327, 177));
    let entity = service.document.types.iter().find(|ty| ty.name == "microsoft.graph.entity");
    assert_eq!(entity.expect("it is declared").key, ["id"], "the key is where its property is");
    assert!(
        service.document.types.iter().all(|ty| !ty.name.contains("ODataErrors")),
        "errors are the runtime's"
    );
    let keyless = service.document.types.iter().filter(|ty| ty.kind == TypeKind::Entity && ty.base.is_none());
    let keyless: Vec<_> = keyless.filter(|ty| ty.key.is_empty()).map(|ty| ty.name.as_str()).collect();
    let singletons = ["microsoft.graph.externalConnectors.external", "microsoft.graph.reportRoot"];
    assert_eq!(keyless, singletons, "only what no key leads to has none, as in CSDL");
}

#[test]
fn each_difference_between_the_front_ends_has_its_reason() {
    let csdl = r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
        <Schema Namespace="example" xmlns="http://docs.oasis-open.org/odata/ns/edm">
          <EntityType Name="thing" Abstract="true">
            <Key><PropertyRef Name="id"/></Key>
            <Property Name="id" Type="Edm.String" Nullable="false"/>
            <Property Name="size" Type="example.size" Nullable="false"/>
            <Property Name="content" Type="Edm.Stream"/>
            <Property Name="weight" Type="Edm.Decimal"/>
            <Property Name="newer" Type="Edm.String"/>
            <NavigationProperty Name="parts" Type="Collection(example.thing)" ContainsTarget="true"/>
          </EntityType>
          <ComplexType Name="size"/>
          <EnumType Name="kind"><Member Name="odd" Value="1"/></EnumType>
        </Schema></edmx:DataServices></edmx:Edmx>"#;
    let openapi = "
openapi: 3.0.0
components:
  schemas:
    example.size: {type: object}
    example.kind: {type: string, enum: [odd]}
    example.thing:
      type: object
      properties:
        id: {type: string, nullable: true}
        size: {$ref: '#/components/schemas/example.size'}
        content: {type: string, format: base64url, nullable: true}
        weight: {type: number, format: double, nullable: true}
        older: {type: string}
        parts: {type: array, items: {$ref: '#/components/schemas/example.thing'}, x-ms-navigationProperty: true}
";
    let csdl = msgraph_codegen::csdl::parse_xml("things.xml", csdl).expect("it is sound");
    let openapi = read(&[("things.yml", openapi)]).expect("it is sound");
    let (shared, differences) = compare(&csdl, &openapi.document);
    assert_eq!((shared.types, shared.members), (3, 6));
    let found: Vec<_> = differences.iter().map(|d| (d.reason, d.fact, d.subject.as_str())).collect();
    let expected = [
        (Reason::ReferenceNullability, "nullability", "example.thing/size"),
        (Reason::NoWord, "abstract", "example.thing"),
        (Reason::NoWord, "containment", "example.thing/parts"),
        (Reason::SameWords, "type", "example.thing/weight"),
        (Reason::NoNumbers, "number", "example.kind/odd"),
        (Reason::NoPath, "key", "example.thing"),
        (Reason::NoPath, "type", "example.thing/content"),
        (Reason::Date, "member", "example.thing/newer"),
        (Reason::Date, "member", "example.thing/older"),
        (Reason::Date, "nullability", "example.thing/id"),
    ];
    assert_eq!(found, expected);
}
