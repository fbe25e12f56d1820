//! The names of all elements of a document.

use std::collections::{BTreeSet, HashMap};

use crate::csdl::{Document, Operation, OperationKind, StructuredType};

/// The name of an action or function by what its calls depend on: its binding, and for a function its parameters,
/// which stand in the path. `Ns.sendMail(Ns.user)`, `Ns.delta(Collection(Ns.user))`, `Ns.view(Ns.user, start, end)`.
pub fn call(operation: &Operation) -> String {
    let mut parameters = operation.parameters.iter();
    let binding = if operation.is_bound { parameters.next() } else { None };
    let mut parts: Vec<_> = binding.map(|binding| String::from(binding.ty.clone())).into_iter().collect();
    if operation.kind == OperationKind::Function {
        parts.extend(parameters.map(|parameter| parameter.name.clone()));
    }
    format!("{}({})", operation.name, parts.join(", "))
}

/// Everything that a document declares, each where it is declared.
pub(super) fn declared(document: &Document) -> BTreeSet<String> {
    let mut names = shared(document);
    for ty in &document.types {
        names.extend(own_members(ty).map(|member| format!("{}/{member}", ty.name)));
    }
    names
}

/// Everything that can be used: as declared, but inherited members too, as another document may declare them on a
/// base type.
pub(super) fn available(document: &Document) -> BTreeSet<String> {
    let mut names = shared(document);
    let by_name: HashMap<_, _> = document.types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    for ty in &document.types {
        let base = |ty: &&StructuredType| by_name.get(ty.base.as_deref()?).copied();
        // A chain of bases is no longer than there are types, even if it goes in circles.
        for ancestor in std::iter::successors(Some(ty), base).take(document.types.len()) {
            names.extend(own_members(ancestor).map(|member| format!("{}/{member}", ty.name)));
        }
    }
    names
}

fn own_members(ty: &StructuredType) -> impl Iterator<Item = &str> {
    let navigation = ty.navigation.iter().map(|property| property.name.as_str());
    ty.properties.iter().map(|property| property.name.as_str()).chain(navigation)
}

/// The names of all that is not a property.
fn shared(document: &Document) -> BTreeSet<String> {
    let container = &document.container;
    let roots = container.entity_sets.iter().chain(&container.singletons);
    let mut names: BTreeSet<_> = roots.map(|root| format!("{}/{}", container.name, root.name)).collect();
    // The container itself is not absent where all its roots are.
    names.insert(container.name.clone());
    names.extend(document.types.iter().map(|ty| ty.name.clone()));
    names.extend(document.operations.iter().map(call));
    for ty in &document.enums {
        names.insert(ty.name.clone());
        names.extend(ty.members.iter().map(|member| format!("{}/{}", ty.name, member.name)));
    }
    names
}
