//! Paths → routes: what each segment of each path stands for.
//!
//! In: the paths of an [`Api`] and the types of its schemas. Out: one [`Route`] per path, parents before children,
//! and the [`Evidence`] for what the schemas leave open. Where neither says what type a path has, it has none.

use std::collections::BTreeMap;

use super::api::{Api, PathItem};
use super::contents::{Body, Verb, options};
use super::schema::{Content, one};
use super::types::{Evidence, Types};
use super::yaml::Node;
use crate::csdl::{Operation, OperationKind, Parameter, Property, ReturnType, TypeRef, Value};
use crate::diagnostics::Position;
use crate::model::term;
use crate::permissions::Method;

/// No path has more segments than this.
const MAX_SEGMENTS: usize = 64;

/// One path.
#[derive(Debug)]
pub struct Route {
    /// The path one segment shorter.
    pub parent: Option<usize>,
    /// The last segment.
    pub step: Step,
    /// Where it stands, if it is a path of its own.
    pub position: Position,
    /// The structured type at this path, or of its elements.
    pub ty: Option<String>,
    /// Whether the path addresses a collection.
    pub is_collection: bool,
    /// What can be done here.
    pub verbs: Vec<Verb>,
}

/// What a segment stands for.
#[derive(Debug)]
pub enum Step {
    /// The first segment.
    Root(String),
    /// An entity by its key.
    Key(Vec<Part>),
    /// An entity by an alternate key.
    AlternateKey(Vec<Property>),
    /// A navigation property or a complex property.
    Member(String),
    /// A property that is a stream.
    Stream(Property),
    /// `$value`.
    MediaValue,
    /// A type cast.
    Cast(String),
    /// `$count`.
    Count,
    /// `$ref`.
    Ref,
    /// A bound action or function.
    Operation(Operation),
}

/// A part of a key.
#[derive(Debug)]
pub struct Part {
    /// The key property.
    pub property: Property,
    /// What the placeholder in the path is called.
    pub placeholder: String,
}

/// A path as it is written.
struct Place<'t> {
    parent: Option<usize>,
    text: &'t str,
    item: PathItem<'t>,
    children: Vec<usize>,
}

/// What paths say.
#[derive(Debug, Default)]
pub struct Routes {
    /// The paths, parents before children.
    pub routes: Vec<Route>,
    /// What they say about types.
    pub evidence: Evidence,
}

/// Reads all paths.
pub fn routes<'t>(api: &Api<'t>, types: &mut Types<'t>, namespace: &str) -> Routes {
    let places = places(api);
    let mut router =
        Router { api, types, places, namespace, routes: Vec::new(), evidence: Evidence::default() };
    for index in 0..router.places.len() {
        let route = router.route(index);
        router.routes.push(route);
    }
    let Router { routes, evidence, .. } = router;
    Routes { routes, evidence }
}

/// The paths as a tree. Paths that differ only in the names of their placeholders are the same.
fn places<'t>(api: &Api<'t>) -> Vec<Place<'t>> {
    let mut places = Vec::<Place<'t>>::new();
    let mut known = BTreeMap::new();
    for (path, item) in &api.paths {
        let segments = segments(api, path);
        if segments.len() > MAX_SEGMENTS || segments.contains(&"") {
            let message =
                format!("the path `{path}` has an empty segment or more than {MAX_SEGMENTS}: correct it");
            api.problem(item.position, message);
            continue;
        }
        let mut parent = None;
        for text in segments {
            let index = *known.entry((parent, without_names(text))).or_insert_with(|| {
                places.push(Place { parent, text, item: PathItem::default(), children: Vec::new() });
                let index = places.len() - 1;
                if let Some(parent) = parent {
                    places[parent].children.push(index);
                }
                index
            });
            parent = Some(index);
        }
        if let Some(index) = parent {
            places[index].item = item.clone();
        }
    }
    places
}

/// The segments of a path. A slash in parentheses is part of its segment; an alternate key, `(name='{name}')`, is a
/// segment of its own.
fn segments<'t>(api: &Api<'t>, path: &'t str) -> Vec<&'t str> {
    let (mut depth, mut start, mut list) = (0_usize, 1, Vec::new());
    for (index, character) in path.char_indices().skip(1) {
        match character {
            '(' => {
                let called = path[index..].find(')').map_or(path, |end| &path[..=index + end]);
                let is_function = || api.paths.get(called).is_some_and(|item| item.is("function"));
                let name = &path[start..index];
                if depth == 0 && !name.contains('.') && !called.ends_with("()") && !is_function() {
                    list.push(name);
                    start = index;
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                list.push(&path[start..index]);
                start = index + 1;
            }
            _ => (),
        }
    }
    list.push(&path[start..]);
    list
}

/// A segment without the names between its braces.
fn without_names(segment: &str) -> String {
    let mut parts = segment.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push('{');
        text.push_str(part.find('}').map_or(part, |end| &part[end..]));
    }
    text
}

/// The name between braces, if that is all there is.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.contains(['{', '}']))
}

/// `a={a},b='{b}'` as names and placeholders.
fn assignments(text: &str) -> Option<Vec<(&str, &str)>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',')
        .map(|part| part.split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches('\''))))
        .collect()
}

struct Router<'a, 't> {
    api: &'a Api<'t>,
    types: &'a mut Types<'t>,
    places: Vec<Place<'t>>,
    namespace: &'a str,
    routes: Vec<Route>,
    evidence: Evidence,
}

impl<'t> Router<'_, 't> {
    fn route(&mut self, index: usize) -> Route {
        let parent = self.places[index].parent;
        let step = match parent {
            None => Step::Root(self.places[index].text.to_owned()),
            Some(parent) => self.step(index, parent),
        };
        let (ty, is_collection) = self.resource(index, parent, &step);
        self.note(parent, &step, ty.as_ref());
        let item = self.places[index].item.clone();
        let mut route = Route { parent, step, position: item.position, ty, is_collection, verbs: Vec::new() };
        for (method, operation) in &item.operations {
            let body = self.body(&route, operation);
            let answer = self.api.answer(operation, &route, *method, |name| self.types.is_structured(name));
            let (query, options, headers) = options(&self.api.parameters(&item, operation));
            route.verbs.push(Verb { method: *method, body, answer, query, options, headers });
        }
        route.verbs.sort_by_key(|verb| verb.method);
        route
    }

    fn step(&mut self, index: usize, parent: usize) -> Step {
        let text = self.places[index].text;
        match text {
            "$count" => return Step::Count,
            "$ref" => return Step::Ref,
            "$value" => return Step::MediaValue,
            _ => (),
        }
        if let Some(name) = placeholder(text) {
            return Step::Key(vec![self.key_part(index, parent, None, name)]);
        }
        if let Some((name, arguments)) = text.split_once('(') {
            let arguments = assignments(arguments.trim_end_matches(')')).unwrap_or_default();
            return match name {
                "" => self.alternate_key(index, &arguments),
                name => self.function(index, parent, name, &arguments),
            };
        }
        if let Some(parts) = assignments(text).filter(|_| text.contains('{')) {
            let part = |(name, value): (&str, &str)| {
                placeholder(value).map(|value| self.key_part(index, parent, Some(name), value))
            };
            return match parts.into_iter().map(part).collect() {
                Some(parts) => Step::Key(parts),
                None => Step::Member(text.to_owned()),
            };
        }
        self.named(index, parent, text)
    }

    /// A segment that is only a name: an action, a cast, or a member.
    fn named(&mut self, index: usize, parent: usize, text: &str) -> Step {
        let item = &self.places[index].item;
        let only_post = item.operations.keys().eq([&Method::Post]);
        if item.is("action") || (text.contains('.') && only_post) {
            return self.action(index, parent, text);
        }
        if text.contains('.') {
            let full = self.qualified(text);
            if self.types.is_structured(&full) {
                return Step::Cast(full);
            }
        }
        let is_bytes = [Method::Get, Method::Put]
            .into_iter()
            .filter_map(|method| item.operations.get(&method))
            .any(|operation| self.api.carries_bytes(operation));
        if is_bytes {
            let ty = one("Edm.Stream");
            return Step::Stream(Property { name: text.to_owned(), ty, ..property_of(Position::default()) });
        }
        Step::Member(text.to_owned())
    }

    /// The full name of an operation or type: `graph` is an alias, and without a namespace it has that of all.
    fn qualified(&self, text: &str) -> String {
        match text.strip_prefix("graph.") {
            Some(short) => format!("{}.{short}", self.namespace),
            None if text.contains('.') => text.to_owned(),
            None => format!("{}.{text}", self.namespace),
        }
    }

    fn function(&mut self, index: usize, parent: usize, name: &str, arguments: &[(&str, &str)]) -> Step {
        let parameters = arguments.iter().map(|argument| self.argument(index, *argument)).collect();
        let mut operation = self.operation(index, parent, name, OperationKind::Function, parameters);
        operation.is_composable = !self.places[index].children.is_empty();
        Step::Operation(operation)
    }

    fn alternate_key(&self, index: usize, arguments: &[(&str, &str)]) -> Step {
        let property = |argument: &(&str, &str)| {
            let Parameter { name, ty, .. } = self.argument(index, *argument);
            Property { name, ty, ..property_of(self.places[index].item.position) }
        };
        Step::AlternateKey(arguments.iter().map(property).collect())
    }

    fn argument(&self, index: usize, (name, value): (&str, &str)) -> Parameter {
        let parameter = self.parameter(index, placeholder(value).unwrap_or(value));
        let typed = parameter.and_then(|node| node.get("schema")).map(|schema| self.api.typed(schema));
        let optional = value
            .starts_with('@')
            .then(|| (term::OPTIONAL_PARAMETER.to_owned(), Value::Record(BTreeMap::new())));
        Parameter {
            name: name.to_owned(),
            ty: typed.as_ref().map_or_else(|| one("Edm.String"), |typed| typed.ty.clone()),
            nullable: typed.is_none_or(|typed| typed.nullable),
            annotations: optional.into_iter().collect(),
        }
    }

    fn action(&mut self, index: usize, parent: usize, name: &str) -> Step {
        let operation = self.places[index].item.operations.get(&Method::Post).copied();
        let parameters = match operation.and_then(|operation| self.api.request(operation)) {
            Some(Content::Inline(schema)) if self.routes[parent].ty.is_some() => self.parameters(schema),
            Some(Content::Wrapped(ty)) if self.routes[parent].ty.is_some() => {
                vec![Parameter { name: "value".to_owned(), ty, nullable: true, annotations: BTreeMap::new() }]
            }
            _ => Vec::new(),
        };
        Step::Operation(self.operation(index, parent, name, OperationKind::Action, parameters))
    }

    fn parameters(&self, schema: &'t Node<'t>) -> Vec<Parameter> {
        let members = self.api.members(schema).filter(|(name, _)| !name.contains('@'));
        let parameter = |(name, schema): (&str, &'t Node<'t>)| {
            let typed = self.api.typed(schema);
            let annotations = BTreeMap::new();
            Parameter { name: name.to_owned(), ty: typed.ty, nullable: typed.nullable, annotations }
        };
        members.map(parameter).collect()
    }

    fn operation(
        &self,
        index: usize,
        parent: usize,
        name: &str,
        kind: OperationKind,
        parameters: Vec<Parameter>,
    ) -> Operation {
        let Route { ty, is_collection, .. } = &self.routes[parent];
        let binding = TypeRef {
            name: ty.clone().unwrap_or_else(|| "Edm.EntityType".to_owned()),
            is_collection: *is_collection,
        };
        let binding = Parameter {
            name: "bindingParameter".to_owned(),
            ty: binding,
            nullable: true,
            annotations: BTreeMap::new(),
        };
        let item = &self.places[index].item;
        let operation = item.operations.values().next();
        // A function that stands here only because longer paths call it says nothing of what it returns.
        let unknown = (kind == OperationKind::Function && operation.is_none()).then(|| one("Edm.Untyped"));
        let returns = operation.and_then(|operation| self.api.returned(operation)).or(unknown);
        Operation {
            name: self.qualified(name),
            kind,
            is_bound: true,
            is_composable: false,
            entity_set_path: None,
            parameters: std::iter::once(binding).chain(parameters).collect(),
            returns: returns.map(|ty| ReturnType { ty, nullable: true }),
            annotations: BTreeMap::new(),
            position: operation.map_or(Position::default(), |operation| operation.position),
        }
    }

    /// A part of a key: `user-id` is the property `id` of a user. In a key of several parts each names its property.
    fn key_part(&self, index: usize, parent: usize, name: Option<&str>, placeholder: &str) -> Part {
        let parameter = self.parameter(index, placeholder);
        let of = parameter.and_then(|node| node.text("x-ms-docs-key-type")).unwrap_or_default();
        let name = name.unwrap_or_else(|| {
            placeholder.strip_prefix(of).and_then(|rest| rest.strip_prefix('-')).unwrap_or(placeholder)
        });
        let ty = self.key_type(index, placeholder).or_else(|| self.routes[parent].ty.clone());
        let declared = |name: &str| self.types.member(ty.as_deref()?, name).map(|(_, ty)| ty);
        // A second placeholder of that name in a path has a number: `event-id1`.
        let plain = name.trim_end_matches(|character: char| character.is_ascii_digit());
        let (name, ty) = match (declared(name), declared(plain)) {
            (Some(ty), _) => (name, ty),
            (None, Some(ty)) => (plain, ty),
            (None, None) => {
                let schema = parameter.and_then(|node| node.get("schema"));
                let ty = schema.map_or_else(|| one("Edm.String"), |schema| self.api.typed(schema).ty);
                (if plain.is_empty() || of.is_empty() { name } else { plain }, ty)
            }
        };
        let position = parameter.map_or(Position::default(), |node| node.position);
        let property = Property { name: name.to_owned(), ty, ..property_of(position) };
        Part { property, placeholder: placeholder.to_owned() }
    }

    /// The type that a key is of, if its parameter says that.
    fn key_type(&self, index: usize, placeholder: &str) -> Option<String> {
        let of = self.parameter(index, placeholder)?.text("x-ms-docs-key-type")?;
        self.types.find(of).map(str::to_owned)
    }

    /// A parameter of the operations at this path, or at the first longer one that has any.
    fn parameter(&self, index: usize, name: &str) -> Option<&'t Node<'t>> {
        let mut pending = vec![index];
        while let Some(index) = pending.pop() {
            let Place { item, children, .. } = &self.places[index];
            if let Some(operation) = item.operations.values().next() {
                let parameters = self.api.parameters(item, operation);
                return parameters.into_iter().find(|parameter| parameter.text("name") == Some(name));
            }
            pending.extend(children.iter().rev());
        }
        None
    }

    /// The structured type at a path, and whether there are many: by what a GET answers, by the member's
    /// declaration, by what a POST sends, by the key below.
    fn resource(&self, index: usize, parent: Option<usize>, step: &Step) -> (Option<String>, bool) {
        let above = parent.map(|parent| &self.routes[parent]);
        let above_ty = above.and_then(|above| above.ty.clone());
        match step {
            Step::Count => return (None, false),
            Step::Cast(ty) => return (Some(ty.clone()), above.is_some_and(|above| above.is_collection)),
            Step::Stream(_) | Step::MediaValue => return (above_ty, false),
            Step::Ref => return (above_ty, above.is_some_and(|above| above.is_collection)),
            Step::Operation(operation) => {
                let returned = operation.returns.as_ref().map(|returns| &returns.ty);
                let ty = returned.map(|ty| ty.name.clone()).filter(|name| self.types.is_structured(name));
                return (ty, returned.is_some_and(|ty| ty.is_collection));
            }
            Step::Key(_) | Step::AlternateKey(_) | Step::Root(_) | Step::Member(_) => (),
        }
        let operations = &self.places[index].item.operations;
        let got = operations.get(&Method::Get).and_then(|operation| self.api.returned(operation));
        let got = got.filter(|ty| self.types.is_structured(&ty.name));
        let ty = got.as_ref().map(|ty| ty.name.clone());
        if let Step::Key(parts) = step {
            let of = || parts.iter().find_map(|part| self.key_type(index, &part.placeholder));
            return (ty.or(above_ty).or_else(of), false);
        }
        let Step::Member(name) = step else {
            return if let Step::Root(_) = step {
                self.collection(index, got, None)
            } else {
                (ty.or(above_ty), false)
            };
        };
        let declared = above_ty.as_deref().and_then(|ty| self.types.member(ty, name)).map(|(_, ty)| ty);
        self.collection(index, got, declared)
    }

    fn collection(
        &self,
        index: usize,
        got: Option<TypeRef>,
        declared: Option<TypeRef>,
    ) -> (Option<String>, bool) {
        let Place { item, children, .. } = &self.places[index];
        let key = children.iter().copied().find(|child| placeholder(self.places[*child].text).is_some());
        let marks_many =
            |child: &usize| self.places[*child].text == "$count" || self.places[*child].text.starts_with('(');
        let is_keyed = key.is_some() || children.iter().any(marks_many);
        let is_collection = got.as_ref().or(declared.as_ref()).map_or(is_keyed, |ty| ty.is_collection);
        let posted = || match self.api.request(item.operations.get(&Method::Post)?)? {
            Content::Value(ty) => Some(ty),
            _ => None,
        };
        let keyed = || self.key_type(key?, placeholder(self.places[key?].text)?);
        let structured = |ty: TypeRef| Some(ty.name).filter(|name| self.types.is_structured(name));
        let ty = got
            .and_then(structured)
            .or_else(|| declared.and_then(structured))
            .or_else(|| posted().and_then(structured))
            .or_else(keyed);
        (ty, is_collection)
    }

    /// Notes what a path says about types.
    fn note(&mut self, parent: Option<usize>, step: &Step, ty: Option<&String>) {
        let owner = parent.and_then(|parent| self.routes[parent].ty.clone());
        match (step, ty) {
            (Step::Key(parts), Some(ty)) => {
                self.evidence.entities.insert(ty.clone());
                let names: Vec<_> = parts.iter().map(|part| part.property.name.clone()).collect();
                if names.iter().all(|name| self.types.member(ty, name).is_some()) {
                    self.evidence.keys.entry(ty.clone()).or_insert(names);
                }
            }
            (Step::Root(_), Some(ty)) => drop(self.evidence.entities.insert(ty.clone())),
            (Step::Stream(property), _) => {
                self.evidence.streams.extend(owner.map(|owner| (owner, property.name.clone())));
            }
            _ => (),
        }
    }

    /// What a request carries. An object that is written out there becomes the parameters of an action, where the
    /// type that it is bound to is known, and a type of its own elsewhere.
    fn body(&mut self, route: &Route, operation: &'t Node<'t>) -> Body {
        if matches!(route.step, Step::Ref) && operation.get("requestBody").is_some() {
            return Body::Reference;
        }
        let is_action = matches!(&route.step, Step::Operation(o) if o.kind == OperationKind::Action);
        let is_bound = is_action && route.parent.is_some_and(|parent| self.routes[parent].ty.is_some());
        match self.api.request(operation) {
            _ if self.api.sends_bytes(operation) => Body::Bytes,
            None => Body::None,
            Some(Content::Inline(_) | Content::Wrapped(_)) if is_bound => Body::Parameters,
            Some(Content::Wrapped(ty)) => Body::Values(one(&ty.name)),
            Some(Content::Value(ty)) if ty.is_collection => Body::Values(one(&ty.name)),
            Some(Content::Value(ty)) => Body::Value(ty),
            Some(Content::Inline(schema)) => {
                let name = match &route.step {
                    Step::Operation(operation) => operation.name.clone(),
                    Step::Root(name) | Step::Member(name) => self.qualified(name),
                    _ => route.ty.clone().unwrap_or_else(|| self.qualified("request")),
                };
                let properties =
                    self.parameters(schema).into_iter().map(|Parameter { name, ty, nullable, .. }| {
                        Property { name, ty, nullable, ..property_of(schema.position) }
                    });
                let mut properties: Vec<_> = properties.collect();
                properties.sort_by(|a, b| a.name.cmp(&b.name));
                Body::Value(one(&self.types.add_body(
                    &format!("{name}RequestBody"),
                    properties,
                    schema.position,
                )))
            }
        }
    }
}

/// A property without a name, at a place.
fn property_of(position: Position) -> Property {
    Property { name: String::new(), ty: one("Edm.String"), nullable: true, facets: BTreeMap::new(), position }
}
