//! Bound actions and functions: on which paths they can be called.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::tree::{NodeId, Origin, Segment, Tree, is_quoted};
use crate::csdl::{OperationKind, Parameter, Value};
use crate::model::{Model, OperationId, TypeId, term};

/// Adds the paths of bound operations to a tree of resource paths.
pub fn attach<'d>(model: &Model<'d>, tree: &mut Tree<'d>) {
    let bindings = Bindings::new(model);
    let nodes: Vec<_> = tree.ids().collect();
    for id in nodes {
        let Some(place) = Place::of(tree, id) else { continue };
        let ty = tree.node(id).ty.expect("a bindable path has a type");
        let many = tree.node(id).is_collection;
        for (operation, inherited) in bindings.candidates(model, ty, many) {
            let origin = match place.accepts(model, tree, id, operation) {
                true if !inherited => Origin::Annotation,
                true if place.is_contained() => Origin::DerivedBinding,
                _ => continue,
            };
            let text = call_segment(model, operation);
            if tree.child(id, &text).is_some() {
                continue;
            }
            let called = push_call(model, tree, id, operation, origin);
            compose(model, tree, &bindings, called, operation);
        }
    }
}

/// Bound operations on paths that could carry them but for their bindings, with the path.
pub(super) fn suppressed(model: &Model<'_>, tree: &Tree<'_>) -> Vec<(NodeId, OperationId)> {
    let bindings = Bindings::new(model);
    let mut list = Vec::new();
    for id in tree.ids().filter(|id| Place::of(tree, *id).is_some()) {
        let node = tree.node(id);
        let Some(ty) = node.ty else { continue };
        let candidates = bindings.candidates(model, ty, node.is_collection);
        let called = |operation| tree.child(id, &call_segment(model, operation)).is_some();
        list.extend(
            candidates.into_iter().map(|(operation, _)| (id, operation)).filter(|(_, o)| !called(*o)),
        );
    }
    list
}

/// Operations by the type they are bound to.
struct Bindings {
    by_type: HashMap<(TypeId, bool), Vec<OperationId>>,
    /// The entity types of entity sets and singletons.
    exposed: HashSet<TypeId>,
}

impl Bindings {
    fn new(model: &Model<'_>) -> Self {
        let mut by_type = HashMap::<_, Vec<_>>::new();
        for (index, operation) in model.document.operations.iter().enumerate().filter(|(_, o)| o.is_bound) {
            let Some(binding) = operation.parameters.first() else { continue };
            if let Some(ty) = model.find(&binding.ty.name) {
                by_type.entry((ty, binding.ty.is_collection)).or_default().push(OperationId(index));
            }
        }
        let container = model.container();
        let exposed = container
            .entity_sets
            .iter()
            .chain(&container.singletons)
            .filter_map(|e| model.find(&e.ty))
            .collect();
        Self { by_type, exposed }
    }

    fn exact(&self, ty: TypeId, many: bool) -> &[OperationId] {
        self.by_type.get(&(ty, many)).map_or(&[], Vec::as_slice)
    }

    /// The operations bound to the type or to one of its bases, the type's own first. The flag says that
    /// Microsoft's converter does not see it: it looks at bases only for the types of sets and singletons.
    fn candidates(&self, model: &Model<'_>, ty: TypeId, many: bool) -> Vec<(OperationId, bool)> {
        let exposed = self.exposed.contains(&ty);
        model
            .ancestors(ty)
            .flat_map(|bound| self.exact(bound, many).iter().map(move |id| (*id, bound != ty && !exposed)))
            .collect()
    }
}

/// Where an operation is to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Set,
    SetEntity,
    Singleton,
    Navigation { contained: bool },
}

impl Place {
    /// The place of a path, if operations can be bound to it at all.
    fn of(tree: &Tree<'_>, id: NodeId) -> Option<Self> {
        let node = tree.node(id);
        match &node.segment {
            Segment::EntitySet(_) => Some(Self::Set),
            Segment::Singleton(_) => Some(Self::Singleton),
            Segment::Navigation(navigation) => {
                Some(Self::Navigation { contained: navigation.property.contains_target })
            }
            Segment::Key(_) => match &tree.node(node.parent?).segment {
                Segment::EntitySet(_) => Some(Self::SetEntity),
                Segment::Navigation(_) if is_reference_only(tree, id) => None,
                Segment::Navigation(navigation) => {
                    Some(Self::Navigation { contained: navigation.property.contains_target })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn is_contained(self) -> bool {
        !matches!(self, Self::Navigation { contained: false })
    }

    /// Whether the operation's own wish for explicit binding is met here.
    fn accepts(self, model: &Model<'_>, tree: &Tree<'_>, id: NodeId, operation: OperationId) -> bool {
        let explicit = model.operation_annotation(operation, term::REQUIRES_EXPLICIT_BINDING);
        let operation = model.operation(operation);
        if explicit.is_none() {
            return self.is_contained();
        }
        let lists = |value: Option<&Value>| {
            value.is_some_and(|value| value.items().iter().any(|item| item.as_str() == Some(&operation.name)))
        };
        let node = tree.node(id);
        match self {
            // Quirk: a bare singleton takes every operation.
            Self::Singleton => true,
            Self::Set | Self::SetEntity => {
                let ty = node.ty.expect("a root has a type");
                lists(model.type_annotation(ty, term::EXPLICIT_OPERATION_BINDINGS))
                    || lists(model.annotation(&tree.root(id).target, term::EXPLICIT_OPERATION_BINDINGS))
            }
            Self::Navigation { .. } => tree.navigations(id).last().is_some_and(|navigation| {
                lists(model.navigation_annotation(*navigation, term::EXPLICIT_OPERATION_BINDINGS))
            }),
        }
    }
}

/// Whether the key below a navigation property only carries `$ref`, and is no entity's own path.
pub fn is_reference_only(tree: &Tree<'_>, key: NodeId) -> bool {
    let node = tree.node(key);
    matches!(node.segment, Segment::Key(_))
        && node.children.iter().any(|child| matches!(tree.node(*child).segment, Segment::Ref))
}

/// Adds the path that calls an operation.
pub(super) fn push_call<'d>(
    model: &Model<'d>,
    tree: &mut Tree<'d>,
    at: NodeId,
    id: OperationId,
    origin: Origin,
) -> NodeId {
    let operation = model.operation(id);
    let returned = operation.returns.as_ref();
    let ty = returned.and_then(|returned| model.find(&returned.ty.name));
    let many = returned.is_some_and(|returned| returned.ty.is_collection);
    let text = call_segment(model, id);
    let called = tree.push(at, Segment::Operation(id), &text, None, ty, many);
    tree.nodes[called.0].origin = origin;
    called
}

/// What may follow a composable function that returns one entity: its operations and its navigation properties,
/// one segment deep.
fn compose<'d>(model: &Model<'d>, tree: &mut Tree<'d>, bindings: &Bindings, called: NodeId, id: OperationId) {
    let function = model.operation(id);
    let composable = function.kind == OperationKind::Function && function.is_composable;
    let Some(returned) = function.returns.as_ref().filter(|r| composable && !r.ty.is_collection) else {
        return;
    };
    let Some(ty) = model.find(&returned.ty.name).filter(|ty| model.is_entity(*ty)) else { return };
    let origin = tree.node(called).origin;
    for next in bindings.exact(ty, false) {
        if model.operation(*next).name != function.name
            && tree.child(called, &call_segment(model, *next)).is_none()
        {
            push_call(model, tree, called, *next, origin);
        }
    }
    for navigation in model.navigation(ty) {
        let name = navigation.property.name.as_str();
        let target = model.find(&navigation.property.ty.name);
        let many = navigation.property.ty.is_collection;
        tree.push(called, Segment::Navigation(navigation), name, Some(name), target, many);
    }
}

/// The segment that calls an operation: `/sendMail`, `/delta()`, `/reminderView(StartDateTime='{StartDateTime}')`.
pub fn call_segment(model: &Model<'_>, id: OperationId) -> String {
    let operation = model.operation(id);
    let name = match operation.name.strip_prefix("microsoft.graph.") {
        Some(short) if !short.contains('.') => short,
        _ => &operation.name,
    };
    if operation.kind == OperationKind::Action {
        return name.to_owned();
    }
    let arguments: Vec<_> =
        operation.parameters.iter().skip(1).map(|parameter| argument(model, parameter)).collect();
    format!("{name}({})", arguments.join(","))
}

fn argument(model: &Model<'_>, parameter: &Parameter) -> String {
    let name = &parameter.name;
    if is_optional(parameter) {
        format!("{name}='@{name}'")
    } else if is_quoted(model, &parameter.ty.name) {
        format!("{name}='{{{name}}}'")
    } else {
        format!("{name}={{{name}}}")
    }
}

/// Whether a caller may leave the parameter out.
pub fn is_optional(parameter: &Parameter) -> bool {
    parameter.annotations.contains_key(term::OPTIONAL_PARAMETER)
}

/// The operations that are called on no path at all, for the inventory's balance.
pub fn uncalled(model: &Model<'_>, tree: &Tree<'_>) -> BTreeSet<OperationId> {
    let called: HashSet<_> = tree
        .nodes
        .iter()
        .filter_map(|node| match node.segment {
            Segment::Operation(id) => Some(id),
            _ => None,
        })
        .collect();
    (0..model.document.operations.len()).map(OperationId).filter(|id| !called.contains(id)).collect()
}
