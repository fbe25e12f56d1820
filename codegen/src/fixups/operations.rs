//! Corrections of actions and functions.

use super::members::{gone, needless};
use super::rows::ChangedOperation;
use crate::csdl::{Document, Operation};

/// The signature of an overload, `Ns.operation(Collection(Ns.Binding), Edm.String)`.
pub(super) fn signature(operation: &Operation) -> String {
    let types: Vec<_> = operation.parameters.iter().map(|p| String::from(p.ty.clone())).collect();
    format!("{}({})", operation.name, types.join(", "))
}

fn find(document: &Document, wanted: &str) -> Option<usize> {
    document.operations.iter().position(|operation| signature(operation) == wanted)
}

pub(super) fn add(document: &mut Document, operation: &Operation) -> Result<(), String> {
    let signature = signature(operation);
    if find(document, &signature).is_some() {
        return Err(needless(&signature));
    }
    document.operations.push(operation.clone());
    Ok(())
}

pub(super) fn change(document: &mut Document, change: &ChangedOperation) -> Result<(), String> {
    let index = find(document, &change.name).ok_or_else(|| gone(&change.name))?;
    let operation = &mut document.operations[index];
    let old = operation.clone();
    if let Some(composable) = change.composable {
        operation.is_composable = composable;
    }
    if let Some(returns) = &change.returns {
        operation.returns = Some(returns.clone());
    }
    if *operation == old { Err(needless(&change.name)) } else { Ok(()) }
}

pub(super) fn remove(document: &mut Document, signature: &str) -> Result<(), String> {
    let index = find(document, signature).ok_or_else(|| gone(signature))?;
    document.operations.remove(index);
    Ok(())
}
