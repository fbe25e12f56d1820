//! Routes → the tree of paths and its operations, as CSDL gives them.

use std::collections::HashMap;

use super::contents::{Body, Verb};
use super::routes::{Part, Route, Step};
use crate::csdl::{Operation, OperationKind, Parameter, Property};
use crate::model::{Model, OperationId, TypeId};
use crate::operations::bound::call_segment;
use crate::operations::paths::cast_segment;
use crate::operations::spec::{self, Spec};
use crate::operations::tree::{KeyPart, Node, NodeId, Origin, Segment, Tree, is_quoted};

/// All paths, or those below some roots, and what can be done there.
pub fn operations<'d>(model: &Model<'d>, routes: &'d [Route], roots: &[String]) -> (Tree<'d>, Vec<Spec>) {
    let mut planter = Planter {
        model,
        tree: Tree::default(),
        operations: overloads(model),
        nodes: Vec::with_capacity(routes.len()),
    };
    let mut specs = Vec::new();
    for route in routes {
        let node = match route.parent {
            None => planter.root(route, roots),
            Some(parent) => planter.nodes[parent].and_then(|parent| planter.below(parent, route)),
        };
        planter.nodes.push(node);
        if let Some(node) = node {
            specs.extend(route.verbs.iter().map(|verb| spec(model, &planter.tree, node, verb)));
        }
    }
    (planter.tree, specs)
}

/// What tells overloads apart.
type Signature<'a> = (&'a str, OperationKind, &'a [Parameter]);

fn signature(operation: &Operation) -> Signature<'_> {
    (&operation.name, operation.kind, &operation.parameters)
}

fn overloads<'d>(model: &Model<'d>) -> HashMap<String, Vec<(Signature<'d>, OperationId)>> {
    let mut overloads = HashMap::<String, Vec<_>>::new();
    for (index, operation) in model.document.operations.iter().enumerate() {
        overloads.entry(operation.name.clone()).or_default().push((signature(operation), OperationId(index)));
    }
    overloads
}

fn spec(model: &Model<'_>, tree: &Tree<'_>, node: NodeId, verb: &Verb) -> Spec {
    let operation = match tree.node(node).segment {
        Segment::Operation(operation) => Some(operation),
        _ => None,
    };
    let body = match (&verb.body, operation) {
        (Body::Parameters, Some(operation)) => spec::Body::Parameters(operation),
        (Body::None | Body::Parameters, _) => spec::Body::None,
        (Body::Value(ty), _) => spec::Body::Value(ty.clone()),
        (Body::Values(ty), _) => spec::Body::Values(ty.clone()),
        (Body::Reference, _) => spec::Body::Reference,
        (Body::Bytes, _) => spec::Body::Bytes,
    };
    Spec {
        node,
        method: verb.method,
        kind: spec::kind(tree, node, verb.method, model),
        body,
        answer: verb.answer.clone(),
        query: verb.query.clone(),
        limits: Vec::new(),
        options: verb.options.clone(),
        headers: verb.headers.clone(),
        origin: Origin::Document,
    }
}

struct Planter<'m, 'd> {
    model: &'m Model<'d>,
    tree: Tree<'d>,
    operations: HashMap<String, Vec<(Signature<'d>, OperationId)>>,
    /// The node of each route; none below a root that is not wanted.
    nodes: Vec<Option<NodeId>>,
}

impl<'d> Planter<'_, 'd> {
    fn root(&mut self, route: &'d Route, roots: &[String]) -> Option<NodeId> {
        let Step::Root(name) = &route.step else { return None };
        if !roots.is_empty() && !roots.contains(name) {
            return None;
        }
        let container = self.model.container();
        let set = container.entity_sets.iter().find(|set| set.name == *name).map(Segment::EntitySet);
        let singleton =
            || container.singletons.iter().find(|singleton| singleton.name == *name).map(Segment::Singleton);
        let segment = set.or_else(singleton)?;
        let id = NodeId(self.tree.nodes.len());
        self.tree.nodes.push(Node {
            parent: None,
            segment,
            path: format!("/{name}"),
            target: format!("{}/{name}", container.name),
            ty: self.ty(route),
            is_collection: route.is_collection,
            origin: Origin::Document,
            children: Vec::new(),
        });
        self.tree.roots.push(id);
        Some(id)
    }

    fn ty(&self, route: &Route) -> Option<TypeId> {
        self.model.find(route.ty.as_deref()?)
    }

    fn below(&mut self, parent: NodeId, route: &'d Route) -> Option<NodeId> {
        let (segment, text) = match &route.step {
            Step::Root(_) => return None,
            Step::Key(parts) => self.key(parts),
            Step::AlternateKey(properties) => return Some(self.alternate_key(parent, route, properties)),
            Step::Member(name) => (self.member(parent, name), name.clone()),
            Step::Stream(property) => (Segment::Stream(property), property.name.clone()),
            Step::MediaValue => (Segment::MediaValue, "$value".to_owned()),
            Step::Cast(name) => (Segment::Cast(self.model.find(name)?), cast_segment(name)),
            Step::Count => (Segment::Count, "$count".to_owned()),
            Step::Ref => (Segment::Ref, "$ref".to_owned()),
            Step::Operation(operation) => {
                let overloads = self.operations.get(&operation.name)?;
                let (_, id) = overloads.iter().find(|(known, _)| *known == signature(operation))?;
                (Segment::Operation(*id), call_segment(self.model, *id))
            }
        };
        let step = match &route.step {
            Step::Member(name) => Some(name.as_str()),
            _ => None,
        };
        Some(self.tree.push(parent, segment, &text, step, self.ty(route), route.is_collection))
    }

    fn key(&self, parts: &'d [Part]) -> (Segment<'d>, String) {
        let key = |part: &'d Part| KeyPart {
            property: &part.property,
            name: if parts.len() == 1 { plain(&part.placeholder) } else { part.property.name.clone() },
            placeholder: part.placeholder.clone(),
        };
        let text = match parts {
            [part] => format!("{{{}}}", part.placeholder),
            parts => {
                let assign = |Part { property, placeholder }: &Part| {
                    let quote = if is_quoted(self.model, &property.ty.name) { "'" } else { "" };
                    format!("{}={quote}{{{placeholder}}}{quote}", property.name)
                };
                parts.iter().map(assign).collect::<Vec<_>>().join(",")
            }
        };
        (Segment::Key(parts.iter().map(key).collect()), text)
    }

    fn alternate_key(&mut self, parent: NodeId, route: &Route, properties: &'d [Property]) -> NodeId {
        let text: Vec<_> =
            properties.iter().map(|property| format!("{0}='{{{0}}}'", property.name)).collect();
        let path = format!("{}({})", self.tree.node(parent).path, text.join(","));
        let parts = properties.iter().map(|property| (property.name.clone(), Some(property))).collect();
        let id = self.tree.push(parent, Segment::AlternateKey(parts), "", None, self.ty(route), false);
        self.tree.nodes[id.0].path = path;
        id
    }

    /// What a name stands for where the type above declares it.
    fn member(&self, parent: NodeId, name: &'d str) -> Segment<'d> {
        let Some(ty) = self.tree.node(parent).ty else { return Segment::Member(name) };
        if let Some(navigation) =
            self.model.navigation(ty).into_iter().find(|found| found.property.name == name)
        {
            return Segment::Navigation(navigation);
        }
        let properties = self.model.properties(ty);
        match properties.into_iter().find(|(_, property)| property.name == name) {
            Some((owner, property)) if self.model.find(&property.ty.name).is_some() => {
                Segment::Complex(owner, property)
            }
            _ => Segment::Member(name),
        }
    }
}

/// A placeholder without the number of its second use in a path.
fn plain(placeholder: &str) -> String {
    placeholder.trim_end_matches(|character: char| character.is_ascii_digit()).to_owned()
}
