//! What an operation takes and gives: kind, body, answer, query options.

use std::collections::BTreeSet;

use super::options::{self, Limit};
use super::tree::{NodeId, Origin, Segment, Tree};
use super::verbs::{self, restriction_record};
use super::{Method, bound};
use crate::csdl::{OperationKind, TypeRef, Value};
use crate::model::{Model, OperationId, TypeId, term, unqualified};

/// What an operation does, in the words of the client's method names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Read a collection, page by page.
    List,
    /// Read one thing.
    Get,
    /// Add to a collection.
    Create,
    /// Change some properties.
    Update,
    /// Write the whole, creating it if need be.
    Replace,
    /// Delete.
    Delete,
    /// Read the number of elements.
    Count,
    /// Read a collection of references.
    ListReferences,
    /// Read one reference.
    GetReference,
    /// Add a reference to a collection.
    AddReference,
    /// Replace a reference.
    SetReference,
    /// Remove a reference.
    RemoveReference,
    /// Read a stream.
    GetStream,
    /// Write a stream.
    PutStream,
    /// Delete a stream.
    DeleteStream,
    /// Call an action.
    Action,
    /// Call a function.
    Function,
}

impl Kind {
    /// The name in the inventory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Count => "count",
            Self::ListReferences => "list-references",
            Self::GetReference => "get-reference",
            Self::AddReference => "add-reference",
            Self::SetReference => "set-reference",
            Self::RemoveReference => "remove-reference",
            Self::GetStream => "get-stream",
            Self::PutStream => "put-stream",
            Self::DeleteStream => "delete-stream",
            Self::Action => "action",
            Self::Function => "function",
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// One value as JSON.
    Value(TypeRef),
    /// An array in `{"value": […]}`.
    Values(TypeRef),
    /// The parameters of an action.
    Parameters(OperationId),
    /// `{"@odata.id": …}`.
    Reference,
    /// Bytes of any media type.
    Bytes,
}

/// What a successful answer carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing.
    None,
    /// One structured value.
    Value(TypeRef),
    /// One structured value, or nothing if the service prefers a minimal answer.
    Optional(TypeRef),
    /// A primitive or enumeration value in `{"value": …}`.
    Scalar(TypeRef),
    /// A page of values.
    Page(TypeRef),
    /// An integer as plain text.
    Count,
    /// One reference.
    Reference,
    /// A page of references.
    References,
    /// Bytes of any media type.
    Bytes,
}

/// A query option or header beyond OData's system query options.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomOption {
    /// The name on the wire.
    pub name: String,
    /// Whether the service refuses calls without it.
    pub required: bool,
}

/// One operation: a verb on a path, what it takes and gives.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The path.
    pub node: NodeId,
    /// The verb.
    pub method: Method,
    /// What it does.
    pub kind: Kind,
    /// What the request carries.
    pub body: Body,
    /// What the answer carries.
    pub answer: Answer,
    /// The system query options it supports, without `$`, sorted.
    pub query: Vec<&'static str>,
    /// What it does not take in them.
    pub limits: Vec<Limit>,
    /// Custom query options.
    pub options: Vec<CustomOption>,
    /// Custom headers.
    pub headers: Vec<CustomOption>,
    /// Where it comes from.
    pub origin: Origin,
}

/// All operations of a tree, in the order of its nodes.
pub fn specs(model: &Model<'_>, tree: &Tree<'_>) -> Vec<Spec> {
    tree.ids()
        .flat_map(|id| verbs::verbs(model, tree, id).into_iter().map(move |method| (id, method)))
        .map(|(id, method)| spec(model, tree, id, method, tree.node(id).origin))
        .collect()
}

/// The operation of a verb on a path.
pub fn spec(model: &Model<'_>, tree: &Tree<'_>, id: NodeId, method: Method, origin: Origin) -> Spec {
    let node = tree.node(id);
    let kind = kind(tree, id, method, model);
    let (body, answer) = content(model, tree, id, kind);
    let record_term = match (kind, method) {
        (Kind::Action | Kind::Function, _) => term::OPERATION,
        (_, Method::Get) => term::READ,
        (_, Method::Post) => term::INSERT,
        (_, Method::Patch | Method::Put) => term::UPDATE,
        (_, Method::Delete) => term::DELETE,
    };
    let record = restriction_record(model, tree, id, record_term);
    let by_key = record.nested("ReadByKeyRestrictions");
    let custom = |field: &str| {
        let own = matches!(node.segment, Segment::Key(_)).then(|| by_key.get(field)).flatten();
        custom_options(own.or_else(|| record.get(field)))
    };
    let is_read_target = !matches!(node.segment, Segment::Count | Segment::Ref | Segment::Cast(_));
    let (mut options, headers) = if is_read_target || method != Method::Get {
        (custom("CustomQueryOptions"), custom("CustomHeaders"))
    } else {
        (Vec::new(), Vec::new())
    };
    if kind == Kind::RemoveReference && node.is_collection {
        options.push(CustomOption { name: "@id".to_owned(), required: true });
    }
    let (query, limits) = match method {
        Method::Get => options::supported(model, tree, id, kind, &answer),
        _ => Default::default(),
    };
    Spec { node: id, method, kind, body, answer, query, limits, options, headers, origin }
}

/// What a verb on a path does.
pub fn kind(tree: &Tree<'_>, id: NodeId, method: Method, model: &Model<'_>) -> Kind {
    let node = tree.node(id);
    match &node.segment {
        Segment::Count => Kind::Count,
        Segment::Operation(operation) => match model.operation(*operation).kind {
            OperationKind::Action => Kind::Action,
            OperationKind::Function => Kind::Function,
        },
        Segment::Stream(_) | Segment::MediaValue => match method {
            Method::Get => Kind::GetStream,
            Method::Delete => Kind::DeleteStream,
            _ => Kind::PutStream,
        },
        Segment::Ref => match method {
            Method::Get if node.is_collection => Kind::ListReferences,
            Method::Get => Kind::GetReference,
            Method::Post => Kind::AddReference,
            Method::Delete => Kind::RemoveReference,
            _ => Kind::SetReference,
        },
        _ => match method {
            Method::Get if node.is_collection => Kind::List,
            Method::Get => Kind::Get,
            Method::Post => Kind::Create,
            Method::Patch => Kind::Update,
            Method::Put => Kind::Replace,
            Method::Delete => Kind::Delete,
        },
    }
}

fn content(model: &Model<'_>, tree: &Tree<'_>, id: NodeId, kind: Kind) -> (Body, Answer) {
    let node = tree.node(id);
    let one = || one_of(model, node.ty);
    match kind {
        Kind::List => (Body::None, Answer::Page(one())),
        Kind::Get => (Body::None, Answer::Value(one())),
        // A complex value has no address of its own, so the answer is the collection it was added to.
        Kind::Create if matches!(node.segment, Segment::Complex(..)) => {
            (Body::Value(one()), Answer::Page(one()))
        }
        Kind::Create => (Body::Value(one()), Answer::Value(one())),
        Kind::Update | Kind::Replace if node.is_collection => (Body::Values(one()), Answer::None),
        Kind::Update | Kind::Replace => (Body::Value(one()), Answer::Optional(one())),
        Kind::Delete | Kind::DeleteStream | Kind::RemoveReference => (Body::None, Answer::None),
        Kind::Count => (Body::None, Answer::Count),
        Kind::ListReferences => (Body::None, Answer::References),
        Kind::GetReference => (Body::None, Answer::Reference),
        Kind::AddReference | Kind::SetReference => (Body::Reference, Answer::None),
        Kind::GetStream => (Body::None, Answer::Bytes),
        Kind::PutStream => match &node.segment {
            Segment::Stream(property) if property.name == "content" => (Body::Bytes, Answer::Optional(one())),
            _ => (Body::Bytes, Answer::Bytes),
        },
        Kind::Action | Kind::Function => {
            let Segment::Operation(operation) = node.segment else { return (Body::None, Answer::None) };
            let takes_body = kind == Kind::Action && model.operation(operation).parameters.len() > 1;
            let body = if takes_body { Body::Parameters(operation) } else { Body::None };
            (body, returned(model, operation))
        }
    }
}

fn one_of(model: &Model<'_>, ty: Option<TypeId>) -> TypeRef {
    let name = ty.map_or_else(|| "Edm.Untyped".to_owned(), |ty| model.ty(ty).name.clone());
    TypeRef { name, is_collection: false }
}

fn returned(model: &Model<'_>, operation: OperationId) -> Answer {
    let Some(returned) = &model.operation(operation).returns else { return Answer::None };
    let one = TypeRef { name: returned.ty.name.clone(), is_collection: false };
    match (returned.ty.is_collection, returned.ty.name.as_str()) {
        (false, "Edm.Stream") => Answer::Bytes,
        (true, _) => Answer::Page(one),
        (false, name) if model.find(name).is_some() => Answer::Value(one),
        (false, _) => Answer::Scalar(one),
    }
}

fn custom_options(list: Option<&Value>) -> Vec<CustomOption> {
    let options: BTreeSet<_> = list
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(|option| {
            let name = option.get("Name").and_then(Value::as_str)?.to_owned();
            let required = option.get("Required").and_then(Value::as_bool).unwrap_or(false);
            Some(CustomOption { name, required })
        })
        .collect();
    options.into_iter().collect()
}

/// The parameters of an action that make its body, or the arguments of a function.
pub fn parameters<'d>(model: &Model<'d>, operation: OperationId) -> &'d [crate::csdl::Parameter] {
    let operation = model.operation(operation);
    operation.parameters.get(usize::from(operation.is_bound)..).unwrap_or_default()
}

/// The name under which an operation stands in a path, without its namespace.
pub fn short_name<'d>(model: &Model<'d>, operation: OperationId) -> &'d str {
    unqualified(&model.operation(operation).name)
}

/// Whether a called operation carries longer paths and so needs a builder of its own.
pub fn is_composed(tree: &Tree<'_>, id: NodeId) -> bool {
    matches!(tree.node(id).segment, Segment::Operation(_)) && !tree.node(id).children.is_empty()
}

/// Whether the operation's path ends in the key of a reference.
pub fn is_reference_key(tree: &Tree<'_>, id: NodeId) -> bool {
    bound::is_reference_only(tree, id)
}
