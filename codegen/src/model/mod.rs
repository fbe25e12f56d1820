//! The model: a CSDL document with its names resolved.
//!
//! In: a [`Document`]. Out: a [`Model`], in which types are found by name, bases and descendants are linked,
//! and annotations are looked up by the rules of OData and of Microsoft's converter.

mod annotations;

use std::collections::HashMap;

use crate::clouds::Clouds;
use crate::csdl::{
    Container, Document, EnumType, NavigationProperty, Operation, Property, StructuredType, TypeKind,
};

pub use annotations::{Record, term};

/// The place of a type in [`Document::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub usize);

/// The place of an overload in [`Document::operations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub usize);

/// A navigation property together with the type that declares it.
#[derive(Clone, Copy, Debug)]
pub struct Navigation<'d> {
    /// The declaring type, which may be a base of the type it was found on.
    pub owner: TypeId,
    /// The property.
    pub property: &'d NavigationProperty,
}

/// A CSDL document with its names resolved.
#[derive(Debug)]
pub struct Model<'d> {
    /// The document.
    pub document: &'d Document,
    /// What other clouds lack of it.
    pub clouds: Clouds,
    types: HashMap<&'d str, TypeId>,
    enums: HashMap<&'d str, &'d EnumType>,
    bases: Vec<Option<TypeId>>,
    children: Vec<Vec<TypeId>>,
}

impl<'d> Model<'d> {
    /// Links the types of a document that has passed [`crate::csdl::check`].
    pub fn new(document: &'d Document) -> Self {
        let types: HashMap<_, _> =
            document.types.iter().enumerate().map(|(index, ty)| (ty.name.as_str(), TypeId(index))).collect();
        let enums = document.enums.iter().map(|ty| (ty.name.as_str(), ty)).collect();
        let bases: Vec<_> = document
            .types
            .iter()
            .map(|ty| ty.base.as_deref().and_then(|base| types.get(base).copied()))
            .collect();
        let mut children = vec![Vec::new(); document.types.len()];
        for (index, base) in bases.iter().enumerate() {
            if let Some(base) = base {
                children[base.0].push(TypeId(index));
            }
        }
        Self { document, clouds: Clouds::default(), types, enums, bases, children }
    }

    /// The same model with what is known of other clouds.
    pub fn with_clouds(self, clouds: Clouds) -> Self {
        Self { clouds, ..self }
    }

    /// The entity container.
    pub fn container(&self) -> &'d Container {
        &self.document.container
    }

    /// The structured type of this qualified name.
    pub fn find(&self, name: &str) -> Option<TypeId> {
        self.types.get(name).copied()
    }

    /// The enumeration type of this qualified name.
    pub fn find_enum(&self, name: &str) -> Option<&'d EnumType> {
        self.enums.get(name).copied()
    }

    /// The declaration of a type.
    pub fn ty(&self, id: TypeId) -> &'d StructuredType {
        &self.document.types[id.0]
    }

    /// The declaration of an overload.
    pub fn operation(&self, id: OperationId) -> &'d Operation {
        &self.document.operations[id.0]
    }

    /// All structured types.
    pub fn types(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..self.document.types.len()).map(TypeId)
    }

    /// The type, its base, the base's base and so on.
    pub fn ancestors(&self, id: TypeId) -> impl Iterator<Item = TypeId> + '_ {
        std::iter::successors(Some(id), |id| self.bases[id.0])
    }

    /// The types that name this one as their base.
    pub fn children(&self, id: TypeId) -> &[TypeId] {
        &self.children[id.0]
    }

    /// All types below this one, without itself, parents before children.
    pub fn descendants(&self, id: TypeId) -> Vec<TypeId> {
        let mut list = self.children(id).to_vec();
        let mut next = 0;
        while let Some(&id) = list.get(next) {
            list.extend_from_slice(self.children(id));
            next += 1;
        }
        list
    }

    /// Whether `id` is a strict descendant of `base`.
    pub fn derives_from(&self, id: TypeId, base: TypeId) -> bool {
        id != base && self.ancestors(id).any(|ancestor| ancestor == base)
    }

    /// The structural properties, inherited ones first, each with the type that declares it.
    pub fn properties(&self, id: TypeId) -> Vec<(TypeId, &'d Property)> {
        let mut chain: Vec<_> = self.ancestors(id).collect();
        chain.reverse();
        chain
            .into_iter()
            .flat_map(|owner| self.ty(owner).properties.iter().map(move |p| (owner, p)))
            .collect()
    }

    /// The navigation properties, inherited ones first.
    pub fn navigation(&self, id: TypeId) -> Vec<Navigation<'d>> {
        let mut chain: Vec<_> = self.ancestors(id).collect();
        chain.reverse();
        chain
            .into_iter()
            .flat_map(|owner| {
                self.ty(owner).navigation.iter().map(move |property| Navigation { owner, property })
            })
            .collect()
    }

    /// The key: the properties of the nearest type in the chain of bases that declares one.
    pub fn key(&self, id: TypeId) -> Vec<&'d Property> {
        let Some(names) = self.ancestors(id).map(|owner| &self.ty(owner).key).find(|key| !key.is_empty())
        else {
            return Vec::new();
        };
        let properties = self.properties(id);
        names
            .iter()
            .filter_map(|name| properties.iter().find(|(_, p)| p.name == *name).map(|(_, p)| *p))
            .collect()
    }

    /// Whether the type or its direct base is a media entity (`HasStream`).
    pub fn has_stream(&self, id: TypeId) -> bool {
        self.ancestors(id).take(2).any(|id| self.ty(id).has_stream)
    }

    /// Whether values of this type can carry properties that the document does not declare.
    pub fn is_open(&self, id: TypeId) -> bool {
        self.ancestors(id).any(|id| self.ty(id).is_open)
    }

    /// Whether the type is an entity type.
    pub fn is_entity(&self, id: TypeId) -> bool {
        self.ty(id).kind == TypeKind::Entity
    }
}

/// The part of a qualified name after the last dot.
pub fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}
