//! What a model carries beyond its fields, in the order in which it is written: its type, then among the properties the
//! nulls and the members that are kept under declared names, then everything else.

use std::ops::Range;

use crate::extra::{Extra, Member};
use crate::model::TypeInfo;
use crate::nulls::Nulls;

/// What is still to be written under declared names beside the fields that are set.
pub(super) struct Places {
    nulls: Nulls,
    pub(super) kept: Option<Box<Kept>>,
}

/// Kept members that cannot be written together after the properties.
#[derive(Default)]
pub(super) struct Kept {
    text: String,
    /// The members of declared properties, those of the lowest ones last.
    declared: Vec<Place>,
    /// The type annotation, if there is one.
    annotation: Range<usize>,
    /// All other members.
    rest: Vec<Range<usize>>,
    /// Another one that is not in use, while this one is not either.
    next: Option<Box<Kept>>,
}

/// Where a member is in the text, and where its value begins.
struct Place {
    property: usize,
    member: Range<usize>,
    value: usize,
}

impl Places {
    pub(super) const NONE: Self = Self { nulls: Nulls::NONE, kept: None };

    /// What `extra` carries for a type; `spare` are those that are not needed any more, whose memory is used.
    pub(super) fn of(type_info: &TypeInfo, extra: &Extra, spare: &mut Option<Box<Kept>>) -> Self {
        let kept = extra.plain_members().is_none().then(|| {
            let mut kept = spare.take().unwrap_or_default();
            *spare = kept.next.take();
            kept.fill(type_info, extra);
            kept
        });
        Self { nulls: extra.nulls(), kept }
    }

    /// The lowest property that there is something for, or one that no type has.
    pub(super) fn next(&self) -> usize {
        self.nulls.first().min(self.next_kept())
    }

    fn next_kept(&self) -> usize {
        let last = self.kept.as_ref().and_then(|kept| kept.declared.last());
        last.map_or(usize::MAX, |place| place.property)
    }

    /// Takes away that a property is null; whether it was.
    pub(super) fn take_null(&mut self, property: usize) -> bool {
        let is_null = self.nulls.contains(property);
        self.nulls.remove(property);
        is_null
    }

    /// Whether a member is kept for a property than which none is lower.
    pub(super) fn is_kept(&self, property: usize) -> bool {
        self.next_kept() == property
    }

    /// Takes the member away that is kept for a property than which none is lower, and hands it over.
    pub(super) fn take_kept(&mut self, property: usize, name: &'static str, hand: impl FnOnce(&Member<'_>)) {
        if self.is_kept(property)
            && let Some(kept) = &mut self.kept
            && let Some(Place { member, value, .. }) = kept.declared.pop()
        {
            let value = &kept.text[value..member.end];
            hand(&Member { text: &kept.text[member], name: name.into(), value });
        }
    }
}

impl Kept {
    fn fill(&mut self, type_info: &TypeInfo, extra: &Extra) {
        let Self { text, declared, annotation, rest, .. } = self;
        text.clear();
        declared.clear();
        rest.clear();
        *annotation = 0..0;
        for member in extra.members() {
            let begin = text.len();
            text.push_str(member.text);
            let (place, value) = (begin..text.len(), text.len() - member.value.len());
            if member.name == "@odata.type" {
                *annotation = place;
            } else if let Some(property) = type_info.index(&member.name) {
                // Backwards, as they are taken from the end. Of a name that came twice, what came first is written.
                let at = declared.partition_point(|other| other.property > property);
                if declared.get(at).is_none_or(|other| other.property != property) {
                    declared.insert(at, Place { property, member: place, value });
                }
            } else {
                rest.push(place);
            }
        }
    }

    /// The type annotation; empty if there is none.
    pub(super) fn annotation(&self) -> &str {
        &self.text[self.annotation.clone()]
    }

    /// Keeps the memory for the next one.
    pub(super) fn put_by(mut self: Box<Self>, spare: &mut Option<Box<Self>>) {
        self.next = spare.take();
        *spare = Some(self);
    }

    /// What is neither the type annotation nor kept under a declared name.
    pub(super) fn rest(&self) -> impl Iterator<Item = &str> {
        self.rest.iter().map(|member| &self.text[member.clone()])
    }
}
