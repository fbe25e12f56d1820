//! What is planned of the modules of resources: request builders, their methods, and what those send and give.

use super::names::{self, Scope};
use super::types::{Element, RustType};

/// A module of the generated crate: one resource and what hangs below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The modules from the crate root, escaped: `["users", "messages"]`.
    pub path: Vec<String>,
    /// Graph's template of the resource.
    pub template: String,
    /// The request builders.
    pub builders: Vec<Builder>,
    /// The modules below, sorted by name.
    pub modules: Vec<Module>,
}

/// A request builder: one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    /// The name of the struct.
    pub name: String,
    /// Graph's template of the path.
    pub template: String,
    /// The operations.
    pub methods: Vec<MethodPlan>,
    /// Ways to longer paths.
    pub accessors: Vec<Accessor>,
}

/// A method that makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodPlan {
    /// The name, escaped.
    pub name: String,
    /// The place of its operation in the list of operations.
    pub operation: usize,
    /// How its path continues from the builder's.
    pub step: Step,
    /// The body it takes.
    pub body: BodyPlan,
    /// What it answers.
    pub answer: AnswerPlan,
    /// Arguments that become required query options: name on the wire, argument name.
    pub options: Vec<(String, String)>,
    /// Arguments that become required headers: name on the wire, argument name.
    pub headers: Vec<(String, String)>,
}

/// A method that leads to a longer path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accessor {
    /// The name, escaped.
    pub name: String,
    /// How the path continues.
    pub step: Step,
    /// The struct it returns, as a path from the crate root.
    pub target: String,
    /// Graph's template of the longer path.
    pub template: String,
    /// The feature that compiles the target in, if it lies under another root.
    pub feature: Option<String>,
}

/// How a path grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not at all.
    None,
    /// By a fixed segment.
    Segment(String),
    /// By a key.
    Key(Argument),
    /// By a key of several parts.
    CompositeKey(Vec<Argument>),
    /// By an alternate key.
    AlternateKey(Vec<Argument>),
    /// By a function call.
    Function(String, Vec<Argument>),
    /// By the path of a drive item relative to another.
    ItemPath,
    /// By the path of a drive item relative to the root of a drive.
    RootItemPath,
}

impl Step {
    /// The step with argument names that are free in the method's scope.
    pub(super) fn with_names(mut self, scope: &mut Scope) -> Result<Self, String> {
        let arguments = match &mut self {
            Self::Key(argument) => std::slice::from_mut(argument),
            Self::CompositeKey(list) | Self::AlternateKey(list) | Self::Function(_, list) => list,
            Self::None | Self::Segment(_) | Self::ItemPath | Self::RootItemPath => &mut [],
        };
        for argument in arguments {
            let longer = format!("{}_argument", names::stem(&argument.rust));
            argument.rust = scope.take([argument.rust.clone(), longer])?;
        }
        Ok(self)
    }
}

/// An argument that ends up in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The name on the wire.
    pub name: String,
    /// The name in Rust, escaped.
    pub rust: String,
    /// The type.
    pub ty: Element,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// Whether it is a collection, passed as JSON.
    pub is_collection: bool,
}

/// The body of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPlan {
    /// None.
    None,
    /// One value.
    Value(Element),
    /// Several values.
    Values(Element),
    /// Parameters of an action.
    Parameters(RustType),
    /// A reference.
    Reference,
    /// Bytes.
    Bytes,
}

/// The answer of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerPlan {
    /// Nothing.
    None,
    /// One value.
    Value(Element),
    /// One value or nothing.
    Optional(Element),
    /// What was done, with one value if the service gives it: it may also be made later, or not be sent back.
    Effect(Element),
    /// One primitive value in a wrapper.
    Scalar(Element),
    /// A page.
    Page(Element),
    /// A page of changes.
    Changes(Element),
    /// A number.
    Count,
    /// A reference.
    Reference,
    /// A page of references.
    References,
    /// Bytes.
    Bytes,
}
