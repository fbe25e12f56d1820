//! What an OpenAPI document and CSDL say differently about the same types, and why.
//!
//! In: two [`Document`]s, one of each front end. Out: every [`Difference`] in the types that both have: members, their
//! types and nullability, keys, bases, enumerations. A table of them shows what OpenAPI loses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::csdl::{Document, EnumType, StructuredType, TypeRef, Value};
use crate::model::term;

/// Why the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A reference has no room for `nullable` beside it.
    ReferenceNullability,
    /// Nothing in a schema says it.
    NoWord,
    /// A schema has the same words for both.
    SameWords,
    /// The schema has the numbers of enumeration members nowhere.
    NoNumbers,
    /// Paths tell keys and streams, and the document has none that does.
    NoPath,
    /// Microsoft changes CSDL before it converts it, and not always in the same way.
    Preparation,
    /// The documents are of different dates, so one has what the other has not, or no longer.
    Date,
}

impl Reason {
    /// The reason in a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ReferenceNullability => {
                "a reference has no room for `nullable` beside it, so it is read as nullable"
            }
            Self::NoWord => "schemas have no word for it, so it stays unknown",
            Self::SameWords => "schemas have the same words for both, so the more frequent one is read",
            Self::NoNumbers => {
                "schemas do not number the members of an enumeration, so they are numbered in order"
            }
            Self::NoPath => "only paths tell it, and no path in the documents does",
            Self::Preparation => {
                "Microsoft puts `Json` for any JSON in some of its documents, and not in others"
            }
            Self::Date => "the documents are of different dates: one has it, the other not yet or no longer",
        }
    }
}

/// One thing that the two say differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Why.
    pub reason: Reason,
    /// What kind of fact it is: `nullability`, `type`, `member`, …
    pub fact: &'static str,
    /// What it is about: a type, or a type and its member.
    pub subject: String,
    /// What CSDL says; empty for nothing.
    pub csdl: String,
    /// What OpenAPI says; empty for nothing.
    pub openapi: String,
}

/// How much of the two was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Entity, complex and enumeration types that both have.
    pub types: usize,
    /// Members that both have of those types.
    pub members: usize,
}

/// Compares the types that an OpenAPI document has with those of CSDL.
pub fn compare(csdl: &Document, openapi: &Document) -> (Shared, Vec<Difference>) {
    let mut comparison = Comparison { csdl, openapi, shared: Shared::default(), differences: Vec::new() };
    let types: BTreeMap<_, _> = csdl.types.iter().map(|ty| (&ty.name, ty)).collect();
    for ty in &openapi.types {
        match types.get(&ty.name) {
            Some(declared) => comparison.structured(declared, ty),
            None => comparison.add(Reason::Date, "type", &ty.name, "", "declared"),
        }
    }
    let enums: BTreeMap<_, _> = csdl.enums.iter().map(|ty| (&ty.name, ty)).collect();
    for ty in &openapi.enums {
        match enums.get(&ty.name) {
            Some(declared) => comparison.enumeration(declared, ty),
            None => comparison.add(Reason::Date, "type", &ty.name, "", "declared"),
        }
    }
    let Comparison { shared, mut differences, .. } = comparison;
    differences.sort();
    (shared, differences)
}

/// So many examples stand in a line of the table.
const EXAMPLES: usize = 3;

/// The differences as a table in Markdown: a line for each reason and kind of fact.
pub fn table(shared: Shared, differences: &[Difference]) -> String {
    let Shared { types, members } = shared;
    let mut text = format!("{types} types and {members} members of them are in both.\n\n");
    text.push_str("| fact | number | why they differ | such as (CSDL ≠ OpenAPI) |\n|---|---:|---|---|\n");
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for difference in differences {
        groups.entry((difference.reason, difference.fact)).or_default().push(difference);
    }
    for ((reason, fact), group) in groups {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let examples = group.iter().take(EXAMPLES).map(|Difference { subject, csdl, openapi, .. }| {
            format!("`{subject}`: {} ≠ {}", shown(csdl), shown(openapi))
        });
        let examples = examples.collect::<Vec<_>>().join("<br>");
        let _ = writeln!(text, "| {fact} | {} | {} | {examples} |", group.len(), reason.text());
    }
    text
}

struct Comparison<'a> {
    csdl: &'a Document,
    openapi: &'a Document,
    shared: Shared,
    differences: Vec<Difference>,
}

/// A structural or navigation property.
struct Member<'a> {
    ty: &'a TypeRef,
    nullable: bool,
    is_navigation: bool,
}

impl Comparison<'_> {
    fn add(&mut self, reason: Reason, fact: &'static str, subject: &str, csdl: &str, openapi: &str) {
        let (subject, csdl, openapi) = (subject.to_owned(), csdl.to_owned(), openapi.to_owned());
        self.differences.push(Difference { reason, fact, subject, csdl, openapi });
    }

    fn differs<T: PartialEq>(
        &mut self,
        (reason, fact): (Reason, &'static str),
        subject: &str,
        (csdl, openapi): (T, T),
        show: impl Fn(&T) -> String,
    ) {
        if csdl != openapi {
            self.add(reason, fact, subject, &show(&csdl), &show(&openapi));
        }
    }

    fn structured(&mut self, csdl: &StructuredType, openapi: &StructuredType) {
        self.shared.types += 1;
        let name = &csdl.name;
        let text = |text: &&str| (*text).to_owned();
        let yes = |yes: &bool| if *yes { "yes".to_owned() } else { String::new() };
        self.differs((Reason::Date, "kind"), name, (csdl.kind, openapi.kind), |kind| {
            format!("{kind:?}").to_lowercase()
        });
        let bases = (csdl.base.as_deref().unwrap_or_default(), openapi.base.as_deref().unwrap_or_default());
        self.differs((Reason::Date, "base"), name, bases, text);
        self.differs((Reason::NoWord, "abstract"), name, (csdl.is_abstract, openapi.is_abstract), yes);
        self.differs((Reason::NoWord, "open"), name, (csdl.is_open, openapi.is_open), yes);
        self.differs((Reason::NoWord, "media entity"), name, (csdl.has_stream, openapi.has_stream), yes);
        self.differs((Reason::NoPath, "key"), name, (&csdl.key, &openapi.key), |key| key.join(", "));
        let (ours, theirs) = (members(csdl), members(openapi));
        for member in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            let subject = format!("{name}/{member}");
            match (ours.get(*member), theirs.get(*member)) {
                (Some(csdl), Some(openapi)) => self.member(&subject, csdl, openapi),
                (Some(csdl), None) => self.add(Reason::Date, "member", &subject, &type_name(csdl), ""),
                (None, Some(openapi)) => self.add(Reason::Date, "member", &subject, "", &type_name(openapi)),
                (None, None) => (),
            }
        }
        for navigation in &csdl.navigation {
            if navigation.contains_target && theirs.contains_key(navigation.name.as_str()) {
                self.add(Reason::NoWord, "containment", &format!("{name}/{}", navigation.name), "yes", "");
            }
        }
    }

    fn member(&mut self, subject: &str, csdl: &Member<'_>, openapi: &Member<'_>) {
        self.shared.members += 1;
        let (ours, theirs) = (type_name(csdl), type_name(openapi));
        if ours != theirs {
            let reason = match (csdl.ty.name.as_str(), openapi.ty.name.as_str()) {
                _ if csdl.is_navigation != openapi.is_navigation => Reason::Date,
                ("Edm.Stream", "Edm.Binary") => Reason::NoPath,
                ("Edm.Untyped", name) if !name.starts_with("Edm.") => Reason::Preparation,
                ("Edm.Single" | "Edm.Decimal", "Edm.Double") => Reason::SameWords,
                _ => Reason::Date,
            };
            self.add(reason, "type", subject, &ours, &theirs);
        }
        let is_reference = !openapi.ty.name.starts_with("Edm.");
        let reason = if is_reference { Reason::ReferenceNullability } else { Reason::Date };
        let null = |nullable: &bool| if *nullable { "nullable" } else { "never null" }.to_owned();
        self.differs((reason, "nullability"), subject, (csdl.nullable, openapi.nullable), null);
        let read_only = |document: &Document| {
            let computed = document.annotations.get(subject).and_then(|terms| terms.get(term::COMPUTED));
            computed.and_then(Value::as_bool).unwrap_or(false)
        };
        let computed = (read_only(self.csdl), read_only(self.openapi));
        let yes = |yes: &bool| if *yes { "yes".to_owned() } else { String::new() };
        let reason = if is_reference { Reason::NoWord } else { Reason::Date };
        self.differs((reason, "computed"), subject, computed, yes);
    }

    fn enumeration(&mut self, csdl: &EnumType, openapi: &EnumType) {
        self.shared.types += 1;
        let name = &csdl.name;
        let flags = |yes: &bool| if *yes { "yes".to_owned() } else { String::new() };
        self.differs((Reason::Date, "flags"), name, (csdl.is_flags, openapi.is_flags), flags);
        let numbers = |ty: &EnumType| -> BTreeMap<String, i64> {
            ty.members.iter().map(|member| (member.name.clone(), member.value)).collect()
        };
        let (ours, theirs) = (numbers(csdl), numbers(openapi));
        for member in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            let subject = format!("{name}/{member}");
            match (ours.get(member), theirs.get(member)) {
                (Some(csdl), Some(openapi)) => {
                    self.shared.members += 1;
                    self.differs(
                        (Reason::NoNumbers, "number"),
                        &subject,
                        (csdl, openapi),
                        ToString::to_string,
                    );
                }
                (Some(_), None) => self.add(Reason::Date, "member", &subject, "declared", ""),
                _ => self.add(Reason::Date, "member", &subject, "", "declared"),
            }
        }
    }
}

fn members(ty: &StructuredType) -> BTreeMap<&str, Member<'_>> {
    let structural = ty.properties.iter().map(|property| {
        (
            property.name.as_str(),
            Member { ty: &property.ty, nullable: property.nullable, is_navigation: false },
        )
    });
    let navigation = ty.navigation.iter().map(|property| {
        (
            property.name.as_str(),
            Member { ty: &property.ty, nullable: property.nullable, is_navigation: true },
        )
    });
    structural.chain(navigation).collect()
}

fn type_name(member: &Member<'_>) -> String {
    let name = String::from(member.ty.clone());
    if member.is_navigation { format!("navigation to {name}") } else { name }
}
