//! Operations: every (method, path) a service answers, derived from its CSDL.

pub mod bound;
pub mod documented;
pub mod options;
pub mod paths;
pub mod spec;
pub mod tree;
pub mod verbs;

use crate::diagnostics::Diagnostics;
use crate::model::Model;
pub use crate::permissions::Method;
use tree::Tree;

/// All paths of a service: resources and the operations bound to them.
///
/// # Errors
/// If the document expands to too many paths (see [`paths::expand`]).
pub fn tree<'d>(model: &Model<'d>, roots: &[String]) -> Result<Tree<'d>, Diagnostics> {
    let mut tree = paths::expand(model, roots)?;
    bound::attach(model, &mut tree);
    Ok(tree)
}
