//! Operations that the permission table documents although the annotations suppress them.
//!
//! The table knows calls that Microsoft's converter loses: upserts by PUT, reads of entities whose type is marked
//! unreadable, functions called by POST, operations whose explicit binding is listed nowhere. What is added here is a
//! verb on a path that is derived anyway, or a bound operation on a path that can carry it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::bound;
use super::spec::{Spec, spec};
use super::tree::{NodeId, Origin, Segment, Tree};
use crate::csdl::OperationKind;
use crate::model::Model;
use crate::permissions::{Joiner, Method, Provenance, normal_form};

/// A (method, path in normal form) of the permission table.
pub type Row<'a> = (Method, &'a str);

/// Adds the paths of bound operations that only the table knows, by that path or an equivalent one.
pub fn attach<'d>(model: &Model<'d>, tree: &mut Tree<'d>, joiner: &Joiner) {
    for (parent, operation) in bound::suppressed(model, tree) {
        let text = bound::call_segment(model, operation);
        let method = match model.operation(operation).kind {
            OperationKind::Action => Method::Post,
            OperationKind::Function => Method::Get,
        };
        let path = format!("{}/{text}", tree.node(parent).path);
        let is_known = joiner.join(method.as_str(), &path).provenance != Provenance::Unknown;
        if is_known && tree.child(parent, &text).is_none() {
            bound::push_call(model, tree, parent, operation, Origin::PermissionTable);
        }
    }
}

/// The verbs that only the table knows, on paths of the tree.
pub fn specs(model: &Model<'_>, tree: &Tree<'_>, known: &[Spec], rows: &HashSet<Row<'_>>) -> Vec<Spec> {
    let derived: HashSet<_> =
        known.iter().map(|spec| (spec.method, normal_form(&tree.node(spec.node).path))).collect();
    let mut by_path = HashMap::<String, NodeId>::new();
    for id in tree.ids().filter(|id| !super::spec::is_reference_key(tree, *id)) {
        by_path.entry(normal_form(&tree.node(id).path)).or_insert(id);
    }
    let rows: BTreeSet<_> = rows.iter().copied().collect();
    rows.into_iter()
        .filter(|(method, path)| !derived.contains(&(*method, (*path).to_owned())))
        .filter_map(|(method, path)| Some((method, *by_path.get(path)?)))
        .filter(|(method, id)| makes_sense(model, tree, *id, *method))
        .map(|(method, id)| spec(model, tree, id, method, Origin::PermissionTable))
        .collect()
}

/// Whether the verb means something on this kind of path. The table is written by hand, and some of its rows put a
/// verb where the protocol has none (a DELETE of a whole collection, a PATCH of a function).
fn makes_sense(model: &Model<'_>, tree: &Tree<'_>, id: NodeId, method: Method) -> bool {
    let node = tree.node(id);
    // The table leaves off `/$ref` and `/$value`: such a row is about the reference or the stream.
    let stands_for_child = method != Method::Get
        && node
            .children
            .iter()
            .any(|child| matches!(tree.node(*child).segment, Segment::Ref | Segment::MediaValue));
    if stands_for_child && method != Method::Patch {
        return false;
    }
    match &node.segment {
        Segment::EntitySet(_) | Segment::Navigation(_) | Segment::Complex(..) if node.is_collection => {
            matches!(method, Method::Get | Method::Post)
        }
        Segment::Key(_) | Segment::AlternateKey(_) | Segment::Singleton(_) | Segment::Navigation(_) => {
            method != Method::Post
        }
        Segment::Complex(..) => matches!(method, Method::Get | Method::Patch),
        Segment::Stream(_) | Segment::MediaValue => {
            matches!(method, Method::Get | Method::Put | Method::Delete)
        }
        Segment::Operation(operation) => {
            method == Method::Post && model.operation(*operation).kind == OperationKind::Function
        }
        _ => false,
    }
}
