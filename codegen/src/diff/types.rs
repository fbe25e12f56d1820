//! Differences of types, properties and enumerations.

use std::collections::BTreeMap;

use super::{Change, Kind, Subject, Surface};
use crate::csdl::{EnumType, Property, StructuredType};
use crate::model::{Model, Navigation};
use crate::plan::names;

/// A thing and its name.
type Named<'n, T> = (&'n str, T);

/// Things by name, old beside new; what differs only by casing is one thing. Removed, renamed, kept, added.
struct Pairs<'n, T> {
    removed: Vec<&'n str>,
    renamed: Vec<(Named<'n, T>, Named<'n, T>)>,
    kept: Vec<(&'n str, T, T)>,
    added: Vec<&'n str>,
}

impl<T: Copy> Pairs<'_, T> {
    /// What stands on both sides, whatever its casing.
    fn in_both(&self) -> impl Iterator<Item = (T, T)> + '_ {
        let renamed = self.renamed.iter().map(|((_, old), (_, new))| (*old, *new));
        self.kept.iter().map(|(_, old, new)| (*old, *new)).chain(renamed)
    }
}

fn pairs<'n, T: Copy>(old: &BTreeMap<&'n str, T>, new: &BTreeMap<&'n str, T>) -> Pairs<'n, T> {
    let mut pairs = Pairs { removed: Vec::new(), renamed: Vec::new(), kept: Vec::new(), added: Vec::new() };
    let mut fresh: BTreeMap<String, (&'n str, T)> = new
        .iter()
        .filter(|(name, _)| !old.contains_key(*name))
        .map(|(name, thing)| (name.to_lowercase(), (*name, *thing)))
        .collect();
    for (name, thing) in old {
        match (new.get(name), fresh.remove(&name.to_lowercase())) {
            (Some(kept), other) => {
                pairs.kept.push((*name, *thing, *kept));
                fresh.extend(other.map(|other| (name.to_lowercase(), other)));
            }
            (None, Some(renamed)) => pairs.renamed.push(((*name, *thing), renamed)),
            (None, None) => pairs.removed.push(name),
        }
    }
    pairs.added = fresh.into_values().map(|(name, _)| name).collect();
    pairs.added.sort_unstable();
    pairs
}

/// All differences of types and enumerations.
pub(super) fn compare(old: &Surface<'_>, new: &Surface<'_>) -> Vec<Change> {
    let mut changes = structured_types(old, new);
    changes.extend(enums(&old.document.enums, &new.document.enums));
    changes
}

/// Removed, renamed and added things as changes; `spelling` tells the Rust name, whose change breaks.
fn presence<T>(
    pairs: &Pairs<'_, T>,
    subject: Subject,
    prefix: &str,
    spelling: fn(&str) -> String,
) -> Vec<Change> {
    let named = |name: &str| format!("{prefix}{name}");
    let removed = pairs.removed.iter().map(|name| Change::new(subject, Kind::Removed, true, named(name)));
    let renamed = pairs.renamed.iter().map(|((from, _), (to, _))| {
        let breaking = spelling(from) != spelling(to);
        Change::new(subject, Kind::Renamed, breaking, named(from)).with(format!("`{from}` → `{to}`"))
    });
    let added = pairs.added.iter().map(|name| Change::new(subject, Kind::Added, false, named(name)));
    removed.chain(renamed).chain(added).collect()
}

fn type_spelling(name: &str) -> String {
    name.split('.').map(names::camel).collect()
}

fn structured_types(old: &Surface<'_>, new: &Surface<'_>) -> Vec<Change> {
    let pairs = pairs(&by(&old.document.types, |ty| &ty.name), &by(&new.document.types, |ty| &ty.name));
    let mut changes = presence(&pairs, Subject::Type, "", type_spelling);
    for (from, to) in pairs.in_both() {
        changes.extend(type_itself((old.model, from), (new.model, to)));
        changes.extend(properties(old.model, from, new.model, to));
    }
    changes
}

fn by<T>(things: &[T], name: fn(&T) -> &str) -> BTreeMap<&str, &T> {
    things.iter().map(|thing| (name(thing), thing)).collect()
}

type TypeOf<'m, 'd> = (&'m Model<'d>, &'m StructuredType);

fn type_itself((old_model, old): TypeOf<'_, '_>, (new_model, new): TypeOf<'_, '_>) -> Option<Change> {
    let key = |model: &Model<'_>, ty: &StructuredType| {
        let key = model.find(&ty.name).map(|id| model.key(id)).unwrap_or_default();
        key.iter().map(|property| property.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let shown = |base: &Option<String>| base.clone().unwrap_or_else(|| "none".to_owned());
    let mut details = Vec::new();
    let mut note = |what: &str, old: String, new: String| {
        if old != new {
            details.push(format!("{what} {old} → {new}"));
        }
    };
    note("kind", format!("{:?}", old.kind), format!("{:?}", new.kind));
    note("base", shown(&old.base), shown(&new.base));
    note("abstract", old.is_abstract.to_string(), new.is_abstract.to_string());
    note("open", old.is_open.to_string(), new.is_open.to_string());
    note("media entity", old.has_stream.to_string(), new.has_stream.to_string());
    note("key", key(old_model, old), key(new_model, new));
    let change = Change::new(Subject::Type, Kind::Changed, false, &new.name);
    (!details.is_empty()).then(|| change.with(details.join("; ")))
}

/// What a struct of the generated crate has a field for.
#[derive(Clone, Copy)]
enum Member<'d> {
    Structural(&'d Property),
    Navigation(Navigation<'d>),
}

impl Member<'_> {
    fn type_name(&self) -> String {
        match self {
            Self::Structural(property) => property.ty.clone().into(),
            Self::Navigation(navigation) => {
                format!("navigation to {}", String::from(navigation.property.ty.clone()))
            }
        }
    }

    fn is_nullable(&self) -> bool {
        match self {
            Self::Structural(property) => property.nullable,
            Self::Navigation(navigation) => navigation.property.nullable,
        }
    }

    fn is_contained(&self) -> bool {
        matches!(self, Self::Navigation(navigation) if navigation.property.contains_target)
    }
}

/// The properties of a type, inherited ones included.
fn members<'d>(model: &Model<'d>, ty: &StructuredType) -> BTreeMap<&'d str, Member<'d>> {
    let Some(id) = model.find(&ty.name) else { return BTreeMap::new() };
    let structural = model.properties(id).into_iter();
    let structural = structural.map(|(_, property)| (property.name.as_str(), Member::Structural(property)));
    let navigation = model.navigation(id).into_iter();
    structural.chain(navigation.map(|n| (n.property.name.as_str(), Member::Navigation(n)))).collect()
}

/// Differences of properties. What a base type of both declares is reported there and not again here.
fn properties(
    old_model: &Model<'_>,
    old: &StructuredType,
    new_model: &Model<'_>,
    new: &StructuredType,
) -> Vec<Change> {
    let (mut from, mut to) = (members(old_model, old), members(new_model, new));
    if old.base == new.base {
        let is_own = |ty: &StructuredType, name: &str| {
            ty.properties.iter().any(|p| p.name == name) || ty.navigation.iter().any(|p| p.name == name)
        };
        // A property that moved between a type and its base is still there for users of the type.
        let inherited = |name: &str| !is_own(old, name) && !is_own(new, name);
        from.retain(|name, _| !inherited(name));
        to.retain(|name, _| !inherited(name));
    }
    let pairs = pairs(&from, &to);
    let prefix = format!("{}/", new.name);
    let mut changes = presence(&pairs, Subject::Property, &prefix, names::field);
    let kept = pairs.kept.iter().map(|(name, old, new)| (*name, old, new));
    let renamed = pairs.renamed.iter().map(|((_, old), (name, new))| (*name, old, new));
    for (name, old, new) in kept.chain(renamed) {
        let change = |breaking, detail: String| {
            Change::new(Subject::Property, Kind::Changed, breaking, format!("{prefix}{name}")).with(detail)
        };
        if old.type_name() != new.type_name() {
            changes.push(change(true, format!("type {} → {}", old.type_name(), new.type_name())));
        }
        let null = |member: &Member<'_>| if member.is_nullable() { "nullable" } else { "never null" };
        if null(old) != null(new) {
            changes.push(change(false, format!("{} → {}", null(old), null(new))));
        }
        if old.is_contained() != new.is_contained() {
            let contained = if new.is_contained() { "is contained now" } else { "is not contained any more" };
            changes.push(change(false, contained.to_owned()));
        }
    }
    changes
}

fn enums(old: &[EnumType], new: &[EnumType]) -> Vec<Change> {
    let pairs = pairs(&by(old, |ty| &ty.name), &by(new, |ty| &ty.name));
    let mut changes = presence(&pairs, Subject::Enum, "", type_spelling);
    for (old, new) in pairs.in_both() {
        if old.is_flags != new.is_flags {
            let change = Change::new(Subject::Enum, Kind::Changed, true, &new.name);
            changes.push(change.with(if new.is_flags {
                "holds several members now"
            } else {
                "holds one member now"
            }));
        }
        let pairs = self::pairs(&values(old), &values(new));
        changes.extend(presence(&pairs, Subject::EnumMember, &format!("{}/", new.name), names::camel));
        for (name, from, to) in pairs.kept.iter().filter(|(_, from, to)| from != to) {
            let change =
                Change::new(Subject::EnumMember, Kind::Changed, false, format!("{}/{name}", new.name));
            changes.push(change.with(format!("value {from} → {to}")));
        }
    }
    changes
}

fn values(ty: &EnumType) -> BTreeMap<&str, i64> {
    ty.members.iter().map(|member| (member.name.as_str(), member.value)).collect()
}
