//! OData's system query options: which ones an operation supports, and what it does not take in them
//! (OData Vocabularies, `Org.OData.Capabilities.V1`).

use std::fmt;

use serde::Serialize;

use super::spec::{Answer, Kind};
use super::tree::{NodeId, Segment, Tree};
use crate::csdl::{Value, is_identifier};
use crate::model::{Model, TypeId, term};

/// A system query option and how annotations restrict it.
struct QueryOption {
    /// The name, without `$`.
    name: &'static str,
    /// The term that takes it away.
    term: &'static str,
    /// The field of the term's record that says whether it is there; the value itself if it is no record.
    field: Option<&'static str>,
    /// The field that lists properties which cannot be used in it.
    without: Option<&'static str>,
}

const fn option(
    name: &'static str,
    term: &'static str,
    field: Option<&'static str>,
    without: Option<&'static str>,
) -> QueryOption {
    QueryOption { name, term, field, without }
}

const OPTIONS: [QueryOption; 8] = [
    option("count", term::COUNT, Some("Countable"), None),
    option("expand", term::EXPAND, Some("Expandable"), Some("NonExpandableProperties")),
    option("filter", term::FILTER, Some("Filterable"), Some("NonFilterableProperties")),
    option("orderby", term::SORT, Some("Sortable"), Some("NonSortableProperties")),
    option("search", term::SEARCH, Some("Searchable"), None),
    option("select", term::SELECT, Some("Supported"), None),
    option("skip", term::SKIP, None, None),
    option("top", term::TOP, None, None),
];

/// Operators that `FilterExpressionRestrictions` name. OData's own words for kinds of expressions (`SingleRange`, …)
/// are none: what they mean cannot be told from one comparison.
const OPERATORS: [&str; 14] = [
    "all",
    "any",
    "contains",
    "endswith",
    "eq",
    "ge",
    "gt",
    "has",
    "in",
    "le",
    "lt",
    "matchespattern",
    "ne",
    "startswith",
];

/// A property that a query option of an operation does not take, or takes only with some operators.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Limit {
    /// The option, without `$`.
    pub option: &'static str,
    /// The JSON name of the property, or the path to it.
    pub property: String,
    /// The operators it is taken with, sorted; it is not taken at all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<String>,
}

/// `property`, or `property:operator:operator`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.property)?;
        self.operators.iter().try_for_each(|operator| write!(f, ":{operator}"))
    }
}

/// The options in the notation of operations: `option!property!property:operator`, a `!` before each thing that the
/// option does not take.
pub fn notation(query: &[&'static str], limits: &[Limit]) -> Vec<String> {
    query
        .iter()
        .map(|option| {
            let limits = limits.iter().filter(|limit| limit.option == *option);
            limits.fold((*option).to_owned(), |text, limit| format!("{text}!{limit}"))
        })
        .collect()
}

/// The options that an operation supports, sorted, and what it does not take in them.
pub fn supported(
    model: &Model<'_>,
    tree: &Tree<'_>,
    id: NodeId,
    kind: Kind,
    answer: &Answer,
) -> (Vec<&'static str>, Vec<Limit>) {
    let (mut names, mut limits) = (Vec::new(), Vec::new());
    let candidates = candidates(model, kind, answer);
    let item = item(model, tree, id, answer);
    let has = |name: Option<&str>| item.zip(name).is_some_and(|(item, name)| declares(model, item, name));
    for option in OPTIONS.iter().filter(|option| candidates.contains(&option.name)) {
        let restrictions = restrictions(model, tree, id, option.term);
        let flag = match option.field {
            Some(field) => restrictions.and_then(|record| record.get(field)),
            None => restrictions,
        };
        if flag.and_then(Value::as_bool).unwrap_or(true) {
            names.push(option.name);
            let listed = restrictions.map(|record| option.limits(record)).unwrap_or_default();
            limits.extend(listed.into_iter().filter(|limit| has(limit.property.split('/').next())));
        }
    }
    (names, limits)
}

/// The type that an annotation's properties are about: that of what is read or counted. What a function answers with
/// is of another type, unless it is of the type it is bound to.
fn item(model: &Model<'_>, tree: &Tree<'_>, id: NodeId, answer: &Answer) -> Option<TypeId> {
    let node = tree.node(id);
    let above = || node.parent.and_then(|parent| tree.node(parent).ty);
    match (&node.segment, answer) {
        (Segment::Operation(_), Answer::Page(ty)) => {
            let item = model.find(&ty.name)?;
            above().filter(|bound| model.ancestors(item).any(|ty| ty == *bound)).map(|_| item)
        }
        (_, Answer::Page(ty) | Answer::Value(ty)) => model.find(&ty.name),
        _ => above(),
    }
}

fn declares(model: &Model<'_>, ty: TypeId, property: &str) -> bool {
    model.ancestors(ty).any(|ty| {
        let ty = model.ty(ty);
        ty.properties.iter().any(|p| p.name == property) || ty.navigation.iter().any(|p| p.name == property)
    })
}

/// The options that make sense, whatever annotations say.
fn candidates(model: &Model<'_>, kind: Kind, answer: &Answer) -> &'static [&'static str] {
    match (kind, answer) {
        (Kind::List, _) => &["count", "expand", "filter", "orderby", "search", "select", "skip", "top"],
        (Kind::Get, _) => &["expand", "select"],
        (Kind::Count, _) => &["filter", "search"],
        (Kind::ListReferences, _) => &["count", "filter", "orderby", "search", "skip", "top"],
        (Kind::Function, Answer::Page(ty)) if model.find(&ty.name).is_some_and(|ty| model.is_entity(ty)) => {
            &["count", "expand", "filter", "orderby", "search", "select", "skip", "top"]
        }
        (Kind::Function, Answer::Page(_)) => &["count", "filter", "search", "skip", "top"],
        _ => &[],
    }
}

/// What restricts an option: the annotation of the path, else of the navigation property, else of the type.
fn restrictions<'d>(model: &Model<'d>, tree: &Tree<'d>, id: NodeId, term: &str) -> Option<&'d Value> {
    let node = tree.node(id);
    let subject = match node.segment {
        Segment::Key(_) | Segment::Count => node.parent.map_or(node, |parent| tree.node(parent)),
        _ => node,
    };
    let member = match &subject.segment {
        Segment::Navigation(navigation) => model.navigation_annotation(*navigation, term),
        _ => None,
    };
    model
        .annotation(&node.target, term)
        .or(member)
        .or_else(|| subject.ty.and_then(|ty| model.type_annotation(ty, term)))
}

impl QueryOption {
    fn limits(&self, record: &Value) -> Vec<Limit> {
        let limit = |property: &str, operators| {
            let is_path = property.split('/').all(is_identifier);
            let property = is_path.then(|| property.to_owned())?;
            Some(Limit { option: self.name, property, operators })
        };
        let list =
            |field: Option<&str>| field.and_then(|field| record.get(field)).map_or(&[][..], Value::items);
        let without =
            list(self.without).iter().filter_map(Value::as_str).filter_map(|name| limit(name, Vec::new()));
        let expressions = (self.name == "filter").then_some("FilterExpressionRestrictions");
        let only = list(expressions).iter().filter_map(|entry| {
            let property = entry.get("Property").and_then(Value::as_str)?;
            limit(property, operators(entry.get("AllowedExpressions").and_then(Value::as_str)?)?)
        });
        // Of several that name one property, the shortest list of operators comes first: none at all.
        let mut limits: Vec<_> = without.chain(only).collect();
        limits.sort();
        limits.dedup_by(|one, kept| one.property == kept.property);
        limits
    }
}

/// The operators in a list of them; nothing if something else is there.
fn operators(allowed: &str) -> Option<Vec<String>> {
    let mut operators: Vec<_> =
        allowed.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    operators.sort();
    let are_known = operators.iter().all(|word| OPERATORS.contains(&word.as_str()));
    (are_known && !operators.is_empty()).then_some(operators)
}
