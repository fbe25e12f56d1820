//! What of a model's extras is written among its properties: nulls, and members that are kept under declared names.

use std::ops::Range;

use crate::extra::Member;
use crate::nulls::Nulls;

/// What is still to be written under declared names beside the fields that are set.
pub(super) struct Places {
    nulls: Nulls,
    pub(super) kept: Option<Box<Kept>>,
}

/// Members that are kept under declared names.
#[derive(Default)]
pub(super) struct Kept {
    text: String,
    /// Where they are in the text, those of the lowest properties last.
    declared: Vec<Place>,
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

    /// Those of the nulls.
    pub(super) fn of(nulls: Nulls) -> Self {
        Self { nulls, kept: None }
    }

    /// Adds a member that is kept under the name of a property; `spare` are those that are not needed any more, whose
    /// memory is used.
    pub(super) fn keep(&mut self, property: usize, member: &Member<'_>, spare: &mut Option<Box<Kept>>) {
        self.kept.get_or_insert_with(|| Kept::take(spare)).insert(property, member);
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
    fn insert(&mut self, property: usize, member: &Member<'_>) {
        // Backwards, as they are taken from the end. Of a name that came twice, what came first is written.
        let at = self.declared.partition_point(|other| other.property > property);
        if self.declared.get(at).is_none_or(|other| other.property != property) {
            let begin = self.text.len();
            self.text.push_str(member.text);
            let value = self.text.len() - member.value.len();
            self.declared.insert(at, Place { property, member: begin..self.text.len(), value });
        }
    }

    /// One that is not in use, or a new one.
    fn take(spare: &mut Option<Box<Self>>) -> Box<Self> {
        let mut kept = spare.take().unwrap_or_default();
        *spare = kept.next.take();
        kept.text.clear();
        kept.declared.clear();
        kept
    }

    /// Keeps the memory for the next one.
    pub(super) fn put_by(mut self: Box<Self>, spare: &mut Option<Box<Self>>) {
        self.next = spare.take();
        *spare = Some(self);
    }
}
