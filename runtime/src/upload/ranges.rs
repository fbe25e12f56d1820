//! Which bytes of some content are meant: an upload's own count of what it has sent, and what the service says is
//! missing.

use std::ops::Range;

/// Ranges of bytes, in order; none is empty, and no two have a byte in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// The first one.
    pub(super) fn first(&self) -> Option<Range<u64>> {
        self.0.first().cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of bytes.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// These without others.
    pub(super) fn without(&self, other: &Range<u64>) -> Self {
        let parts = |range: &Range<u64>| {
            let before = range.start..range.end.min(other.start);
            let behind = range.start.max(other.end)..range.end;
            [before, behind].into_iter().filter(|range| !range.is_empty())
        };
        Self(self.0.iter().flat_map(parts).collect())
    }

    /// Whether all of these bytes are among others.
    pub(super) fn are_among(&self, others: &Self) -> bool {
        others.0.iter().fold(self.clone(), |rest, other| rest.without(other)).is_empty()
    }
}

impl FromIterator<Range<u64>> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range<u64>>>(ranges: I) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => joined.push(range),
            }
        }
        Self(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_away_and_found_among_others() {
        let ranges: Ranges = [70..80, 20..30, 25..40, 5..5].into_iter().collect();
        assert_eq!((ranges.first(), ranges.total()), (Some(20..40), 30));
        assert_eq!(ranges.without(&(30..75)), [20..30, 75..80].into_iter().collect());
        assert!(ranges.without(&(0..100)).is_empty());
        assert!(ranges.are_among(&[0..40, 40..90].into_iter().collect()));
        assert!(!ranges.are_among(&[0..40, 71..90].into_iter().collect()));
    }
}
