//! Decides names, field types, boxing and features of every type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::names::{self, Scope};
use super::needs::{Features, Needs, no_name};
use crate::clouds::Cloud;
use crate::csdl::{EnumType, TypeKind, TypeRef};
use crate::diagnostics::Diagnostics;
use crate::model::{Model, OperationId, TypeId, term, unqualified};
use crate::operations::spec::parameters;

/// Names that a type cannot have, because generated code uses them unqualified.
const RESERVED_TYPES: [&str; 13] = [
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "Vec",
    "Box",
    "Default",
    "Clone",
    "PartialEq",
    "Patch",
];

/// A complex value inline in another one may take this much room before it is boxed.
const INLINE_BYTES: usize = 128;

/// Where a type lives in the generated crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustType {
    /// The modules below `models`, namespaces only.
    pub namespace: Vec<String>,
    /// The module of the type itself, and the name of its file.
    pub module: String,
    /// The `CamelCase` name.
    pub name: String,
}

impl RustType {
    /// The path below the crate root: `models::security::Alert`.
    pub fn path(&self) -> String {
        let mut path = String::from("models");
        for module in &self.namespace {
            path.push_str("::");
            path.push_str(module);
        }
        format!("{path}::{}", self.name)
    }

    /// The path of the type's module: `models::security::alert`.
    pub fn module_path(&self) -> String {
        let mut path = String::from("models");
        for module in &self.namespace {
            path.push_str("::");
            path.push_str(module);
        }
        format!("{path}::{}", self.module)
    }
}

/// What one value of a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// A primitive: the Rust type, `String` or `runtime::DateTimeOffset`.
    Primitive(&'static str),
    /// An entity or complex type.
    Structured(RustType),
    /// An enumeration.
    Enum(RustType),
    /// A set of members of an enumeration.
    Flags(RustType),
}

impl Element {
    /// The type that is generated for it.
    pub fn rust(&self) -> Option<&RustType> {
        match self {
            Self::Primitive(_) => None,
            Self::Structured(rust) | Self::Enum(rust) | Self::Flags(rust) => Some(rust),
        }
    }
}

/// The type of a property or parameter, `Option` left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueType {
    /// The element.
    pub element: Element,
    /// Whether there are many.
    pub is_collection: bool,
    /// Whether the value is boxed, to break a cycle or to keep the parent small.
    pub is_boxed: bool,
    /// Whether it is the value of a navigation property, decoded when asked for.
    pub is_expanded: bool,
}

/// A property of a generated struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in JSON.
    pub json: String,
    /// The name in Rust, escaped.
    pub rust: String,
    /// The type, as in CSDL.
    pub edm: String,
    /// The type in Rust.
    pub ty: ValueType,
    /// Whether it is a navigation property: present only when expanded.
    pub is_navigation: bool,
    /// Whether the service computes it, so that clients cannot set it.
    pub is_read_only: bool,
    /// Whether it can be set on creation only.
    pub is_create_only: bool,
    /// Whether CSDL says that null is not allowed.
    pub is_required: bool,
    /// The features that compile the field in, if they are fewer than those of its struct.
    pub features: Option<Features>,
    /// The clouds in which it does not exist.
    pub absent: BTreeSet<Cloud>,
}

/// A generated struct: an entity type, a complex type, or the parameters of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// The qualified name in CSDL.
    pub graph: String,
    /// Where it lives.
    pub rust: RustType,
    /// What it is.
    pub kind: StructKind,
    /// The qualified names of the base types, nearest first.
    pub bases: Vec<String>,
    /// The qualified names of all types that derive from it, sorted, if it has a base itself. Whatever can be one of
    /// a root's says so by its declaration.
    pub derived: Vec<String>,
    /// Whether there are no values of exactly this type.
    pub is_abstract: bool,
    /// Whether values may carry undeclared properties.
    pub is_open: bool,
    /// The fields, sorted by the bytes of their JSON names.
    pub fields: Vec<Field>,
    /// The features that compile it in.
    pub features: Features,
    /// The parameters of actions bound to this type.
    pub parameters: Vec<Struct>,
    /// The clouds in which it does not exist.
    pub absent: BTreeSet<Cloud>,
}

/// What a struct stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructKind {
    /// An entity type.
    Entity,
    /// A complex type.
    Complex,
    /// The parameters of an action.
    Parameters,
}

/// A generated enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enumeration {
    /// The qualified name in CSDL.
    pub graph: String,
    /// Where it lives.
    pub rust: RustType,
    /// Whether values are sets of members.
    pub is_flags: bool,
    /// JSON name and Rust name of each member, in the order of their values.
    pub members: Vec<(String, String)>,
    /// The features that compile it in.
    pub features: Features,
    /// The clouds in which it does not exist.
    pub absent: BTreeSet<Cloud>,
}

/// All types, by the order of their qualified names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Types {
    /// Entity and complex types.
    pub structs: Vec<Struct>,
    /// Enumerations.
    pub enums: Vec<Enumeration>,
    /// The parameter struct of each action that has one.
    pub parameters: BTreeMap<OperationId, RustType>,
    names: HashMap<String, Element>,
}

impl Types {
    /// The element for a type name of CSDL. A name the document does not declare is any JSON.
    pub fn element(&self, name: &str) -> Element {
        primitive(name)
            .map(Element::Primitive)
            .or_else(|| self.names.get(name).cloned())
            .unwrap_or(Element::Primitive("runtime::Json"))
    }
}

/// The Rust type of a primitive or abstract Edm type.
pub fn primitive(edm: &str) -> Option<&'static str> {
    Some(match edm {
        "Edm.String" => "String",
        "Edm.Boolean" => "bool",
        "Edm.Byte" => "u8",
        "Edm.SByte" => "i8",
        "Edm.Int16" => "i16",
        "Edm.Int32" => "i32",
        "Edm.Int64" => "i64",
        "Edm.Single" => "f32",
        "Edm.Double" => "f64",
        "Edm.Decimal" => "runtime::Decimal",
        "Edm.DateTimeOffset" => "runtime::DateTimeOffset",
        "Edm.Date" => "runtime::Date",
        "Edm.TimeOfDay" => "runtime::TimeOfDay",
        "Edm.Duration" => "runtime::Duration",
        "Edm.Guid" => "runtime::Guid",
        "Edm.Binary" => "runtime::Binary",
        name if name.starts_with("Edm.") => "runtime::Json",
        _ => return None,
    })
}

/// Decides everything about types.
///
/// # Errors
/// Names for which no rule finds a free Rust name.
pub fn plan(model: &Model<'_>, needs: &Needs) -> Result<Types, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let mut types = Types { names: name_types(model, &mut diagnostics), ..Types::default() };
    let boxing = Boxing::new(model);
    for id in model.types() {
        let planned = plan_struct(model, needs, &types, &boxing, id, &mut diagnostics);
        types.structs.push(planned);
    }
    for declared in &model.document.enums {
        let planned = plan_enum(model, needs, &types, declared, &mut diagnostics);
        types.enums.push(planned);
    }
    plan_parameters(model, needs, &mut types, &mut diagnostics);
    diagnostics.into_result(types)
}

fn name_types(model: &Model<'_>, diagnostics: &mut Diagnostics) -> HashMap<String, Element> {
    let base = model.container().name.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
    let structs = model.document.types.iter().map(|ty| {
        let suffix = if ty.kind == TypeKind::Entity { "Entity" } else { "Complex" };
        (&ty.name, suffix, Element::Structured as fn(RustType) -> Element)
    });
    let enums = model.document.enums.iter().map(|ty| {
        let make: fn(RustType) -> Element = if ty.is_flags { Element::Flags } else { Element::Enum };
        (&ty.name, "Enum", make)
    });
    let mut all: Vec<_> = structs.chain(enums).collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    let mut scopes = namespace_scopes(all.iter().map(|(graph, ..)| namespace_modules(graph, &base)));
    let mut named = HashMap::new();
    for (graph, suffix, make) in all {
        let namespace = namespace_modules(graph, &base);
        let (types, modules) = scopes.entry(namespace.clone()).or_default();
        let name = names::camel(unqualified(graph));
        let longer = format!("{}{suffix}", name.trim_end_matches('_'));
        let taken = types.take([name, longer]).and_then(|name| {
            let module = names::field(&name);
            let module = modules.take([module.clone(), format!("{}_type", names::stem(&module))])?;
            Ok(RustType { namespace, module, name })
        });
        match taken {
            Ok(rust) => drop(named.insert(graph.clone(), make(rust))),
            Err(name) => no_name(diagnostics, graph, &name),
        }
    }
    named
}

/// Per namespace the names that types and their modules cannot have: a namespace below has its module there.
fn namespace_scopes(namespaces: impl Iterator<Item = Vec<String>>) -> BTreeMap<Vec<String>, (Scope, Scope)> {
    let mut scopes = BTreeMap::<Vec<String>, (Scope, Scope)>::new();
    for namespace in namespaces {
        for depth in 0..=namespace.len() {
            let (types, modules) = scopes.entry(namespace[..depth].to_vec()).or_default();
            RESERVED_TYPES.iter().for_each(|name| types.reserve(name));
            modules.reserve("mod");
            if let Some(below) = namespace.get(depth) {
                modules.reserve(below);
            }
        }
    }
    scopes
}

/// The modules for a namespace: those below the container's own namespace, or all of a foreign one.
fn namespace_modules(graph: &str, base: &str) -> Vec<String> {
    let namespace = graph.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    let relative = match namespace.strip_prefix(base) {
        Some("") => return Vec::new(),
        Some(rest) if rest.starts_with('.') && !base.is_empty() => &rest[1..],
        _ => namespace,
    };
    relative.split('.').map(names::field).collect()
}

fn plan_struct(
    model: &Model<'_>,
    needs: &Needs,
    types: &Types,
    boxing: &Boxing,
    id: TypeId,
    diagnostics: &mut Diagnostics,
) -> Struct {
    let declared = model.ty(id);
    let features = needs.of(&declared.name);
    let mut scope = Scope::with(["extra"]);
    let mut fields = Vec::new();
    for (owner, property) in model.properties(id) {
        if property.ty.name == "Edm.Stream" {
            continue;
        }
        let ty = value_type(types, &property.ty, boxing.is_boxed(model, id, &property.ty));
        fields.push(Field {
            json: property.name.clone(),
            rust: String::new(),
            edm: property.ty.clone().into(),
            features: needs.narrower(&features, &property.ty.name),
            ty,
            is_navigation: false,
            is_read_only: is_read_only(model, owner, &property.name),
            is_create_only: is_create_only(model, owner, &property.name),
            is_required: !property.nullable,
            absent: without_member(model, owner, &property.name),
        });
    }
    for navigation in model.navigation(id) {
        let property = navigation.property;
        fields.push(Field {
            json: property.name.clone(),
            rust: String::new(),
            edm: property.ty.clone().into(),
            features: needs.narrower(&features, &property.ty.name),
            ty: ValueType { is_expanded: true, ..value_type(types, &property.ty, false) },
            is_navigation: true,
            is_read_only: false,
            is_create_only: false,
            is_required: false,
            absent: without_member(model, navigation.owner, &property.name),
        });
    }
    name_fields(&mut fields, &mut scope, &declared.name, diagnostics);
    Struct {
        graph: declared.name.clone(),
        rust: rust_type(types, &declared.name),
        kind: if declared.kind == TypeKind::Entity { StructKind::Entity } else { StructKind::Complex },
        derived: derived(model, id),
        bases: model.ancestors(id).skip(1).map(|base| model.ty(base).name.clone()).collect(),
        is_abstract: declared.is_abstract,
        is_open: model.is_open(id),
        fields,
        features,
        parameters: Vec::new(),
        absent: model.clouds.without(&declared.name),
    }
}

fn derived(model: &Model<'_>, id: TypeId) -> Vec<String> {
    if model.ancestors(id).nth(1).is_none() {
        return Vec::new();
    }
    let mut names: Vec<_> = model.descendants(id).into_iter().map(|id| model.ty(id).name.clone()).collect();
    names.sort_unstable();
    names
}

/// The clouds that lack a property although they have the type that declares it.
fn without_member(model: &Model<'_>, owner: TypeId, property: &str) -> BTreeSet<Cloud> {
    let owner = &model.ty(owner).name;
    let mut absent = model.clouds.without(&format!("{owner}/{property}"));
    absent.retain(|cloud| !model.clouds.without(owner).contains(cloud));
    absent
}

/// A derived type may declare again what its base has; the nearest declaration stands.
fn name_fields(fields: &mut Vec<Field>, scope: &mut Scope, graph: &str, diagnostics: &mut Diagnostics) {
    fields.reverse();
    fields.sort_by(|a, b| a.json.cmp(&b.json));
    fields.dedup_by(|later, earlier| later.json == earlier.json);
    for field in fields {
        let name = names::field(&field.json);
        let plain = names::stem(&name).to_owned();
        match scope.take([name, format!("{plain}_property")]) {
            Ok(name) => field.rust = name,
            Err(name) => no_name(diagnostics, &format!("{graph}/{}", field.json), &name),
        }
    }
}

fn is_read_only(model: &Model<'_>, owner: TypeId, property: &str) -> bool {
    let computed =
        model.member_annotation(owner, property, term::COMPUTED).and_then(crate::csdl::Value::as_bool);
    let permissions =
        model.member_annotation(owner, property, term::PERMISSIONS).and_then(crate::csdl::Value::as_str);
    computed == Some(true) || permissions.is_some_and(|text| text.ends_with("/Read"))
}

fn is_create_only(model: &Model<'_>, owner: TypeId, property: &str) -> bool {
    let immutable = model.member_annotation(owner, property, term::IMMUTABLE);
    immutable.and_then(crate::csdl::Value::as_bool) == Some(true)
}

fn rust_type(types: &Types, graph: &str) -> RustType {
    match types.names.get(graph) {
        Some(Element::Structured(rust) | Element::Enum(rust) | Element::Flags(rust)) => rust.clone(),
        _ => RustType {
            namespace: Vec::new(),
            module: names::field(unqualified(graph)),
            name: names::camel(unqualified(graph)),
        },
    }
}

fn value_type(types: &Types, ty: &TypeRef, is_boxed: bool) -> ValueType {
    let element = types.element(&ty.name);
    let is_boxed = is_boxed && matches!(element, Element::Structured(_));
    ValueType { element, is_collection: ty.is_collection, is_boxed, is_expanded: false }
}

fn plan_enum(
    model: &Model<'_>,
    needs: &Needs,
    types: &Types,
    declared: &EnumType,
    diagnostics: &mut Diagnostics,
) -> Enumeration {
    let mut scope = Scope::with(["Unrecognized"]);
    let mut members = Vec::new();
    for member in &declared.members {
        let name = names::camel(&member.name);
        match scope.take([name.clone(), format!("{}Member", name.trim_end_matches('_'))]) {
            Ok(name) => members.push((member.name.clone(), name)),
            Err(name) => no_name(diagnostics, &format!("{}/{}", declared.name, member.name), &name),
        }
    }
    Enumeration {
        graph: declared.name.clone(),
        rust: rust_type(types, &declared.name),
        is_flags: declared.is_flags,
        members,
        features: needs.of(&declared.name),
        absent: model.clouds.without(&declared.name),
    }
}

/// One struct per action with parameters, in the module of the type the action is bound to.
fn plan_parameters(model: &Model<'_>, needs: &Needs, types: &mut Types, diagnostics: &mut Diagnostics) {
    let mut scopes = HashMap::<TypeId, Scope>::new();
    for (index, operation) in model.document.operations.iter().enumerate() {
        let id = OperationId(index);
        let list = parameters(model, id);
        let binding = operation.parameters.first().filter(|_| operation.is_bound);
        let Some(owner) = binding.and_then(|binding| model.find(&binding.ty.name)) else { continue };
        if list.is_empty() || operation.kind != crate::csdl::OperationKind::Action {
            continue;
        }
        let place = rust_type(types, &model.ty(owner).name);
        let scope = scopes.entry(owner).or_insert_with(|| Scope::with([place.name.clone()]));
        let short = names::camel(unqualified(&operation.name));
        let with: Vec<_> = list.iter().map(|parameter| names::camel(&parameter.name)).collect();
        let many = binding.is_some_and(|binding| binding.ty.is_collection);
        let candidates = [
            format!("{short}Parameters"),
            if many { format!("{short}CollectionParameters") } else { format!("{short}ItemParameters") },
            format!("{short}With{}Parameters", with.join("And")),
        ];
        let name = match scope.take(candidates) {
            Ok(name) => name,
            Err(name) => {
                no_name(diagnostics, &operation.name, &name);
                continue;
            }
        };
        let features = needs.of_operation(id);
        let mut fields: Vec<_> = list
            .iter()
            .map(|parameter| Field {
                json: parameter.name.clone(),
                rust: String::new(),
                edm: parameter.ty.clone().into(),
                ty: value_type(types, &parameter.ty, false),
                is_navigation: false,
                is_read_only: false,
                is_create_only: false,
                is_required: !parameter.nullable,
                features: needs.narrower(&features, &parameter.ty.name),
                absent: BTreeSet::new(),
            })
            .collect();
        name_fields(&mut fields, &mut Scope::with(["extra"]), &operation.name, diagnostics);
        let mut module = place.namespace.clone();
        module.push(place.module.clone());
        let rust = RustType { namespace: module, module: names::snake(&name), name };
        types.parameters.insert(id, rust.clone());
        types.structs[owner.0].parameters.push(Struct {
            graph: operation.name.clone(),
            rust,
            kind: StructKind::Parameters,
            bases: Vec::new(),
            derived: Vec::new(),
            is_abstract: false,
            is_open: false,
            fields,
            features,
            parameters: Vec::new(),
            absent: BTreeSet::new(),
        });
    }
}

/// Which complex values are boxed: those that would contain themselves, and large ones.
struct Boxing {
    /// The size of each type in bytes, when large values are boxed; `None` where it is part of a cycle.
    sizes: Vec<Option<usize>>,
}

impl Boxing {
    fn new(model: &Model<'_>) -> Self {
        let mut boxing = Self { sizes: vec![None; model.document.types.len()] };
        let mut visiting = BTreeSet::new();
        for id in model.types() {
            boxing.measure(model, id, &mut visiting);
        }
        boxing
    }

    fn measure(&mut self, model: &Model<'_>, id: TypeId, visiting: &mut BTreeSet<TypeId>) -> Option<usize> {
        if let Some(size) = self.sizes[id.0] {
            return Some(size);
        }
        if !visiting.insert(id) {
            return None;
        }
        let mut size = 32;
        for (_, property) in model.properties(id) {
            size += match model.find(&property.ty.name) {
                Some(complex) if !property.ty.is_collection => match self.measure(model, complex, visiting) {
                    Some(inner) if inner <= INLINE_BYTES => inner + 8,
                    _ => 8,
                },
                _ => 24,
            };
        }
        size += model.navigation(id).len() * 24;
        visiting.remove(&id);
        self.sizes[id.0] = Some(size);
        Some(size)
    }

    /// Whether a property of type `ty` is boxed in `owner`. A type on a cycle is larger than itself in any case.
    fn is_boxed(&self, model: &Model<'_>, owner: TypeId, ty: &TypeRef) -> bool {
        let Some(complex) = model.find(&ty.name).filter(|_| !ty.is_collection) else { return false };
        self.sizes[complex.0].is_none_or(|size| size > INLINE_BYTES) || reaches(model, complex, owner)
    }
}

/// Whether a value of `from` can contain a value of `to` inline.
fn reaches(model: &Model<'_>, from: TypeId, to: TypeId) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(id) = stack.pop() {
        if id == to {
            return true;
        }
        let inline = model.properties(id).into_iter().filter(|(_, property)| !property.ty.is_collection);
        stack.extend(
            inline
                .filter_map(|(_, property)| model.find(&property.ty.name))
                .filter(|next| seen.insert(*next)),
        );
    }
    false
}
