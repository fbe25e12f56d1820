//! What a run read and made, counted on both sides.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use msgraph_codegen::csdl::TypeKind;
use msgraph_codegen::emit::Files;
use msgraph_codegen::model::Model;
use msgraph_codegen::operations::bound;
use msgraph_codegen::operations::tree::Origin;
use msgraph_codegen::permissions::Provenance;
use msgraph_codegen::plan::Plan;
use msgraph_codegen::plan::types::StructKind;

use super::output::Difference;

/// The counts and times of a run.
#[derive(Debug, Default)]
pub struct Summary {
    stages: Vec<(&'static str, Duration)>,
    counts: Vec<(&'static str, usize)>,
}

impl Summary {
    /// Notes how long a stage took.
    pub fn stage(&mut self, name: &'static str, started: Instant) {
        self.stages.push((name, started.elapsed()));
    }

    /// Counts what was read and what is made.
    ///
    /// # Errors
    /// If something that was read is neither generated nor a listed exception.
    pub fn count(&mut self, model: &Model<'_>, plan: &Plan<'_>, files: &Files) -> Result<()> {
        for Balance { what, read, made, excepted } in balances(model, plan) {
            if read != made + excepted {
                bail!("{what}: {read} read, {made} generated, {excepted} excepted; the generator lost some");
            }
            self.counts.push((what, made));
        }
        let uncalled = bound::uncalled(model, &plan.tree).len();
        self.counts.push(("actions, functions on no path", uncalled));
        for origin in [Origin::Annotation, Origin::DerivedBinding, Origin::PermissionTable, Origin::Document]
        {
            let count = plan.operations.iter().filter(|o| o.spec.origin == origin).count();
            self.counts.push((origin_label(origin), count));
        }
        self.counts.push(("  addressed by item path", plan.addressed.len()));
        let by = |test: fn(&Provenance) -> bool| {
            plan.operations.iter().filter(|o| test(&o.permissions.provenance)).count()
        };
        self.counts.push(("permissions documented", by(|p| matches!(p, Provenance::Documented))));
        self.counts.push(("permissions by alias", by(|p| matches!(p, Provenance::Alias { .. }))));
        self.counts.push(("permissions unknown", by(|p| matches!(p, Provenance::Unknown))));
        self.counts.push(("files", files.len()));
        self.counts.push(("bytes", files.values().map(String::len).sum()));
        Ok(())
    }

    /// Prints the counts, the changes and the seconds of each stage.
    pub fn print(&self, difference: &Difference, out: &mut impl Write) -> Result<()> {
        let changes = [
            ("files added", difference.added.len()),
            ("files changed", difference.changed.len()),
            ("files deleted", difference.orphans.len()),
        ];
        for (what, count) in self.counts.iter().chain(&changes) {
            writeln!(out, "{what:30} {count:>10}")?;
        }
        let total: Duration = self.stages.iter().map(|(_, time)| *time).sum();
        for (stage, time) in self.stages.iter().chain(&[("total", total)]) {
            writeln!(out, "{stage:30} {:>8.3} s", time.as_secs_f64())?;
        }
        Ok(())
    }
}

/// What was read of one kind, and what became of it.
struct Balance {
    what: &'static str,
    read: usize,
    made: usize,
    /// Left out on purpose: streams have methods of their own instead of fields.
    excepted: usize,
}

fn balances(model: &Model<'_>, plan: &Plan<'_>) -> Vec<Balance> {
    let types = &plan.types;
    let structs = |kind| types.structs.iter().filter(|s| s.kind == kind).count();
    let read = |kind| model.document.types.iter().filter(|ty| ty.kind == kind).count();
    let names = |id| {
        let structural =
            model.properties(id).into_iter().map(|(_, p)| (p.name.as_str(), p.ty.name == "Edm.Stream"));
        let navigation = model.navigation(id).into_iter().map(|n| (n.property.name.as_str(), false));
        structural.chain(navigation).collect::<BTreeMap<_, _>>()
    };
    let properties: Vec<_> =
        model.types().flat_map(|id| names(id).into_values().collect::<Vec<_>>()).collect();
    let streams = properties.iter().filter(|is_stream| **is_stream).count();
    let plain = |what, read, made| Balance { what, read, made, excepted: 0 };
    vec![
        plain("entity types", read(TypeKind::Entity), structs(StructKind::Entity)),
        plain("complex types", read(TypeKind::Complex), structs(StructKind::Complex)),
        Balance {
            what: "fields",
            read: properties.len(),
            made: types.structs.iter().map(|s| s.fields.len()).sum(),
            excepted: streams,
        },
        plain("enum types", model.document.enums.len(), types.enums.len()),
        plain(
            "enum members",
            model.document.enums.iter().map(|ty| ty.members.len()).sum(),
            types.enums.iter().map(|ty| ty.members.len()).sum(),
        ),
        plain("operations", plan.operations.len(), plan.methods().count()),
    ]
}

const fn origin_label(origin: Origin) -> &'static str {
    match origin {
        Origin::Annotation => "  by annotation",
        Origin::DerivedBinding => "  by derived binding",
        Origin::PermissionTable => "  by permission table",
        Origin::Document => "  by OpenAPI document",
    }
}
