//! Decides which parts share a call: those that depend on each other have one of their own, all others are
//! packed in their order.

use super::Entry;

/// The calls, each with its parts in order, sorted by their first part; and the groups of parts that are too
/// long for one call.
pub(super) fn plan(entries: &[Entry], limit: usize) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut groups: Vec<Vec<usize>> = entries.iter().map(|_| Vec::new()).collect();
    for (part, group) in group_of_each(entries).into_iter().enumerate() {
        groups[group].push(part);
    }
    let (free, bound): (Vec<_>, Vec<_>) =
        groups.into_iter().filter(|group| !group.is_empty()).partition(|group| group.len() == 1);
    let (mut calls, too_long): (Vec<_>, Vec<_>) = bound.into_iter().partition(|group| group.len() <= limit);
    calls.extend(free.concat().chunks(limit).map(<[usize]>::to_vec));
    calls.sort_by_key(|parts| parts[0]);
    (calls, too_long)
}

/// For each part the first part of those that it is connected with.
fn group_of_each(entries: &[Entry]) -> Vec<usize> {
    let mut group: Vec<usize> = (0..entries.len()).collect();
    for (part, entry) in entries.iter().enumerate() {
        for &earlier in &entry.after {
            let (one, other) = (first(&mut group, part), first(&mut group, earlier));
            group[one.max(other)] = one.min(other);
        }
    }
    (0..entries.len()).map(|part| first(&mut group, part)).collect()
}

/// Follows a part's group to its first part, and shortens the way for the next time.
fn first(group: &mut [usize], part: usize) -> usize {
    let mut at = part;
    while group[at] != at {
        group[at] = group[group[at]];
        at = group[at];
    }
    at
}
