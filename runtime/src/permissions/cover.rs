//! The cheapest choice that satisfies clauses, exactly.
//!
//! A clause is a list of options, an option a set of one or two things that must be chosen together. Costs are added.
//! This is weighted hitting set, which is hard in the worst case; what programs need falls apart into small parts that
//! hardly overlap, so that branch and bound over each part takes microseconds.

use std::collections::{BTreeMap, BTreeSet};

/// Things that must be chosen together, by number.
pub(super) type Choice = BTreeSet<usize>;

/// Options of which any one must be chosen. None has no options.
pub(super) type Clause = BTreeSet<Choice>;

/// The cheapest set of things that contains an option of every clause. Of equally cheap ones it is always the same.
pub(super) fn cheapest(clauses: &BTreeSet<Clause>, cost: &[u128]) -> Choice {
    let clauses = without_implied(clauses);
    let mut chosen = Choice::new();
    for part in parts(&clauses) {
        let mut search = Search { cost, best: None };
        search.branch(&part, Choice::new(), &Choice::new());
        chosen.extend(search.best.map(|(_, chosen)| chosen).unwrap_or_default());
    }
    chosen
}

/// Leaves out what another clause implies: every option of that one contains an option of this one.
fn without_implied(clauses: &BTreeSet<Clause>) -> Vec<Clause> {
    let mut list: Vec<Clause> = clauses.iter().map(minimal).collect::<BTreeSet<_>>().into_iter().collect();
    list.sort_by_key(Clause::len);
    let mut kept: Vec<Clause> = Vec::new();
    for clause in list {
        if !kept.iter().any(|known| implies(known, &clause)) {
            kept.push(clause);
        }
    }
    kept
}

fn implies(known: &Clause, clause: &Clause) -> bool {
    known.iter().all(|stronger| clause.iter().any(|option| option.is_subset(stronger)))
}

/// Leaves out options that contain another one.
fn minimal(clause: &Clause) -> Clause {
    let contains_another =
        |option: &Choice| clause.iter().any(|other| other != option && other.is_subset(option));
    clause.iter().filter(|option| !contains_another(option)).cloned().collect()
}

/// Groups of clauses that have nothing in common with each other.
fn parts(clauses: &[Clause]) -> Vec<Vec<Clause>> {
    let mut parts: Vec<(Choice, Vec<Clause>)> = Vec::new();
    for clause in clauses {
        let mut things: Choice = clause.iter().flatten().copied().collect();
        let mut members = vec![clause.clone()];
        for (others, clauses) in std::mem::take(&mut parts) {
            if others.is_disjoint(&things) {
                parts.push((others, clauses));
            } else {
                things.extend(others);
                members.extend(clauses);
            }
        }
        parts.push((things, members));
    }
    parts.into_iter().map(|(_, clauses)| clauses).collect()
}

/// Branch and bound over one part.
struct Search<'a> {
    cost: &'a [u128],
    best: Option<(u128, Choice)>,
}

impl Search<'_> {
    /// Tries every way to satisfy the clauses that are open, beside what is chosen and without what is excluded.
    fn branch(&mut self, open: &[Clause], chosen: Choice, excluded: &Choice) {
        let spent = self.price(&chosen);
        let Some(open) = remaining(open, &chosen, excluded) else { return };
        if self.best.as_ref().is_some_and(|(best, _)| spent + self.bound(&open, &chosen) >= *best) {
            return;
        }
        let Some(clause) = open.iter().min_by_key(|clause| clause.len()) else {
            self.best = Some((spent, chosen));
            return;
        };
        let mut options: Vec<_> = clause.iter().collect();
        let coverage = self.coverage(&open);
        options.sort_by_key(|option| {
            let covered: usize =
                option.iter().map(|thing| coverage.get(thing).copied().unwrap_or(0)).max().unwrap_or(0);
            (std::cmp::Reverse(covered), self.price(option))
        });
        let mut excluded = excluded.clone();
        for option in options {
            self.branch(&open, chosen.union(option).copied().collect(), &excluded);
            // Whatever contains a single thing has been tried by now.
            let missing: Vec<_> = option.difference(&chosen).collect();
            if let [thing] = missing[..] {
                excluded.insert(*thing);
            }
        }
    }

    /// How many open clauses a thing satisfies or helps to.
    fn coverage(&self, open: &[Clause]) -> BTreeMap<usize, usize> {
        let mut coverage = BTreeMap::new();
        for clause in open {
            for thing in clause.iter().flatten().collect::<BTreeSet<_>>() {
                *coverage.entry(*thing).or_default() += 1;
            }
        }
        coverage
    }

    /// What the open clauses cost at least: those that share nothing are paid for one by one.
    fn bound(&self, open: &[Clause], chosen: &Choice) -> u128 {
        let mut used = Choice::new();
        let mut bound = 0;
        for clause in open {
            let things: Choice =
                clause.iter().flatten().filter(|thing| !chosen.contains(thing)).copied().collect();
            if things.is_disjoint(&used) {
                let prices =
                    clause.iter().map(|option| self.price(&option.difference(chosen).copied().collect()));
                bound += prices.min().unwrap_or(0);
                used.extend(things);
            }
        }
        bound
    }

    fn price(&self, choice: &Choice) -> u128 {
        choice.iter().map(|thing| self.cost[*thing]).sum()
    }
}

/// The clauses that are not satisfied yet, with the options that are left; `None` if one has none left.
fn remaining(clauses: &[Clause], chosen: &Choice, excluded: &Choice) -> Option<Vec<Clause>> {
    let mut open = Vec::new();
    for clause in clauses {
        if clause.iter().any(|option| option.is_subset(chosen)) {
            continue;
        }
        let left: Clause = clause.iter().filter(|option| option.is_disjoint(excluded)).cloned().collect();
        if left.is_empty() {
            return None;
        }
        open.push(left);
    }
    Some(open)
}
