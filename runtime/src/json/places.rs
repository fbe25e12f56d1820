//! What of a model's extras is written among its properties: nulls, and members that are kept under declared names.

use std::ops::Range;

use crate::extra::Member;
use crate::nulls::Nulls;

/// What is still to be written of one model under declared names, beside the fields that are set.
#[derive(Clone, Copy)]
pub(super) struct Places {
    nulls: Nulls,
    /// How many of the members that are kept are this model's: the last ones.
    count: usize,
    /// Where their text begins.
    text: usize,
}

/// Members that are kept under declared names, of all models that are being written, one inside the other.
#[derive(Default)]
pub(super) struct Kept {
    text: String,
    /// Of each model, those of the lowest properties last.
    members: Vec<Place>,
}

/// Where a member is in the text, and where its value begins.
struct Place {
    property: usize,
    member: Range<usize>,
    value: usize,
}

/// How much text is usually kept at once, in bytes, so that no smaller buffer has to grow.
const ROOM: usize = 1024;

impl Places {
    pub(super) const NONE: Self = Self { nulls: Nulls::NONE, count: 0, text: 0 };

    /// Those of the nulls.
    pub(super) fn of(nulls: Nulls) -> Self {
        Self { nulls, ..Self::NONE }
    }

    /// Adds a member that is kept under the name of a property. Of a name that comes twice, what came first is written.
    pub(super) fn keep(&mut self, property: usize, member: &Member<'_>, kept: &mut Kept) {
        if self.count == 0 {
            if kept.members.is_empty() {
                kept.text.reserve(ROOM);
                kept.members.reserve(ROOM / 64);
            }
            self.text = kept.text.len();
        }
        let first = kept.members.len() - self.count;
        // Backwards, as they are taken from the end.
        let at = first + kept.members[first..].partition_point(|other| other.property > property);
        if kept.members.get(at).is_none_or(|other| other.property != property) {
            let begin = kept.text.len();
            kept.text.push_str(member.text);
            let value = kept.text.len() - member.value.len();
            kept.members.insert(at, Place { property, member: begin..kept.text.len(), value });
            self.count += 1;
        }
    }

    /// The lowest property that there is something for, or one that no type has.
    pub(super) fn next(&self, kept: &Kept) -> usize {
        self.nulls.first().min(self.next_kept(kept))
    }

    fn next_kept(&self, kept: &Kept) -> usize {
        let last = kept.members.last().filter(|_| self.count > 0);
        last.map_or(usize::MAX, |place| place.property)
    }

    /// Takes away that a property is null; whether it was.
    pub(super) fn take_null(&mut self, property: usize) -> bool {
        let is_null = self.nulls.contains(property);
        self.nulls.remove(property);
        is_null
    }

    /// Whether a member is kept for a property than which none is lower.
    pub(super) fn is_kept(&self, property: usize, kept: &Kept) -> bool {
        self.next_kept(kept) == property
    }

    /// Takes the member away that is kept for a property than which none is lower, and hands it over.
    pub(super) fn take_kept(
        &mut self,
        property: usize,
        name: &'static str,
        kept: &mut Kept,
        hand: impl FnOnce(&Member<'_>),
    ) {
        if self.is_kept(property, kept)
            && let Some(Place { member, value, .. }) = kept.members.pop()
        {
            let value = &kept.text[value..member.end];
            hand(&Member { text: &kept.text[member], name: name.into(), value });
            self.count -= 1;
            if self.count == 0 {
                kept.text.truncate(self.text);
            }
        }
    }
}
