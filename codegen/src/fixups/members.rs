//! Corrections of properties, enumeration members, their names and annotations.

use std::collections::BTreeMap;

use super::operations;
use super::rows::{Annotation, ChangedNavigation, ChangedProperty, NewNavigation, NewProperty, Rename};
use crate::csdl::{Document, NavigationProperty, Property, StructuredType, Value};
use crate::diagnostics::Position;

/// The problem of a row whose subject is not there.
pub(super) fn gone(what: &str) -> String {
    format!("`{what}` is not there: delete the row, or correct the name")
}

/// The problem of a row that changes nothing.
pub(super) fn needless(what: &str) -> String {
    format!("upstream says this of `{what}` itself: delete the row")
}

/// The type and the member that `Ns.Type/member` names.
fn split(name: &str) -> Result<(&str, &str), String> {
    name.split_once('/').ok_or_else(|| format!("`{name}` names no member: write `Namespace.Type/member`"))
}

fn type_mut<'d>(document: &'d mut Document, name: &str) -> Result<&'d mut StructuredType, String> {
    document.types.iter_mut().find(|ty| ty.name == name).ok_or_else(|| gone(name))
}

fn has_member(ty: &StructuredType, member: &str) -> bool {
    ty.properties.iter().any(|property| property.name == member)
        || ty.navigation.iter().any(|property| property.name == member)
}

pub(super) fn add_property(document: &mut Document, new: &NewProperty) -> Result<(), String> {
    let (owner, member) = split(&new.name)?;
    let ty = type_mut(document, owner)?;
    if has_member(ty, member) {
        return Err(needless(&new.name));
    }
    let NewProperty { ty: of, nullable, facets, .. } = new.clone();
    let name = member.to_owned();
    ty.properties.push(Property { name, ty: of, nullable, facets, position: Position::default() });
    Ok(())
}

pub(super) fn add_navigation(document: &mut Document, new: &NewNavigation) -> Result<(), String> {
    let (owner, member) = split(&new.name)?;
    let ty = type_mut(document, owner)?;
    if has_member(ty, member) {
        return Err(needless(&new.name));
    }
    let NewNavigation { ty: of, nullable, contained, .. } = new.clone();
    let name = member.to_owned();
    let position = Position::default();
    ty.navigation.push(NavigationProperty { name, ty: of, nullable, contains_target: contained, position });
    Ok(())
}

/// Sets a facet, and tells whether that changed it.
fn set<T: Clone + PartialEq>(place: &mut T, value: Option<&T>) -> bool {
    match value {
        Some(value) if value != place => {
            place.clone_from(value);
            true
        }
        _ => false,
    }
}

pub(super) fn change_property(
    document: &mut Document,
    name: &str,
    change: &ChangedProperty,
) -> Result<(), String> {
    let (owner, member) = split(name)?;
    let properties = &mut type_mut(document, owner)?.properties;
    let property =
        properties.iter_mut().find(|property| property.name == member).ok_or_else(|| gone(name))?;
    let changed =
        set(&mut property.ty, change.ty.as_ref()) | set(&mut property.nullable, change.nullable.as_ref());
    if changed { Ok(()) } else { Err(needless(name)) }
}

pub(super) fn change_navigation(
    document: &mut Document,
    name: &str,
    change: &ChangedNavigation,
) -> Result<(), String> {
    let (owner, member) = split(name)?;
    let properties = &mut type_mut(document, owner)?.navigation;
    let property =
        properties.iter_mut().find(|property| property.name == member).ok_or_else(|| gone(name))?;
    let changed = set(&mut property.ty, change.ty.as_ref())
        | set(&mut property.nullable, change.nullable.as_ref())
        | set(&mut property.contains_target, change.contained.as_ref());
    if changed { Ok(()) } else { Err(needless(name)) }
}

pub(super) fn drop_member(document: &mut Document, name: &str) -> Result<(), String> {
    let (owner, member) = split(name)?;
    let ty = type_mut(document, owner)?;
    if !has_member(ty, member) {
        return Err(gone(name));
    }
    ty.properties.retain(|property| property.name != member);
    ty.navigation.retain(|property| property.name != member);
    document.annotations.remove(name);
    Ok(())
}

/// Gives a property, navigation property or enumeration member another name, with its place in the key and its
/// annotations.
pub(super) fn rename(document: &mut Document, rename: &Rename) -> Result<(), String> {
    let Rename { name, to } = rename;
    let (owner, member) = split(name)?;
    let mut names: Vec<&mut String> = Vec::new();
    if let Some(ty) = document.types.iter_mut().find(|ty| ty.name == owner) {
        names.extend(ty.properties.iter_mut().map(|property| &mut property.name));
        names.extend(ty.navigation.iter_mut().map(|property| &mut property.name));
        names.extend(&mut ty.key);
    }
    if let Some(ty) = document.enums.iter_mut().find(|ty| ty.name == owner) {
        names.extend(ty.members.iter_mut().map(|member| &mut member.name));
    }
    if names.iter().any(|found| *found == to) {
        return Err(needless(name));
    }
    let mut found = false;
    for place in names.into_iter().filter(|place| *place == member) {
        place.clone_from(to);
        found = true;
    }
    if let Some(annotations) = document.annotations.remove(name) {
        document.annotations.insert(format!("{owner}/{to}"), annotations);
    }
    if found { Ok(()) } else { Err(gone(name)) }
}

/// The annotations of a target: those of the overload of that signature, else those that stand out of line.
fn annotations<'d>(document: &'d mut Document, target: &str) -> &'d mut BTreeMap<String, Value> {
    let own = document.operations.iter().position(|operation| operations::signature(operation) == target);
    match own {
        Some(index) => &mut document.operations[index].annotations,
        None => document.annotations.entry(target.to_owned()).or_default(),
    }
}

/// Whether there is something that the target names. Of a path in the container only the root is looked at.
fn exists(document: &Document, target: &str) -> bool {
    let (owner, rest) = target.split_once('/').unwrap_or((target, ""));
    let first = rest.split('/').next().unwrap_or_default();
    let container = &document.container;
    let ty = document.types.iter().find(|ty| ty.name == owner);
    ty.is_some_and(|ty| rest.is_empty() || has_member(ty, rest))
        || container.name == owner
            && container.entity_sets.iter().chain(&container.singletons).any(|root| root.name == first)
        || document.operations.iter().any(|operation| {
            operations::signature(operation) == target || (rest.is_empty() && operation.name == owner)
        })
}

pub(super) fn add_annotation(document: &mut Document, new: &Annotation) -> Result<(), String> {
    let Annotation { target, term, value } = new;
    if !exists(document, target) {
        return Err(gone(target));
    }
    let annotations = annotations(document, target);
    if annotations.contains_key(term) {
        return Err(needless(&format!("{target} @{term}")));
    }
    annotations.insert(term.clone(), value.clone());
    Ok(())
}

pub(super) fn change_annotation(document: &mut Document, change: &Annotation) -> Result<(), String> {
    let Annotation { target, term, value } = change;
    let what = format!("{target} @{term}");
    let old = annotations(document, target).get_mut(term).ok_or_else(|| gone(&what))?;
    if set(old, Some(value)) { Ok(()) } else { Err(needless(&what)) }
}

pub(super) fn drop_annotation(document: &mut Document, target: &str, term: &str) -> Result<(), String> {
    let dropped = annotations(document, target).remove(term);
    dropped.map(drop).ok_or_else(|| gone(&format!("{target} @{term}")))
}
