//! Which clouds lack a path: those that lack anything on the way along it.

use std::collections::BTreeSet;

use super::{Cloud, call};
use crate::model::{Model, TypeId};
use crate::operations::tree::{Node, NodeId, Segment, Tree};

/// The clouds in which a path does not exist.
pub fn without_path(model: &Model<'_>, tree: &Tree<'_>, id: NodeId) -> BTreeSet<Cloud> {
    tree.upwards(id).flat_map(|node| without_segment(model, node)).collect()
}

fn without_segment(model: &Model<'_>, node: &Node<'_>) -> BTreeSet<Cloud> {
    let clouds = &model.clouds;
    let mut absent = match &node.segment {
        Segment::EntitySet(root) | Segment::Singleton(root) => {
            clouds.without(&format!("{}/{}", model.container().name, root.name))
        }
        Segment::Navigation(navigation) => {
            let owner = &model.ty(navigation.owner).name;
            clouds.without(&format!("{owner}/{}", navigation.property.name))
        }
        Segment::Complex(owner, property) => {
            clouds.without(&format!("{}/{}", model.ty(*owner).name, property.name))
        }
        Segment::Stream(property) => {
            let owner = node.ty.and_then(|ty| declaring(model, ty, &property.name));
            owner.map(|owner| clouds.without(&format!("{owner}/{}", property.name))).unwrap_or_default()
        }
        Segment::Cast(ty) => clouds.without(&model.ty(*ty).name),
        Segment::Operation(operation) => clouds.without(&call(model.operation(*operation))),
        Segment::Key(_)
        | Segment::AlternateKey(_)
        | Segment::Passage(_)
        | Segment::Member(_)
        | Segment::MediaValue
        | Segment::Count
        | Segment::Ref => BTreeSet::new(),
    };
    if let Some(ty) = node.ty {
        absent.extend(clouds.without(&model.ty(ty).name));
    }
    absent
}

/// The name of the type, itself or one of its bases, that declares a structural property.
fn declaring<'d>(model: &Model<'d>, ty: TypeId, property: &str) -> Option<&'d str> {
    let mut owners = model.ancestors(ty).map(|owner| model.ty(owner));
    owners.find(|owner| owner.properties.iter().any(|p| p.name == property)).map(|owner| owner.name.as_str())
}
