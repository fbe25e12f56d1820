//! Decides modules, request builders and methods: the tree of paths turned into the tree of Rust modules.
//!
//! A navigation property, complex property, type cast or composed function becomes a module. Its struct
//! `RequestBuilder` stands for the path itself, `ItemRequestBuilder` for one element of the collection. What is
//! one segment long and carries nothing further (`$count`, `$ref`, streams, actions, functions) becomes methods.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::addressing;
use super::builders::{Accessor, AnswerPlan, Argument, BodyPlan, Builder, MethodPlan, Module, Step};
use super::names::{self, Scope};
use super::needs::{Roots, no_name};
use super::types::{Element, Types, primitive};
use crate::csdl::{OperationKind, Parameter};
use crate::diagnostics::Diagnostics;
use crate::model::{Model, OperationId, unqualified};
use crate::operations::Method;
use crate::operations::bound::is_optional;
use crate::operations::spec::{Answer, Body, CustomOption, Kind, Spec, is_composed, parameters, short_name};
use crate::operations::tree::{NodeId, Segment, Tree};

/// Names a module below a root cannot have: those its file imports, and one that Rust gives a meaning to.
const RESERVED_MODULES: [&str; 3] = ["mod", "models", "runtime"];

/// Names an argument cannot have, because every method may use them for its body or its path.
const RESERVED_ARGUMENTS: [&str; 6] = ["body", "content", "item_path", "parameters", "reference", "values"];

/// Plans the modules of all roots.
///
/// # Errors
/// Names for which no rule finds a free Rust name.
pub fn plan(
    model: &Model<'_>,
    tree: &Tree<'_>,
    specs: &[Spec],
    types: &Types,
    roots: &Roots,
) -> Result<Vec<Module>, Diagnostics> {
    let mut by_node = HashMap::<NodeId, Vec<usize>>::new();
    for (index, spec) in specs.iter().enumerate() {
        by_node.entry(spec.node).or_default().push(index);
    }
    let drives = addressing::drives(model, tree).into_iter().collect();
    let diagnostics = Diagnostics::new();
    let mut planner = Planner { model, tree, specs, types, by_node, roots, drives, diagnostics };
    let mut modules = Vec::new();
    for root in tree.roots.iter().copied() {
        if !planner.has_operations(root) {
            continue;
        }
        let name = roots.module(&tree.node(root).path);
        modules.push(planner.module(vec![name], vec![(REQUEST_BUILDER.to_owned(), root)]));
    }
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    planner.diagnostics.into_result(modules)
}

const REQUEST_BUILDER: &str = "RequestBuilder";
const ITEM_REQUEST_BUILDER: &str = "ItemRequestBuilder";

struct Planner<'a, 'd> {
    model: &'a Model<'d>,
    tree: &'a Tree<'d>,
    specs: &'a [Spec],
    types: &'a Types,
    by_node: HashMap<NodeId, Vec<usize>>,
    roots: &'a Roots,
    drives: HashSet<String>,
    diagnostics: Diagnostics,
}

/// The structs of a module still to be planned, and the modules below it.
struct Draft {
    path: Vec<String>,
    pending: Vec<(String, NodeId)>,
    scope: Scope,
    structs: Scope,
    /// Per child module: its name and its structs.
    children: BTreeMap<String, Vec<(String, NodeId)>>,
    /// Casts already seen: the same cast of a collection and of its elements shares one module.
    casts: HashMap<String, String>,
}

impl Planner<'_, '_> {
    fn no_name(&mut self, node: NodeId, name: &str) {
        no_name(&mut self.diagnostics, &self.tree.node(node).path, name);
    }

    fn module(&mut self, path: Vec<String>, structs: Vec<(String, NodeId)>) -> Module {
        let template = self.tree.node(structs[0].1).path.clone();
        let mut draft = Draft {
            path,
            structs: Scope::with(structs.iter().map(|(name, _)| name.clone())),
            pending: structs,
            scope: Scope::with(RESERVED_MODULES),
            children: BTreeMap::new(),
            casts: HashMap::new(),
        };
        let mut builders = Vec::new();
        while !draft.pending.is_empty() {
            let (name, node) = draft.pending.remove(0);
            builders.push(self.builder(&mut draft, name, node));
        }
        let Draft { path, children, .. } = draft;
        let modules = children
            .into_iter()
            .map(|(name, structs)| {
                let mut below = path.clone();
                below.push(name);
                self.module(below, structs)
            })
            .collect();
        Module { path, template, builders, modules }
    }

    fn builder(&mut self, draft: &mut Draft, name: String, node: NodeId) -> Builder {
        let mut scope = Scope::default();
        let mut methods = Vec::new();
        for index in self.operations_at(node) {
            let step = Step::None;
            self.method(
                &mut scope,
                &mut methods,
                index,
                step,
                &[verb_name(self.specs[index].kind).to_owned()],
            );
        }
        let children = self.tree.node(node).children.clone();
        let (leaves, branches): (Vec<_>, Vec<_>) =
            children.into_iter().partition(|child| self.is_leaf(*child));
        let mut accessors = Vec::new();
        for branch in branches {
            self.accessor(draft, &mut scope, &mut accessors, branch);
        }
        for leaf in leaves {
            self.leaf(&mut scope, &mut methods, node, leaf);
        }
        accessors.extend(self.item_by_path(&mut scope, node));
        Builder { name, template: self.tree.node(node).path.clone(), methods, accessors }
    }

    /// The way from a drive or an item to an item by its path.
    fn item_by_path(&mut self, scope: &mut Scope, node: NodeId) -> Option<Accessor> {
        let path = &self.tree.node(node).path;
        let (step, text) = if self.drives.contains(path) {
            (Step::RootItemPath, "/root:/{item-path}:")
        } else if path == addressing::ITEM {
            (Step::ItemPath, ":/{item-path}:")
        } else {
            return None;
        };
        let feature = self.roots.feature(addressing::ITEM_ROOT);
        let is_foreign = self.roots.feature(&self.tree.root(node).path) != feature;
        Some(Accessor {
            name: scope.take([addressing::METHOD.to_owned()]).ok()?,
            step,
            target: addressing::ITEM_BUILDER.to_owned(),
            template: format!("{path}{text}"),
            feature: is_foreign.then_some(feature),
        })
    }

    fn operations_at(&self, node: NodeId) -> Vec<usize> {
        self.by_node.get(&node).cloned().unwrap_or_default()
    }

    fn is_leaf(&self, node: NodeId) -> bool {
        match self.tree.node(node).segment {
            Segment::Count | Segment::Ref | Segment::Stream(_) | Segment::MediaValue => true,
            Segment::Operation(_) => !is_composed(self.tree, node),
            _ => false,
        }
    }

    fn leaf(&mut self, scope: &mut Scope, methods: &mut Vec<MethodPlan>, parent: NodeId, leaf: NodeId) {
        let segment = self.tree.node(leaf).segment.clone();
        for index in self.operations_at(leaf) {
            let spec = &self.specs[index];
            let (step, candidates) = match &segment {
                Segment::Count => {
                    (Step::Segment("$count".into()), vec!["count".into(), "count_items".into()])
                }
                Segment::Ref => (Step::Segment("$ref".into()), vec![verb_name(spec.kind).to_owned()]),
                Segment::Stream(property) => self.stream_method(spec, &property.name, &property.name),
                Segment::MediaValue => self.stream_method(spec, "value", "$value"),
                Segment::Operation(operation) => {
                    (self.call_step(*operation), self.operation_names(parent, *operation, spec.method))
                }
                _ => continue,
            };
            self.method(scope, methods, index, step, &candidates);
        }
    }

    fn stream_method(&self, spec: &Spec, name: &str, segment: &str) -> (Step, Vec<String>) {
        let verb = match spec.kind {
            Kind::GetStream => "get",
            Kind::DeleteStream => "delete",
            _ => "put",
        };
        let name = format!("{verb}_{}", names::snake(name));
        (Step::Segment(segment.to_owned()), vec![name.clone(), format!("{name}_stream")])
    }

    /// The path segment of an operation, with its namespace where Graph wants it.
    fn call_step(&self, operation: OperationId) -> Step {
        let declared = self.model.operation(operation);
        let name = match declared.name.strip_prefix("microsoft.graph.") {
            Some(short) if !short.contains('.') => short.to_owned(),
            _ => declared.name.clone(),
        };
        match declared.kind {
            OperationKind::Action => Step::Segment(name),
            OperationKind::Function => {
                let arguments =
                    parameters(self.model, operation).iter().map(|p| self.argument(&p.name, p)).collect();
                Step::Function(name, arguments)
            }
        }
    }

    fn argument(&self, rust: &str, parameter: &Parameter) -> Argument {
        Argument {
            name: parameter.name.clone(),
            rust: names::field(rust),
            ty: self.types.element(&parameter.ty.name),
            is_optional: is_optional(parameter),
            is_collection: parameter.ty.is_collection,
        }
    }

    /// The names an operation may get: its own; with its arguments, to tell overloads apart; with its kind.
    fn operation_names(&self, parent: NodeId, operation: OperationId, method: Method) -> Vec<String> {
        let name = names::field(short_name(self.model, operation));
        let plain = names::stem(&name).to_owned();
        let list = parameters(self.model, operation);
        let kind = match (self.model.operation(operation).kind, method) {
            (OperationKind::Function, Method::Post) => "post",
            (OperationKind::Function, _) => "function",
            (OperationKind::Action, _) => "action",
        };
        let mut candidates = Vec::new();
        let shortest = self.overloads(parent, operation).into_iter().all(|other| other >= list.len());
        if shortest && kind != "post" {
            candidates.push(name);
        }
        if !list.is_empty() {
            let arguments: Vec<_> = list.iter().map(|parameter| names::snake(&parameter.name)).collect();
            candidates.push(format!("{plain}_with_{}", arguments.join("_and_")));
        }
        candidates.push(format!("{plain}_{kind}"));
        candidates
    }

    /// The numbers of parameters of all overloads called on one path.
    fn overloads(&self, parent: NodeId, operation: OperationId) -> Vec<usize> {
        let name = short_name(self.model, operation);
        self.tree
            .node(parent)
            .children
            .iter()
            .filter_map(|child| match self.tree.node(*child).segment {
                Segment::Operation(other) if short_name(self.model, other) == name => {
                    Some(parameters(self.model, other).len())
                }
                _ => None,
            })
            .collect()
    }

    fn method(
        &mut self,
        scope: &mut Scope,
        methods: &mut Vec<MethodPlan>,
        operation: usize,
        step: Step,
        candidates: &[String],
    ) {
        let spec = &self.specs[operation];
        let name = match scope.take(candidates.iter().cloned()) {
            Ok(name) => name,
            Err(name) => return self.no_name(spec.node, &name),
        };
        let mut arguments = Scope::with(RESERVED_ARGUMENTS);
        let (node, mut failed) = (spec.node, None);
        let step = step.with_names(&mut arguments).unwrap_or_else(|name| {
            failed = Some(name);
            Step::None
        });
        let mut required = |options: &[CustomOption], suffix: &str| {
            let names = options.iter().filter(|option| option.required).map(|option| {
                let name = names::field(&option.name);
                let longer = format!("{}_{suffix}", names::stem(&name));
                arguments.take([name, longer]).map(|name| (option.name.clone(), name))
            });
            names.collect::<Result<Vec<_>, _>>().unwrap_or_else(|name| {
                failed = Some(name);
                Vec::new()
            })
        };
        let options = required(&spec.options, "option");
        let headers = required(&spec.headers, "header");
        methods.push(MethodPlan {
            name,
            operation,
            step,
            body: self.body(spec),
            answer: self.answer(spec),
            options,
            headers,
        });
        if let Some(name) = failed {
            self.no_name(node, &name);
        }
    }

    fn body(&self, spec: &Spec) -> BodyPlan {
        match &spec.body {
            Body::None => BodyPlan::None,
            Body::Value(ty) => BodyPlan::Value(self.types.element(&ty.name)),
            Body::Values(ty) => BodyPlan::Values(self.types.element(&ty.name)),
            Body::Parameters(operation) => self
                .types
                .parameters
                .get(operation)
                .map_or(BodyPlan::None, |rust| BodyPlan::Parameters(rust.clone())),
            Body::Reference => BodyPlan::Reference,
            Body::Bytes => BodyPlan::Bytes,
        }
    }

    fn answer(&self, spec: &Spec) -> AnswerPlan {
        let element = |name: &str| self.types.element(name);
        match &spec.answer {
            Answer::None => AnswerPlan::None,
            Answer::Value(ty) if matches!(spec.kind, Kind::Create | Kind::Action) => {
                AnswerPlan::Effect(element(&ty.name))
            }
            Answer::Value(ty) => AnswerPlan::Value(element(&ty.name)),
            Answer::Optional(ty) => AnswerPlan::Optional(element(&ty.name)),
            Answer::Scalar(ty) => AnswerPlan::Scalar(element(&ty.name)),
            Answer::Page(ty) if self.tracks_changes(spec, &ty.name) => AnswerPlan::Changes(element(&ty.name)),
            Answer::Page(ty) => AnswerPlan::Page(element(&ty.name)),
            Answer::Count => AnswerPlan::Count,
            Answer::Reference => AnswerPlan::Reference,
            Answer::References => AnswerPlan::References,
            Answer::Bytes => AnswerPlan::Bytes,
        }
    }

    /// Whether the answer is made of changes. The metadata says it by nothing but the name that Graph gives the
    /// functions of its delta query (<https://learn.microsoft.com/graph/delta-query-overview>).
    fn tracks_changes(&self, spec: &Spec, element: &str) -> bool {
        let is_entity = self.model.find(element).is_some_and(|ty| self.model.is_entity(ty));
        match self.tree.node(spec.node).segment {
            Segment::Operation(operation) if spec.kind == Kind::Function && is_entity => {
                short_name(self.model, operation) == "delta"
            }
            _ => false,
        }
    }

    fn accessor(
        &mut self,
        draft: &mut Draft,
        scope: &mut Scope,
        accessors: &mut Vec<Accessor>,
        branch: NodeId,
    ) {
        if !self.has_operations(branch) {
            return;
        }
        let node = self.tree.node(branch).clone();
        let (step, candidates) = self.branch_step(branch);
        let step = match step.with_names(&mut Scope::default()) {
            Ok(step) => step,
            Err(name) => return self.no_name(branch, &name),
        };
        let name = match scope.take(candidates) {
            Ok(name) => name,
            Err(name) => return self.no_name(branch, &name),
        };
        let target = match &node.segment {
            Segment::Key(_) => {
                draft.pending.push((ITEM_REQUEST_BUILDER.to_owned(), branch));
                path_of(&draft.path, ITEM_REQUEST_BUILDER)
            }
            Segment::AlternateKey(parts) => {
                let aliases: Vec<_> = parts.iter().map(|(alias, _)| names::camel(alias)).collect();
                let builder = format!("By{}RequestBuilder", aliases.join("And"));
                let builder = match draft.structs.take([builder.clone(), format!("Item{builder}")]) {
                    Ok(builder) => builder,
                    Err(builder) => return self.no_name(branch, &builder),
                };
                draft.pending.push((builder.clone(), branch));
                path_of(&draft.path, &builder)
            }
            _ => match self.child_module(draft, branch, &name) {
                Some((module, builder)) => {
                    let mut path = draft.path.clone();
                    path.push(module);
                    path_of(&path, builder)
                }
                None => return,
            },
        };
        accessors.push(Accessor { name, step, target, template: node.path, feature: None });
    }

    fn branch_step(&self, branch: NodeId) -> (Step, Vec<String>) {
        let node = self.tree.node(branch);
        match &node.segment {
            Segment::Key(parts) => {
                let arguments: Vec<_> = parts
                    .iter()
                    .map(|part| Argument {
                        name: part.property.name.clone(),
                        rust: names::field(&part.name),
                        ty: self.types.element(&part.property.ty.name),
                        is_optional: false,
                        is_collection: false,
                    })
                    .collect();
                let by: Vec<_> = arguments.iter().map(|argument| names::snake(&argument.name)).collect();
                let name = format!("by_{}", by.join("_and_"));
                let step = match arguments.len() {
                    1 => Step::Key(arguments.into_iter().next().expect("one argument")),
                    _ => Step::CompositeKey(arguments),
                };
                (step, vec![name.clone(), format!("{name}_key")])
            }
            Segment::AlternateKey(parts) => {
                let by: Vec<_> = parts.iter().map(|(alias, _)| names::snake(alias)).collect();
                let arguments = parts
                    .iter()
                    .map(|(alias, _)| Argument {
                        name: alias.clone(),
                        rust: names::field(alias),
                        ty: Element::Primitive(primitive("Edm.String").expect("Edm.String is primitive")),
                        is_optional: false,
                        is_collection: false,
                    })
                    .collect();
                let name = format!("by_{}", by.join("_and_"));
                (Step::AlternateKey(arguments), vec![name.clone(), format!("{name}_alternate_key")])
            }
            Segment::Cast(ty) => {
                let full = &self.model.ty(*ty).name;
                let text = crate::operations::paths::cast_segment(full);
                let name = format!("as_{}", names::snake(unqualified(full)));
                let long = names::snake(full);
                (Step::Segment(text), vec![name, format!("as_{long}")])
            }
            Segment::Operation(operation) => {
                let parent = node.parent.unwrap_or(branch);
                (self.call_step(*operation), self.operation_names(parent, *operation, Method::Get))
            }
            _ => {
                let text = node.path.rsplit('/').next().unwrap_or_default().to_owned();
                let name = names::field(&text);
                let plain = names::stem(&name).to_owned();
                (Step::Segment(text), vec![name, format!("{plain}_property")])
            }
        }
    }

    /// The module below this one that a branch lives in, and the struct in it.
    fn child_module(
        &mut self,
        draft: &mut Draft,
        branch: NodeId,
        name: &str,
    ) -> Option<(String, &'static str)> {
        let is_cast = matches!(self.tree.node(branch).segment, Segment::Cast(_));
        if let Some(module) = draft.casts.get(name).filter(|_| is_cast) {
            let structs = draft.children.get_mut(module)?;
            structs.push((ITEM_REQUEST_BUILDER.to_owned(), branch));
            return Some((module.clone(), ITEM_REQUEST_BUILDER));
        }
        let plain = names::stem(name).to_owned();
        let module = match draft.scope.take([name.to_owned(), format!("item_{plain}")]) {
            Ok(module) => module,
            Err(module) => {
                self.no_name(branch, &module);
                return None;
            }
        };
        if is_cast {
            draft.casts.insert(name.to_owned(), module.clone());
        }
        draft.children.insert(module.clone(), vec![(REQUEST_BUILDER.to_owned(), branch)]);
        Some((module, REQUEST_BUILDER))
    }

    /// Whether the path or a longer one has operations.
    fn has_operations(&self, node: NodeId) -> bool {
        self.by_node.contains_key(&node)
            || self.tree.node(node).children.iter().any(|child| self.has_operations(*child))
    }
}

fn path_of(modules: &[String], builder: &str) -> String {
    format!("{}::{builder}", modules.join("::"))
}

/// The method name of a verb.
const fn verb_name(kind: Kind) -> &'static str {
    match kind {
        Kind::List => "list",
        Kind::Get | Kind::Function => "get",
        Kind::Create => "create",
        Kind::Update => "update",
        Kind::Replace => "replace",
        Kind::Delete => "delete",
        Kind::Count => "count",
        Kind::ListReferences => "list_references",
        Kind::GetReference => "get_reference",
        Kind::AddReference => "add_reference",
        Kind::SetReference => "set_reference",
        Kind::RemoveReference => "remove_reference",
        Kind::GetStream => "get_stream",
        Kind::PutStream => "put_stream",
        Kind::DeleteStream => "delete_stream",
        Kind::Action => "call",
    }
}
