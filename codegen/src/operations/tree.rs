//! The tree of resource paths: which paths exist, and what each segment stands for.
//!
//! A node is one path. Its children are the paths one segment longer. Verbs hang on nodes (see [`super::verbs`]).

use crate::csdl::{ContainerElement, Property};
use crate::model::{Model, Navigation, OperationId, TypeId, unqualified};

/// The place of a node in [`Tree::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Where a path or an operation comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From declarations and capability annotations, as Microsoft's converter derives it.
    #[default]
    Annotation,
    /// An operation bound to a base type, on a navigation target of a derived type.
    DerivedBinding,
    /// A row of the permission table that the annotations suppress.
    PermissionTable,
    /// Written out in an OpenAPI document.
    Document,
}

impl Origin {
    /// The name in the inventory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::DerivedBinding => "derived-binding",
            Self::PermissionTable => "permission-table",
            Self::Document => "document",
        }
    }
}

/// A key property in a path and the name of its placeholder.
#[derive(Clone, Debug)]
pub struct KeyPart<'d> {
    /// The key property.
    pub property: &'d Property,
    /// What the placeholder is called, `message-id`; a second one of that name in a path gets a number.
    pub name: String,
    /// The placeholder's name, unique in the path: `message-id`, `event-id1`.
    pub placeholder: String,
}

/// What the last segment of a path stands for.
#[derive(Clone, Debug)]
pub enum Segment<'d> {
    /// An entity set of the container.
    EntitySet(&'d ContainerElement),
    /// A singleton of the container.
    Singleton(&'d ContainerElement),
    /// An entity by its primary key.
    Key(Vec<KeyPart<'d>>),
    /// An entity by an alternate key: the aliases and the properties behind them.
    AlternateKey(Vec<(String, Option<&'d Property>)>),
    /// A navigation property.
    Navigation(Navigation<'d>),
    /// A complex property.
    Complex(TypeId, &'d Property),
    /// A complex property on the way to navigation properties, without operations of its own.
    Passage(&'d Property),
    /// A member of a type that the document does not describe.
    Member(&'d str),
    /// A property of type `Edm.Stream`.
    Stream(&'d Property),
    /// The media stream of a media entity: `$value`.
    MediaValue,
    /// A type cast.
    Cast(TypeId),
    /// `$count`.
    Count,
    /// `$ref`.
    Ref,
    /// A bound action or function.
    Operation(OperationId),
}

/// One path.
#[derive(Clone, Debug)]
pub struct Node<'d> {
    /// The path one segment shorter.
    pub parent: Option<NodeId>,
    /// The last segment.
    pub segment: Segment<'d>,
    /// Graph's template of the whole path: `/users/{user-id}/messages`.
    pub path: String,
    /// The target under which a path-qualified annotation of this path would stand.
    pub target: String,
    /// The structured type at this path, or of its elements.
    pub ty: Option<TypeId>,
    /// Whether the path addresses a collection.
    pub is_collection: bool,
    /// Where the path comes from.
    pub origin: Origin,
    /// The paths one segment longer.
    pub children: Vec<NodeId>,
}

/// All paths of a service.
#[derive(Clone, Debug, Default)]
pub struct Tree<'d> {
    /// The nodes, parents before children.
    pub nodes: Vec<Node<'d>>,
    /// The entity sets and singletons, in the order of the container.
    pub roots: Vec<NodeId>,
}

impl<'d> Tree<'d> {
    /// The node of this id.
    pub fn node(&self, id: NodeId) -> &Node<'d> {
        &self.nodes[id.0]
    }

    /// All node ids, parents before children.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The node, its parent, the parent's parent and so on to the root.
    pub fn upwards(&self, id: NodeId) -> impl Iterator<Item = &Node<'d>> + '_ {
        std::iter::successors(Some(self.node(id)), |node| node.parent.map(|parent| self.node(parent)))
    }

    /// The entity set or singleton a path begins with.
    pub fn root(&self, id: NodeId) -> &Node<'d> {
        self.upwards(id).last().expect("a node is its own first ancestor")
    }

    /// The navigation properties of a path, first to last.
    pub fn navigations(&self, id: NodeId) -> Vec<Navigation<'d>> {
        let mut list: Vec<_> = self
            .upwards(id)
            .filter_map(|node| match node.segment {
                Segment::Navigation(navigation) => Some(navigation),
                _ => None,
            })
            .collect();
        list.reverse();
        list
    }

    /// The child whose path ends in this text.
    pub fn child(&self, id: NodeId, text: &str) -> Option<NodeId> {
        let length = self.node(id).path.len();
        self.node(id)
            .children
            .iter()
            .copied()
            .find(|child| self.node(*child).path[length..].strip_prefix('/') == Some(text))
    }

    /// Adds an entity set or singleton.
    pub fn push_root(
        &mut self,
        segment: Segment<'d>,
        name: &str,
        container: &str,
        ty: TypeId,
        many: bool,
    ) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            parent: None,
            segment,
            path: format!("/{name}"),
            target: format!("{container}/{name}"),
            ty: Some(ty),
            is_collection: many,
            origin: Origin::Annotation,
            children: Vec::new(),
        });
        self.roots.push(id);
        id
    }

    /// Adds a path one segment longer than `parent`. `text` is the segment as it stands in the template; `step`
    /// is what it adds to the annotation target, if anything.
    pub fn push(
        &mut self,
        parent: NodeId,
        segment: Segment<'d>,
        text: &str,
        step: Option<&str>,
        ty: Option<TypeId>,
        is_collection: bool,
    ) -> NodeId {
        let id = NodeId(self.nodes.len());
        let above = &mut self.nodes[parent.0];
        above.children.push(id);
        let path = format!("{}/{text}", above.path);
        let target = match step {
            Some(step) => format!("{}/{step}", above.target),
            None => above.target.clone(),
        };
        let origin = above.origin;
        self.nodes.push(Node {
            parent: Some(parent),
            segment,
            path,
            target,
            ty,
            is_collection,
            origin,
            children: Vec::new(),
        });
        id
    }

    /// The primary key of `ty` as a path segment below `parent`: its parts and its text. Placeholders are
    /// numbered from the second use of a name in a path, as Graph's own templates do.
    pub fn key_segment(&self, model: &Model<'d>, parent: NodeId, ty: TypeId) -> (Vec<KeyPart<'d>>, String) {
        let path = &self.node(parent).path;
        let type_name = unqualified(&model.ty(ty).name);
        let key = model.key(ty);
        let composite = key.len() > 1;
        let parts: Vec<_> = key
            .into_iter()
            .map(|property| {
                let name =
                    if composite { property.name.clone() } else { format!("{type_name}-{}", property.name) };
                KeyPart { property, placeholder: unused_placeholder(path, &name), name }
            })
            .collect();
        let text = match parts.as_slice() {
            [part] => format!("{{{}}}", part.placeholder),
            parts => {
                let assignments: Vec<_> = parts
                    .iter()
                    .map(|KeyPart { property, placeholder, .. }| {
                        let name = &property.name;
                        if is_quoted(model, &property.ty.name) {
                            format!("{name}='{{{placeholder}}}'")
                        } else {
                            format!("{name}={{{placeholder}}}")
                        }
                    })
                    .collect();
                assignments.join(",")
            }
        };
        (parts, text)
    }
}

fn unused_placeholder(path: &str, stem: &str) -> String {
    let mut name = stem.to_owned();
    let mut number = 0;
    while path.contains(&format!("{{{name}}}")) {
        number += 1;
        name = format!("{stem}{number}");
    }
    name
}

/// Whether a literal of this type stands in quotes in a path.
pub fn is_quoted(model: &Model<'_>, ty: &str) -> bool {
    matches!(ty, "Edm.String" | "Edm.Duration" | "Edm.Binary") || model.find_enum(ty).is_some()
}
