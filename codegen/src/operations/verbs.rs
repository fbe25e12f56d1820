//! Which verbs a path answers, by the capability annotations.
//!
//! *Soft* means absent or true, *hard* means explicitly true (see [`Record`]).

use super::Method;
use super::tree::{Node, NodeId, Segment, Tree};
use crate::csdl::{OperationKind, Value};
use crate::model::{Model, Navigation, Record, TypeId, term, unqualified};

/// The verbs of one path, in the order GET, POST, PATCH, PUT, DELETE.
pub fn verbs(model: &Model<'_>, tree: &Tree<'_>, id: NodeId) -> Vec<Method> {
    let node = tree.node(id);
    let context = Context { model, tree, id, node };
    match &node.segment {
        Segment::EntitySet(_) => context.entity_set(),
        Segment::Singleton(_) => context.singleton(),
        Segment::Key(_) => context.key(),
        Segment::AlternateKey(_) => context.key(),
        Segment::Navigation(navigation) => context.navigation(*navigation),
        Segment::Complex(owner, property) => context.complex(*owner, &property.name),
        Segment::Stream(_) | Segment::MediaValue => context.stream(),
        Segment::Cast(_) => vec![Method::Get],
        Segment::Count => context.count(),
        Segment::Ref => context.reference(),
        Segment::Operation(operation) => match model.operation(*operation).kind {
            OperationKind::Action => vec![Method::Post],
            OperationKind::Function => vec![Method::Get],
        },
        Segment::Passage(_) | Segment::Member(_) => Vec::new(),
    }
}

struct Context<'a, 'd> {
    model: &'a Model<'d>,
    tree: &'a Tree<'d>,
    id: NodeId,
    node: &'a Node<'d>,
}

/// The restriction records of a navigation property: what the path says, and what the target's type says.
struct Restrictions<'d> {
    path: Record<'d>,
    ty: Record<'d>,
}

impl<'d> Restrictions<'d> {
    fn both_soft(&self, name: &str) -> bool {
        self.path.soft(name) && self.ty.soft(name)
    }
}

impl<'d> Context<'_, 'd> {
    /// The record of a set or singleton: merge(path target, type).
    fn root_record(&self, term: &str) -> Record<'d> {
        let root = self.tree.root(self.id);
        let ty = root.ty.and_then(|ty| self.model.type_annotation(ty, term));
        Record::merge([self.model.annotation(&root.target, term), ty])
    }

    fn is_below_set(&self) -> bool {
        self.node.parent.is_some_and(|parent| matches!(self.tree.node(parent).segment, Segment::EntitySet(_)))
    }

    fn entity_set(&self) -> Vec<Method> {
        let get = self.root_record(term::READ).soft("Readable");
        let post = self.root_record(term::INSERT).soft("Insertable");
        select([(get, Method::Get), (post, Method::Post)])
    }

    fn singleton(&self) -> Vec<Method> {
        let get = self.root_record(term::READ).soft("Readable");
        let patch = self.root_record(term::UPDATE).soft("Updatable");
        select([(get, Method::Get), (patch, Method::Patch)])
    }

    fn key(&self) -> Vec<Method> {
        if super::bound::is_reference_only(self.tree, self.id) {
            return Vec::new();
        }
        if self.is_below_set() {
            let mut verbs = select([(readable_by_key(&self.root_record(term::READ)), Method::Get)]);
            let update = self.root_record(term::UPDATE);
            if update.soft("Updatable") {
                verbs.extend(update_verbs(update.get("UpdateMethod")));
            }
            verbs.extend(select([(self.root_record(term::DELETE).soft("Deletable"), Method::Delete)]));
            return verbs;
        }
        let Some(navigation) = self.navigation_above() else { return Vec::new() };
        let read = self.restrictions(navigation, term::READ);
        let get = readable_by_key(&read.path) && read.ty.soft("Readable");
        self.entity_verbs(navigation, get, Restrictions::both_soft)
    }

    fn navigation_above(&self) -> Option<Navigation<'d>> {
        match self.tree.node(self.node.parent?).segment {
            Segment::Navigation(navigation) => Some(navigation),
            _ => None,
        }
    }

    fn navigation(&self, navigation: Navigation<'d>) -> Vec<Method> {
        let read = self.restrictions(navigation, term::READ);
        let get = read.both_soft("Readable");
        if !navigation.property.ty.is_collection {
            return self.entity_verbs(navigation, get, |restrictions, field| {
                restrictions.path.flag(field).unwrap_or_else(|| restrictions.ty.soft(field))
            });
        }
        let insert = self.restrictions(navigation, term::INSERT);
        let post = if navigation.property.contains_target {
            insert.both_soft("Insertable")
        } else {
            insert.path.hard("Insertable")
        };
        select([(get, Method::Get), (post, Method::Post)])
    }

    /// GET, PATCH or PUT, DELETE of one entity behind a navigation property. What is not contained can be changed
    /// only where that is said explicitly.
    fn entity_verbs(
        &self,
        navigation: Navigation<'d>,
        get: bool,
        contained: impl Fn(&Restrictions<'d>, &str) -> bool,
    ) -> Vec<Method> {
        let allowed = |restrictions: &Restrictions<'d>, field: &str| {
            if navigation.property.contains_target {
                contained(restrictions, field)
            } else {
                restrictions.path.hard(field)
            }
        };
        let mut verbs = select([(get, Method::Get)]);
        let update = self.restrictions(navigation, term::UPDATE);
        if allowed(&update, "Updatable") {
            verbs.extend(update_verbs(
                update.path.get("UpdateMethod").or_else(|| update.ty.get("UpdateMethod")),
            ));
        }
        let delete = self.restrictions(navigation, term::DELETE);
        verbs.extend(select([(allowed(&delete, "Deletable"), Method::Delete)]));
        verbs
    }

    /// merge(path target, restricted entry's record, annotation on the navigation property), and the type's.
    fn restrictions(&self, navigation: Navigation<'d>, term: &str) -> Restrictions<'d> {
        let field = term.rsplit('.').next().unwrap_or(term);
        let entry = restricted_entry(self.model, self.tree, self.id, navigation);
        let ty = self.node.ty.and_then(|ty| self.model.type_annotation(ty, term));
        Restrictions {
            path: Record::merge([
                self.model.annotation(&self.node.target, term),
                entry.and_then(|entry| entry.get(field)),
                self.model.navigation_annotation(navigation, term),
            ]),
            ty: Record::merge([ty]),
        }
    }

    fn reference(&self) -> Vec<Method> {
        let below_key =
            self.node.parent.is_some_and(|parent| matches!(self.tree.node(parent).segment, Segment::Key(_)));
        let Some(navigation) = self.tree.navigations(self.id).pop() else { return Vec::new() };
        let soft = |term: &str, field: &str| self.restrictions(navigation, term).path.soft(field);
        let delete = (soft(term::DELETE, "Deletable"), Method::Delete);
        if below_key {
            return select([delete]);
        }
        let get = (soft(term::READ, "Readable"), Method::Get);
        let change = if navigation.property.ty.is_collection {
            (soft(term::INSERT, "Insertable"), Method::Post)
        } else {
            (soft(term::UPDATE, "Updatable"), Method::Put)
        };
        select([get, change, delete])
    }

    /// Quirk: streams look only at the root of their path.
    fn stream(&self) -> Vec<Method> {
        let get = readable_by_key(&self.root_record(term::READ));
        let put = self.root_record(term::UPDATE).soft("Updatable");
        let delete = self.root_record(term::DELETE).soft("Deletable");
        select([(get, Method::Get), (put, Method::Put), (delete, Method::Delete)])
    }

    fn complex(&self, owner: TypeId, name: &str) -> Vec<Method> {
        let record = |term: &str| self.complex_record(owner, name, term);
        let mut verbs = select([(record(term::READ).hard("Readable"), Method::Get)]);
        if self.node.is_collection {
            verbs.extend(select([(record(term::INSERT).hard("Insertable"), Method::Post)]));
        }
        let update = record(term::UPDATE);
        if update.hard("Updatable") {
            verbs.extend(update_verbs(update.get("UpdateMethod")));
        }
        verbs
    }

    fn complex_record(&self, owner: TypeId, name: &str, term: &str) -> Record<'d> {
        Record::merge([
            self.model.annotation(&self.node.target, term),
            self.model.member_annotation(owner, name, term),
        ])
    }

    /// A function called `count` bound to the collection stands in for `$count`.
    fn count(&self) -> Vec<Method> {
        let replaced = self.node.parent.is_some_and(|parent| {
            self.tree.node(parent).children.iter().any(|sibling| match self.tree.node(*sibling).segment {
                Segment::Operation(id) => {
                    let operation = self.model.operation(id);
                    operation.kind == OperationKind::Function && unqualified(&operation.name) == "count"
                }
                _ => false,
            })
        });
        select([(!replaced, Method::Get)])
    }
}

/// The record of a path for one restriction term, with everything that is merged into it.
pub fn restriction_record<'d>(model: &Model<'d>, tree: &Tree<'d>, id: NodeId, term: &str) -> Record<'d> {
    let node = tree.node(id);
    let context = Context { model, tree, id, node };
    match &node.segment {
        Segment::EntitySet(_) | Segment::Singleton(_) => context.root_record(term),
        Segment::Key(_) | Segment::AlternateKey(_) => match context.navigation_above() {
            Some(navigation) => context.restrictions(navigation, term).path,
            None => context.root_record(term),
        },
        Segment::Navigation(navigation) => context.restrictions(*navigation, term).path,
        Segment::Complex(owner, property) => context.complex_record(*owner, &property.name, term),
        Segment::Operation(operation) => Record::merge([model.operation_annotation(*operation, term)]),
        _ => Record::default(),
    }
}

/// The entry that restricts a navigation property on a path: of the root's record the one that names the path,
/// else the first of the property's own record (*quirk*: whatever it names).
pub fn restricted_entry<'d>(
    model: &Model<'d>,
    tree: &Tree<'d>,
    id: NodeId,
    navigation: Navigation<'d>,
) -> Option<&'d Value> {
    let root = tree.root(id);
    let source = model
        .annotation(&root.target, term::NAVIGATION)
        .or_else(|| root.ty.and_then(|ty| model.type_annotation(ty, term::NAVIGATION)));
    let names: Vec<_> = tree.navigations(id).iter().map(|n| n.property.name.as_str()).collect();
    let names = names.join("/");
    let entries = |record: &'d Value| record.get("RestrictedProperties").map_or(&[][..], Value::items);
    source
        .and_then(|record| {
            entries(record)
                .iter()
                .find(|entry| entry.get("NavigationProperty").and_then(Value::as_str) == Some(names.as_str()))
        })
        .or_else(|| {
            model.navigation_annotation(navigation, term::NAVIGATION).and_then(|own| entries(own).first())
        })
}

fn readable_by_key(read: &Record<'_>) -> bool {
    read.nested("ReadByKeyRestrictions").flag("Readable").unwrap_or_else(|| read.soft("Readable"))
}

fn select<const N: usize>(candidates: [(bool, Method); N]) -> Vec<Method> {
    candidates.into_iter().filter(|(yes, _)| *yes).map(|(_, method)| method).collect()
}

/// `UpdateMethod` with PUT and PATCH means both, only PUT means PUT, anything else PATCH.
fn update_verbs(update_method: Option<&Value>) -> Vec<Method> {
    let text = update_method.and_then(Value::as_str).unwrap_or_default();
    let names: Vec<_> = text.split([' ', ',', '/', '|']).collect();
    match (names.contains(&"PATCH"), names.contains(&"PUT")) {
        (true, true) => vec![Method::Patch, Method::Put],
        (false, true) => vec![Method::Put],
        _ => vec![Method::Patch],
    }
}
