//! The least privileged of several permissions, as Microsoft's own documentation decides it.

/// A permission that is documented as least privileged for one (path, method, scheme).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    pub(super) permission: &'a str,
    /// How many methods it allows on this path in this scheme.
    pub(super) methods: usize,
}

/// Chooses among the candidates for one (path, method, scheme), as [kibali] does.
///
/// A permission is flagged per path set, so one that also allows writing is flagged for reading, too. A candidate
/// that allows nothing but this method is therefore preferred, and all such candidates are equally good. If there
/// is none, the one with the fewest methods wins, and on a tie the first by name.
///
/// [kibali]: https://github.com/microsoftgraph/kibali
pub(super) fn least_privileged<'a>(candidates: &[Candidate<'a>]) -> Vec<&'a str> {
    if let [only] = candidates {
        return vec![only.permission];
    }
    let single = candidates.iter().filter(|candidate| candidate.methods == 1);
    let single: Vec<_> = single.map(|candidate| candidate.permission).collect();
    if !single.is_empty() {
        return single;
    }
    let fewest = candidates.iter().min_by_key(|candidate| (candidate.methods, candidate.permission));
    fewest.map(|candidate| candidate.permission).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose<'a>(candidates: &[(&'a str, usize)]) -> Vec<&'a str> {
        let candidates: Vec<_> =
            candidates.iter().map(|&(permission, methods)| Candidate { permission, methods }).collect();
        least_privileged(&candidates)
    }

    #[test]
    fn nothing_flagged_gives_no_least_privileged_permission() {
        assert!(choose(&[]).is_empty());
    }

    #[test]
    fn one_flagged_permission_is_it_however_much_it_allows() {
        assert_eq!(choose(&[("A", 5)]), ["A"]);
    }

    #[test]
    fn several_permissions_for_this_method_alone_all_stay() {
        assert_eq!(choose(&[("A", 1), ("B", 3), ("C", 1)]), ["A", "C"]);
    }

    #[test]
    fn the_one_permission_for_this_method_alone_wins() {
        assert_eq!(choose(&[("A", 2), ("B", 1)]), ["B"]);
    }

    #[test]
    fn without_such_a_permission_the_fewest_methods_win_and_then_the_name() {
        assert_eq!(choose(&[("C", 3), ("B", 2), ("A", 2)]), ["A"]);
    }
}
