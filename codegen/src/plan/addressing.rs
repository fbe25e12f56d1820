//! Drive items addressed by their path: `/drives/{drive-id}/root:/{item-path}:/children`.
//!
//! OData has no word for this; it is Graph's own convention, and the metadata is silent about it. Wherever an item
//! can be addressed by its id, `root:/{item-path}:` can stand instead of `items/{driveItem-id}`, so a drive's and an
//! item's request builder lead by a path to the same request builder as an id does.

use std::collections::BTreeMap;

use super::PlannedOperation;
use crate::model::Model;
use crate::operations::tree::{Segment, Tree};
use crate::permissions::{Joiner, OperationPermissions, Provenance};

/// The type of drives.
const DRIVE: &str = "microsoft.graph.drive";

/// Where items are addressed by id.
pub const ITEM: &str = "/drives/{drive-id}/items/{driveItem-id}";

/// The struct that stands for an item.
pub const ITEM_BUILDER: &str = "drives::items::ItemRequestBuilder";

/// The root resource, and so the feature, of [`ITEM_BUILDER`].
pub const ITEM_ROOT: &str = "/drives";

/// The name of the method that leads to an item by its path.
pub const METHOD: &str = "item_by_path";

/// An operation on an item addressed by its path, which the permission table documents in that form.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// The place of the same operation on an item addressed by its id.
    pub operation: usize,
    /// Graph's template of the path.
    pub path: String,
    /// The template of the drive.
    pub drive: String,
    /// The permissions, as documented for this path.
    pub permissions: OperationPermissions,
}

/// The paths that are one drive.
pub fn drives(model: &Model<'_>, tree: &Tree<'_>) -> Vec<String> {
    if !tree.nodes.iter().any(|node| node.path == ITEM) {
        return Vec::new();
    }
    let is_drive = |ty| model.find(DRIVE) == Some(ty);
    tree.nodes
        .iter()
        .filter(|node| !node.is_collection && node.ty.is_some_and(is_drive))
        .filter(|node| matches!(node.segment, Segment::Key(_) | Segment::Navigation(_)))
        .map(|node| node.path.clone())
        .collect()
}

/// The operations that the permission table documents on items addressed by their path.
pub fn addressed(drives: &[String], operations: &[PlannedOperation], joiner: &Joiner) -> Vec<Addressed> {
    let mut list = BTreeMap::new();
    for drive in drives {
        for (index, operation) in operations.iter().enumerate() {
            let Some(rest) = operation.path.strip_prefix(ITEM) else { continue };
            let path = format!("{drive}/root:/{{item-path}}:{rest}");
            let method = operation.spec.method;
            let permissions = joiner.join(method.as_str(), &path);
            if matches!(permissions.provenance, Provenance::Documented) {
                let addressed = Addressed { operation: index, path, drive: drive.clone(), permissions };
                list.insert((addressed.path.clone(), method), addressed);
            }
        }
    }
    list.into_values().collect()
}
