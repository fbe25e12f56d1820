//! Which of a type's declared properties are null: a set of their indices, as bits.

/// A set of indices, those beyond the bits left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits<const WORDS: usize>([u64; WORDS]);

/// The null properties of a model. One of the service's types has more properties than fit: the general configuration of
/// Windows 10 devices.
pub(crate) type Nulls = Bits<3>;

impl<const WORDS: usize> Bits<WORDS> {
    pub(crate) const NONE: Self = Self([0; WORDS]);

    /// How many indices there are bits for.
    pub(crate) const LENGTH: usize = 64 * WORDS;

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    #[inline]
    pub(crate) fn contains(self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|bits| bits >> (index % 64) & 1 == 1)
    }

    /// Adds an index; whether there is a bit for it.
    #[inline]
    pub(crate) fn insert(&mut self, index: usize) -> bool {
        let bits = self.0.get_mut(index / 64);
        bits.map(|bits| *bits |= 1 << (index % 64)).is_some()
    }

    /// Takes an index out.
    #[inline]
    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(bits) = self.0.get_mut(index / 64) {
            *bits &= !(1 << (index % 64));
        }
    }

    /// The lowest index, or one that no type has.
    #[inline]
    pub(crate) fn first(self) -> usize {
        let word = self.0.iter().position(|bits| *bits != 0);
        word.map_or(usize::MAX, |word| 64 * word + self.0[word].trailing_zeros() as usize)
    }
}

impl<const WORDS: usize> Default for Bits<WORDS> {
    fn default() -> Self {
        Self::NONE
    }
}

impl Nulls {
    /// Those of the first indices and of the ones after them.
    #[inline]
    pub(crate) fn joined(Bits([first]): Bits<1>, Bits([second, third]): Bits<2>) -> Self {
        Self([first, second, third])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_not_taken_out() {
        let mut nulls = Nulls::NONE;
        assert_eq!(nulls.first(), usize::MAX);
        for index in [191, 64, 62, 0] {
            assert!(nulls.insert(index) && nulls.contains(index) && !nulls.contains(index + 1));
            assert_eq!(nulls.first(), index);
        }
        assert!(!nulls.insert(Nulls::LENGTH) && !nulls.contains(Nulls::LENGTH), "there is no bit for it");
        nulls.remove(Nulls::LENGTH);
        nulls.remove(0);
        assert!(nulls.first() == 62 && !nulls.is_empty());
    }

    #[test]
    fn two_sets_make_one() {
        let (mut first, mut more) = (Bits::<1>::NONE, Bits::<2>::NONE);
        assert!(first.insert(63) && more.insert(0) && more.insert(127) && !first.insert(64));
        let mut joined = Nulls::joined(first, more);
        for index in [63, 64, 191] {
            assert_eq!(joined.first(), index);
            joined.remove(index);
        }
        assert!(joined.is_empty());
    }
}
