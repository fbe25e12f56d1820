//! The plan: every decision about the generated crate, made before any Rust text.
//!
//! In: a [`Model`] and its operations. Out: a [`Plan`] of plain values: names, modules, files, features, boxing,
//! operations, permissions, documentation.

pub mod addressing;
pub mod builders;
pub mod names;
pub mod needs;
pub mod resources;
pub mod types;

use std::collections::{BTreeSet, HashSet};

use crate::clouds::{self, Cloud};
use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::operations::spec::{self, Spec};
use crate::operations::{self, documented, tree::Tree};
use crate::permissions::{Joiner, OperationPermissions, PermissionTable};
use addressing::Addressed;
use builders::{MethodPlan, Module};
use needs::{Needs, Roots};
use types::Types;

/// Everything that is to be generated.
#[derive(Debug)]
pub struct Plan<'d> {
    /// The API version: `v1.0`.
    pub api: String,
    /// All paths.
    pub tree: Tree<'d>,
    /// The modules of the root resources.
    pub roots: Roots,
    /// All operations, in the order of the tree.
    pub operations: Vec<PlannedOperation>,
    /// Operations on drive items addressed by their path; they share the methods of items addressed by id.
    pub addressed: Vec<Addressed>,
    /// The modules of the roots, sorted.
    pub modules: Vec<Module>,
    /// The types.
    pub types: Types,
}

/// An operation with its permissions.
#[derive(Debug)]
pub struct PlannedOperation {
    /// What it does, takes and gives.
    pub spec: Spec,
    /// Graph's template of its path.
    pub path: String,
    /// What it needs.
    pub permissions: OperationPermissions,
    /// The clouds in which it does not exist.
    pub absent: BTreeSet<Cloud>,
}

/// Makes the plan.
///
/// # Errors
/// If the document expands without end, or a name cannot be made unique.
pub fn plan<'d>(
    model: &Model<'d>,
    permissions: &PermissionTable,
    api: &str,
    only: &[String],
) -> Result<Plan<'d>, Diagnostics> {
    let joiner = Joiner::new(permissions);
    let rows = joiner.rows([]);
    let rows: HashSet<_> = rows.iter().map(|row| (row.method, row.path)).collect();
    let mut tree = operations::tree(model, only)?;
    documented::attach(model, &mut tree, &joiner);
    let mut specs = spec::specs(model, &tree);
    specs.extend(documented::specs(model, &tree, &specs, &rows));
    assemble(model, &joiner, api, tree, specs)
}

/// Makes the plan of operations that are known already, as an OpenAPI document gives them.
///
/// # Errors
/// If a name cannot be made unique.
pub fn plan_operations<'d>(
    model: &Model<'d>,
    permissions: &PermissionTable,
    api: &str,
    (tree, specs): (Tree<'d>, Vec<Spec>),
) -> Result<Plan<'d>, Diagnostics> {
    assemble(model, &Joiner::new(permissions), api, tree, specs)
}

fn assemble<'d>(
    model: &Model<'d>,
    joiner: &Joiner,
    api: &str,
    tree: Tree<'d>,
    specs: Vec<Spec>,
) -> Result<Plan<'d>, Diagnostics> {
    let roots = Roots::new(&tree)?;
    let needs = Needs::new(model, &tree, &specs, &roots);
    let types = types::plan(model, &needs)?;
    let modules = resources::plan(model, &tree, &specs, &types, &roots)?;
    let operations: Vec<_> = specs
        .into_iter()
        .map(|spec| {
            let path = tree.node(spec.node).path.clone();
            let permissions = joiner.join(spec.method.as_str(), &path);
            let absent = clouds::without_path(model, &tree, spec.node);
            PlannedOperation { spec, path, permissions, absent }
        })
        .collect();
    let addressed = addressing::addressed(&addressing::drives(model, &tree), &operations, joiner);
    Ok(Plan { api: api.to_owned(), tree, roots, operations, addressed, modules, types })
}

impl Plan<'_> {
    /// All methods, each with the module and the request builder it stands in.
    pub fn methods(&self) -> impl Iterator<Item = (&Module, &str, &MethodPlan)> {
        let mut modules: Vec<_> = self.modules.iter().collect();
        let mut next = 0;
        while let Some(module) = modules.get(next) {
            modules.extend(&module.modules);
            next += 1;
        }
        modules.into_iter().flat_map(|module| {
            module
                .builders
                .iter()
                .flat_map(move |b| b.methods.iter().map(move |m| (module, b.name.as_str(), m)))
        })
    }

    /// The Rust path of each operation's method, in the order of the operations.
    pub fn rust_paths(&self) -> Vec<String> {
        let mut paths = vec![String::new(); self.operations.len()];
        for (module, builder, method) in self.methods() {
            paths[method.operation] = format!("{}::{builder}::{}", module.path.join("::"), method.name);
        }
        paths
    }
}
