//! Looking annotations up.
//!
//! A target is a plain string. A type inherits a term from its base types, nearest first; a member inherits
//! nothing; a set or singleton falls back to its entity type.

use super::{Model, Navigation, OperationId, TypeId};
use crate::csdl::Value;

/// The terms the generator reads.
pub mod term {
    /// `Capabilities.ReadRestrictions`.
    pub const READ: &str = "Org.OData.Capabilities.V1.ReadRestrictions";
    /// `Capabilities.InsertRestrictions`.
    pub const INSERT: &str = "Org.OData.Capabilities.V1.InsertRestrictions";
    /// `Capabilities.UpdateRestrictions`.
    pub const UPDATE: &str = "Org.OData.Capabilities.V1.UpdateRestrictions";
    /// `Capabilities.DeleteRestrictions`.
    pub const DELETE: &str = "Org.OData.Capabilities.V1.DeleteRestrictions";
    /// `Capabilities.NavigationRestrictions`.
    pub const NAVIGATION: &str = "Org.OData.Capabilities.V1.NavigationRestrictions";
    /// `Capabilities.CountRestrictions`.
    pub const COUNT: &str = "Org.OData.Capabilities.V1.CountRestrictions";
    /// `Capabilities.ExpandRestrictions`.
    pub const EXPAND: &str = "Org.OData.Capabilities.V1.ExpandRestrictions";
    /// `Capabilities.FilterRestrictions`.
    pub const FILTER: &str = "Org.OData.Capabilities.V1.FilterRestrictions";
    /// `Capabilities.SearchRestrictions`.
    pub const SEARCH: &str = "Org.OData.Capabilities.V1.SearchRestrictions";
    /// `Capabilities.SortRestrictions`.
    pub const SORT: &str = "Org.OData.Capabilities.V1.SortRestrictions";
    /// `Capabilities.SelectSupport`.
    pub const SELECT: &str = "Org.OData.Capabilities.V1.SelectSupport";
    /// `Capabilities.TopSupported`.
    pub const TOP: &str = "Org.OData.Capabilities.V1.TopSupported";
    /// `Capabilities.SkipSupported`.
    pub const SKIP: &str = "Org.OData.Capabilities.V1.SkipSupported";
    /// `Capabilities.IndexableByKey`.
    pub const INDEXABLE: &str = "Org.OData.Capabilities.V1.IndexableByKey";
    /// `Capabilities.OperationRestrictions`.
    pub const OPERATION: &str = "Org.OData.Capabilities.V1.OperationRestrictions";
    /// `Core.AlternateKeys`.
    pub const ALTERNATE_KEYS: &str = "Org.OData.Core.V1.AlternateKeys";
    /// `Core.Computed`.
    pub const COMPUTED: &str = "Org.OData.Core.V1.Computed";
    /// `Core.Immutable`.
    pub const IMMUTABLE: &str = "Org.OData.Core.V1.Immutable";
    /// `Core.Permissions`.
    pub const PERMISSIONS: &str = "Org.OData.Core.V1.Permissions";
    /// `Core.OptionalParameter`.
    pub const OPTIONAL_PARAMETER: &str = "Org.OData.Core.V1.OptionalParameter";
    /// `Core.RequiresExplicitBinding`.
    pub const REQUIRES_EXPLICIT_BINDING: &str = "Org.OData.Core.V1.RequiresExplicitBinding";
    /// `Core.ExplicitOperationBindings`.
    pub const EXPLICIT_OPERATION_BINDINGS: &str = "Org.OData.Core.V1.ExplicitOperationBindings";
    /// `Core.Revisions`.
    pub const REVISIONS: &str = "Org.OData.Core.V1.Revisions";
    /// `Validation.DerivedTypeConstraint`.
    pub const DERIVED_TYPE_CONSTRAINT: &str = "Org.OData.Validation.V1.DerivedTypeConstraint";
}

/// Several records that answer for one thing, merged field by field: the first that has the field wins.
#[derive(Clone, Debug, Default)]
pub struct Record<'d> {
    parts: Vec<&'d Value>,
}

impl<'d> Record<'d> {
    /// Merges records, strongest first.
    pub fn merge(parts: impl IntoIterator<Item = Option<&'d Value>>) -> Self {
        Self { parts: parts.into_iter().flatten().collect() }
    }

    /// The field `name` of the first record that has it.
    pub fn get(&self, name: &str) -> Option<&'d Value> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    /// Whether the field is absent or true.
    pub fn soft(&self, name: &str) -> bool {
        self.flag(name).unwrap_or(true)
    }

    /// Whether the field is explicitly true.
    pub fn hard(&self, name: &str) -> bool {
        self.flag(name).unwrap_or(false)
    }

    /// The field as a truth value.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// The field `name` of all parts as records, merged in the same order.
    pub fn nested(&self, name: &str) -> Self {
        Self { parts: self.parts.iter().filter_map(|part| part.get(name)).collect() }
    }
}

impl<'d> Model<'d> {
    /// The annotation of a target that is written out as text.
    pub fn annotation(&self, target: &str, term: &str) -> Option<&'d Value> {
        self.document.annotations.get(target)?.get(term)
    }

    /// The annotation of a type or, failing that, of its nearest base that has one.
    pub fn type_annotation(&self, id: TypeId, term: &str) -> Option<&'d Value> {
        self.ancestors(id).find_map(|id| self.annotation(&self.ty(id).name, term))
    }

    /// The annotation of a member (property or navigation property) of the type that declares it.
    pub fn member_annotation(&self, owner: TypeId, member: &str, term: &str) -> Option<&'d Value> {
        self.annotation(&format!("{}/{member}", self.ty(owner).name), term)
    }

    /// The annotation of a navigation property.
    pub fn navigation_annotation(&self, navigation: Navigation<'_>, term: &str) -> Option<&'d Value> {
        self.member_annotation(navigation.owner, &navigation.property.name, term)
    }

    /// The annotation of one overload: its own, else one that targets its signature,
    /// `Ns.name(Collection(Ns.Binding), Edm.String)`, else one that targets its name.
    pub fn operation_annotation(&self, id: OperationId, term: &str) -> Option<&'d Value> {
        let operation = self.operation(id);
        let types: Vec<_> = operation.parameters.iter().map(|p| String::from(p.ty.clone())).collect();
        operation
            .annotations
            .get(term)
            .or_else(|| self.annotation(&format!("{}({})", operation.name, types.join(", ")), term))
            .or_else(|| self.annotation(&format!("{}({})", operation.name, types.join(",")), term))
            .or_else(|| self.annotation(&operation.name, term))
    }
}
