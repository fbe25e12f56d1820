//! Which of a type's declared properties are null: a set of their indices, as bits.

/// How many words of bits there are. Of the service's types hardly one has more properties than fit.
const WORDS: usize = 3;

/// A set of the indices of declared properties, those beyond the bits left out.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Nulls([u64; WORDS]);

impl Nulls {
    pub(crate) const NONE: Self = Self([0; WORDS]);

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    #[inline]
    pub(crate) fn contains(self, property: usize) -> bool {
        self.0.get(property / 64).is_some_and(|bits| bits >> (property % 64) & 1 == 1)
    }

    /// Adds a property; whether there is a bit for it.
    #[inline]
    pub(crate) fn insert(&mut self, property: usize) -> bool {
        let bits = self.0.get_mut(property / 64);
        bits.map(|bits| *bits |= 1 << (property % 64)).is_some()
    }

    /// Takes a property out; whether there is a bit for it.
    #[inline]
    pub(crate) fn remove(&mut self, property: usize) -> bool {
        let bits = self.0.get_mut(property / 64);
        bits.map(|bits| *bits &= !(1 << (property % 64))).is_some()
    }

    /// The lowest index, or one that no type has.
    #[inline]
    pub(crate) fn first(self) -> usize {
        let word = self.0.iter().position(|bits| *bits != 0);
        word.map_or(usize::MAX, |word| 64 * word + self.0[word].trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_not_taken_out() {
        let mut nulls = Nulls::NONE;
        assert_eq!(nulls.first(), usize::MAX);
        for property in [191, 64, 62, 0] {
            assert!(nulls.insert(property) && nulls.contains(property) && !nulls.contains(property + 1));
            assert_eq!(nulls.first(), property);
        }
        assert!(!nulls.insert(192) && !nulls.contains(192) && !nulls.remove(192), "there is no bit for it");
        assert!(nulls.remove(0) && nulls.first() == 62 && !nulls.is_empty());
    }
}
