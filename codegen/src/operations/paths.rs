//! Which paths exist: the container expanded along navigation properties, casts, streams and complex properties.
//!
//! The rules are Microsoft's (its OpenAPI converter's), found by experiment; where they copy a quirk of that
//! converter instead of OData, the comment says *quirk*.

use std::collections::{BTreeMap, HashSet};

use super::tree::{NodeId, Segment, Tree};
use crate::csdl::{Property, Value};
use crate::diagnostics::{Diagnostics, Position};
use crate::model::{Model, Navigation, Record, TypeId, term};

/// No service has more paths than this. Raw metadata, in which containment is not yet cut, explodes past it.
pub const MAX_PATHS: usize = 100_000;

/// How many navigation properties the problem of an expansion without end names.
const NAMED: usize = 12;

/// Expands the container into its tree of paths, without bound operations.
///
/// # Errors
/// If the expansion passes [`MAX_PATHS`]; the message names the navigation properties that occur most often.
pub fn expand<'d>(model: &Model<'d>, roots: &[String]) -> Result<Tree<'d>, Diagnostics> {
    let mut expansion = Expansion { model, tree: Tree::default(), source: None, counted: false };
    let container = model.container();
    let wanted = |name: &str| roots.is_empty() || roots.iter().any(|root| root == name);
    for set in container.entity_sets.iter().filter(|set| wanted(&set.name)) {
        if let Some(ty) = model.find(&set.ty) {
            let root =
                expansion.tree.push_root(Segment::EntitySet(set), &set.name, &container.name, ty, true);
            expansion.entity_set(root, ty);
        }
    }
    for singleton in container.singletons.iter().filter(|singleton| wanted(&singleton.name)) {
        if let Some(ty) = model.find(&singleton.ty) {
            let root = expansion.tree.push_root(
                Segment::Singleton(singleton),
                &singleton.name,
                &container.name,
                ty,
                false,
            );
            expansion.enter(root);
            expansion.casts(root, ty, true);
            expansion.members(root, ty);
        }
    }
    if expansion.is_exhausted() { Err(explosion(model, &expansion.tree)) } else { Ok(expansion.tree) }
}

struct Expansion<'m, 'd> {
    model: &'m Model<'d>,
    tree: Tree<'d>,
    /// `NavigationRestrictions` of the entity set or singleton being expanded.
    source: Option<&'d Value>,
    /// Whether the entity set or singleton being expanded supplies `CountRestrictions`.
    counted: bool,
}

/// What a navigation property inherits from the path it stands on.
#[derive(Clone, Default)]
struct Trail<'d> {
    /// The navigation properties since the last reset; each may occur once. This is the only recursion limit.
    stack: Vec<(TypeId, &'d str)>,
    /// Whether an ancestor supplied `CountRestrictions`. *Quirk*: its descendants' own ones are then not read.
    counted: bool,
}

impl<'d> Expansion<'_, 'd> {
    fn is_exhausted(&self) -> bool {
        self.tree.nodes.len() > MAX_PATHS
    }

    fn enter(&mut self, root: NodeId) {
        let node = self.tree.node(root);
        let ty = node.ty.expect("a root has a type");
        self.source = self
            .model
            .annotation(&node.target, term::NAVIGATION)
            .or_else(|| self.model.type_annotation(ty, term::NAVIGATION));
        self.counted = self
            .model
            .annotation(&node.target, term::COUNT)
            .or_else(|| self.model.type_annotation(ty, term::COUNT))
            .is_some();
    }

    fn entity_set(&mut self, root: NodeId, ty: TypeId) {
        self.enter(root);
        let countable = self.set_record(root, ty, term::COUNT).soft("Countable");
        if countable {
            self.tree.push(root, Segment::Count, "$count", None, None, false);
        }
        self.casts(root, ty, true);
        self.alternate_keys(root, ty);
        let target = self.tree.node(root).target.clone();
        let indexable = self
            .model
            .annotation(&target, term::INDEXABLE)
            .or_else(|| self.model.type_annotation(ty, term::INDEXABLE))
            .and_then(Value::as_bool)
            .unwrap_or(true);
        if indexable {
            if let Some(key) = self.key(root, ty) {
                self.casts(key, ty, true);
                self.members(key, ty);
            }
        } else {
            // Quirk: the members hang below the set itself.
            self.members(root, ty);
        }
    }

    fn set_record(&self, root: NodeId, ty: TypeId, term: &str) -> Record<'d> {
        let target = &self.tree.node(root).target;
        Record::merge([self.model.annotation(target, term).or_else(|| self.model.type_annotation(ty, term))])
    }

    /// The path of one entity, if its type has a key.
    fn key(&mut self, parent: NodeId, ty: TypeId) -> Option<NodeId> {
        let (parts, text) = self.tree.key_segment(self.model, parent, ty);
        (!parts.is_empty()).then(|| self.tree.push(parent, Segment::Key(parts), &text, None, Some(ty), false))
    }

    /// One leaf per alternate key: `/users(userPrincipalName='{userPrincipalName}')`.
    fn alternate_keys(&mut self, parent: NodeId, ty: TypeId) {
        let Some(keys) = self.model.type_annotation(ty, term::ALTERNATE_KEYS) else { return };
        for key in keys.items() {
            let references = key.get("Key").map_or(&[][..], Value::items);
            let parts: Vec<_> = references
                .iter()
                .filter_map(|reference| {
                    let name = reference.get("Name").and_then(Value::as_str)?;
                    let alias = reference.get("Alias").and_then(Value::as_str).unwrap_or(name);
                    let property = self.model.properties(ty).into_iter().find(|(_, p)| p.name == name);
                    Some((alias.to_owned(), property.map(|(_, property)| property)))
                })
                .collect();
            if parts.is_empty() {
                continue;
            }
            let text: Vec<_> = parts.iter().map(|(alias, _)| format!("{alias}='{{{alias}}}'")).collect();
            let path = format!("{}({})", self.tree.node(parent).path, text.join(","));
            let id = self.tree.push(parent, Segment::AlternateKey(parts), "", None, Some(ty), false);
            self.tree.nodes[id.0].path = path;
        }
    }

    /// Streams, complex properties and navigation properties of an entity at a key, or of a singleton.
    fn members(&mut self, at: NodeId, ty: TypeId) {
        self.streams(at, ty);
        self.complex_properties(at, ty);
        for navigation in self.model.navigation(ty) {
            self.navigation(at, navigation, &mut Trail::default());
        }
    }

    fn streams(&mut self, at: NodeId, ty: TypeId) {
        let properties = self.model.properties(ty);
        for (_, property) in properties.iter().filter(|(_, p)| p.ty.name == "Edm.Stream") {
            self.tree.push(at, Segment::Stream(property), &property.name, None, Some(ty), false);
        }
        let has_content = properties.iter().any(|(_, p)| p.name.eq_ignore_ascii_case("content"));
        if self.model.has_stream(ty) && !has_content {
            self.tree.push(at, Segment::MediaValue, "$value", None, Some(ty), false);
        }
    }

    fn navigation(&mut self, parent: NodeId, navigation: Navigation<'d>, trail: &mut Trail<'d>) {
        let name = navigation.property.name.as_str();
        let step = (navigation.owner, name);
        if trail.stack.contains(&step) || self.is_exhausted() {
            return;
        }
        let Some(ty) = self.model.find(&navigation.property.ty.name) else { return };
        let own = self.model.navigation_annotation(navigation, term::NAVIGATION);
        // Quirk: the first entry counts, whatever property it names; entries of the source never match here.
        let entry = own.and_then(|own| own.get("RestrictedProperties")).and_then(|list| list.items().first());
        if !self.is_navigable(own, entry) {
            return;
        }
        let many = navigation.property.ty.is_collection;
        let at = self.tree.push(parent, Segment::Navigation(navigation), name, Some(name), Some(ty), many);
        if !self.is_indexable(at, navigation, entry) {
            return;
        }
        let count = self.model.navigation_annotation(navigation, term::COUNT);
        if many && (self.counted || trail.counted || Record::merge([count]).soft("Countable")) {
            self.tree.push(at, Segment::Count, "$count", None, None, false);
        }
        let constraint = self.model.navigation_annotation(navigation, term::DERIVED_TYPE_CONSTRAINT);
        let contained = navigation.property.contains_target;
        self.constrained_casts(at, ty, constraint, contained);
        if self.is_referenceable(own) {
            self.referenceable(at, ty, many, constraint);
            return;
        }
        let entity = if many {
            self.alternate_keys(at, ty);
            let Some(key) = self.key(at, ty) else { return };
            self.constrained_casts(key, ty, constraint, contained);
            key
        } else {
            at
        };
        self.streams(entity, ty);
        self.complex_properties(entity, ty);
        if contained {
            trail.stack.push(step);
            let counted = trail.counted;
            trail.counted |= count.is_some();
            for navigation in self.model.navigation(ty) {
                self.navigation(entity, navigation, trail);
            }
            trail.counted = counted;
            trail.stack.pop();
        }
    }

    fn is_navigable(&self, own: Option<&Value>, entry: Option<&Value>) -> bool {
        let navigability = |record: &Value| record.get("Navigability").and_then(Value::as_str).map(is_none);
        match entry.and_then(navigability) {
            Some(none) => !none,
            None => {
                !own.and_then(navigability).unwrap_or(false)
                    && !self.source.and_then(navigability).unwrap_or(false)
            }
        }
    }

    fn is_indexable(&self, at: NodeId, navigation: Navigation<'d>, entry: Option<&Value>) -> bool {
        entry
            .and_then(|entry| entry.get("IndexableByKey"))
            .or_else(|| self.model.annotation(&self.tree.node(at).target, term::INDEXABLE))
            .or_else(|| self.model.navigation_annotation(navigation, term::INDEXABLE))
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    fn is_referenceable(&self, own: Option<&'d Value>) -> bool {
        Record::merge([self.source]).hard("Referenceable") || Record::merge([own]).hard("Referenceable")
    }

    /// `$ref` on the navigation property and, for collections, on its elements; no entity by key.
    fn referenceable(&mut self, at: NodeId, ty: TypeId, many: bool, constraint: Option<&'d Value>) {
        self.tree.push(at, Segment::Ref, "$ref", None, Some(ty), many);
        if many {
            let Some(key) = self.key(at, ty) else { return };
            self.tree.push(key, Segment::Ref, "$ref", None, Some(ty), false);
            self.constrained_casts(key, ty, constraint, false);
            self.streams(key, ty);
            self.complex_properties(key, ty);
        }
    }

    /// Casts below an entity set, an entity by key, or a singleton, where the constraint stands on the root.
    fn casts(&mut self, at: NodeId, ty: TypeId, with_members: bool) {
        let constraint = self.model.annotation(&self.tree.node(at).target, term::DERIVED_TYPE_CONSTRAINT);
        self.constrained_casts(at, ty, constraint, with_members);
    }

    fn constrained_casts(
        &mut self,
        at: NodeId,
        ty: TypeId,
        constraint: Option<&'d Value>,
        with_members: bool,
    ) {
        let many = self.tree.node(at).is_collection;
        for derived in self.cast_targets(at, ty, constraint) {
            let text = cast_segment(&self.model.ty(derived).name);
            let step = self.model.ty(derived).name.as_str();
            let cast = self.tree.push(at, Segment::Cast(derived), &text, Some(step), Some(derived), many);
            if many {
                self.tree.push(cast, Segment::Count, "$count", None, None, false);
            } else if with_members {
                self.complex_properties(cast, derived);
                for navigation in self.model.navigation(derived) {
                    self.navigation(cast, navigation, &mut Trail::default());
                }
            }
        }
    }

    fn cast_targets(&self, at: NodeId, ty: TypeId, constraint: Option<&'d Value>) -> Vec<TypeId> {
        let already: HashSet<_> = self
            .tree
            .upwards(at)
            .filter_map(|node| match node.segment {
                Segment::Cast(ty) => Some(ty),
                _ => None,
            })
            .collect();
        constraint
            .map_or(&[][..], Value::items)
            .iter()
            .filter_map(|name| self.model.find(name.as_str()?))
            .filter(|derived| self.model.derives_from(*derived, ty) && !already.contains(derived))
            .collect()
    }

    fn complex_properties(&mut self, at: NodeId, ty: TypeId) {
        for (owner, property) in self.model.properties(ty) {
            let Some(complex) = self.model.find(&property.ty.name) else { continue };
            if !self.has_own_path(at, owner, property) {
                continue;
            }
            let name = property.name.as_str();
            let many = property.ty.is_collection;
            let node =
                self.tree.push(at, Segment::Complex(owner, property), name, Some(name), Some(complex), many);
            let constraint = self.model.member_annotation(owner, name, term::DERIVED_TYPE_CONSTRAINT);
            self.constrained_casts(node, complex, constraint, true);
            if many {
                let count = self.model.member_annotation(owner, name, term::COUNT);
                if Record::merge([count]).soft("Countable") {
                    self.tree.push(node, Segment::Count, "$count", None, None, false);
                }
            } else {
                self.complex_navigation(node, complex, &mut Vec::new());
            }
        }
    }

    /// A complex property has a path of its own only if an annotation explicitly says what can be done there.
    fn has_own_path(&self, at: NodeId, owner: TypeId, property: &Property) -> bool {
        let target = format!("{}/{}", self.tree.node(at).target, property.name);
        [(term::READ, "Readable"), (term::UPDATE, "Updatable"), (term::INSERT, "Insertable")].into_iter().any(
            |(term, field)| {
                let record = self
                    .model
                    .annotation(&target, term)
                    .or_else(|| self.model.member_annotation(owner, &property.name, term));
                Record::merge([record]).hard(field)
            },
        )
    }

    /// The navigation properties of a complex value; through nested single values down to the first with any.
    fn complex_navigation(&mut self, at: NodeId, ty: TypeId, seen: &mut Vec<TypeId>) {
        if seen.contains(&ty) {
            return;
        }
        seen.push(ty);
        let navigations = self.model.navigation(ty);
        if !navigations.is_empty() {
            for navigation in navigations {
                self.navigation(at, navigation, &mut Trail::default());
            }
            return;
        }
        for (_, property) in self.model.properties(ty) {
            let Some(nested) = self.model.find(&property.ty.name) else { continue };
            if !property.ty.is_collection && self.leads_to_navigation(nested, seen) {
                let name = property.name.as_str();
                let node =
                    self.tree.push(at, Segment::Passage(property), name, Some(name), Some(nested), false);
                self.complex_navigation(node, nested, seen);
            }
        }
    }

    fn leads_to_navigation(&self, ty: TypeId, seen: &[TypeId]) -> bool {
        !seen.contains(&ty)
            && (!self.model.navigation(ty).is_empty()
                || self.model.properties(ty).into_iter().any(|(_, property)| {
                    let below = [seen, &[ty]].concat();
                    !property.ty.is_collection
                        && self
                            .model
                            .find(&property.ty.name)
                            .is_some_and(|ty| self.leads_to_navigation(ty, &below))
                }))
    }
}

fn is_none(navigability: &str) -> bool {
    navigability.rsplit('/').next() == Some("None")
}

/// `graph.user` for `microsoft.graph.user`; other namespaces stand in full.
pub fn cast_segment(type_name: &str) -> String {
    match type_name.strip_prefix("microsoft.graph.") {
        Some(short) if !short.contains('.') => format!("graph.{short}"),
        _ => type_name.to_owned(),
    }
}

fn explosion(model: &Model<'_>, tree: &Tree<'_>) -> Diagnostics {
    let mut counts = BTreeMap::<(TypeId, &str), usize>::new();
    for node in &tree.nodes {
        if let Segment::Navigation(navigation) = node.segment {
            *counts.entry((navigation.owner, &navigation.property.name)).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(name, count)| (count, name)).collect();
    counts.sort_by(|a, b| b.cmp(a));
    let names: Vec<_> = counts
        .iter()
        .filter(|(_, (owner, name))| recurs(model, *owner, name))
        .take(NAMED)
        .map(|(count, (owner, name))| format!("{}/{name} ({count}×)", model.ty(*owner).name))
        .collect();
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(
        "the document",
        Position::default(),
        format!(
            "expands to more than {MAX_PATHS} paths; containment recurs through {}. Use Microsoft's preprocessed \
             metadata, or take the containment off by a row of metadata/fixups.toml",
            names.join(", ")
        ),
    );
    diagnostics
}

/// Whether a contained navigation property leads by contained ones back to itself.
fn recurs(model: &Model<'_>, owner: TypeId, name: &str) -> bool {
    let contained = |ty| {
        let all = model.navigation(ty).into_iter().filter(|navigation| navigation.property.contains_target);
        all.filter_map(|n| Some(((n.owner, n.property.name.as_str()), model.find(&n.property.ty.name)?)))
    };
    let mut seen = HashSet::new();
    let mut next: Vec<_> = contained(owner).filter(|(step, _)| *step == (owner, name)).map(|n| n.1).collect();
    while let Some(ty) = next.pop() {
        for (step, target) in contained(ty) {
            if step == (owner, name) {
                return true;
            }
            if seen.insert(step) {
                next.push(target);
            }
        }
    }
    false
}
