//! The least privileged set of a list of operations, compared with all sets there are.

use std::collections::BTreeSet;

use msgraph_runtime::permissions::{Catalog, NotCovered, least_privileged_set};
use msgraph_runtime::{ApplicationPermission, Inference, Operation, Permissions, Provenance, Scheme};

fn catalog(levels: &[(&'static str, u8)]) -> Catalog {
    let permission = |(name, level): &(&'static str, u8)| {
        ApplicationPermission::new(name, None, Some(true), Some(*level), false, true, false)
    };
    Catalog::new(Vec::new(), levels.iter().map(permission).collect())
}

fn set(operations: &[&'static str], catalog: &Catalog) -> Vec<&'static str> {
    let operations = operations.iter().copied().map(Operation);
    least_privileged_set(operations, Scheme::Application, catalog).permissions().collect()
}

#[test]
fn one_operation_needs_its_least_permission() {
    let operations = ["op:GET /a;;application=Read,Write;;"];
    assert_eq!(
        set(&operations, &catalog(&[("Read", 4), ("Write", 3)])),
        ["Read"],
        "the table knows better than levels"
    );
}

#[test]
fn what_is_the_least_for_one_operation_serves_the_others() {
    let operations = ["op:GET /a;;application=Read,Write;;", "op:POST /a;;application=Write;;"];
    assert_eq!(set(&operations, &Catalog::default()), ["Write"]);
}

#[test]
fn what_allows_everything_and_is_the_least_for_nothing_is_too_much() {
    let operations = ["op:GET /a;;application=A,All;;", "op:GET /b;;application=B,All;;"];
    assert_eq!(set(&operations, &catalog(&[("A", 3), ("All", 3), ("B", 3)])), ["A", "B"]);
}

#[test]
fn of_sets_of_one_size_the_lower_levels_win() {
    let operations = ["op:GET /a;;application=High,Low;;", "op:GET /b;;application=Low,High;;"];
    assert_eq!(set(&operations, &catalog(&[("High", 3), ("Low", 2)])), ["Low"]);
}

#[test]
fn a_permission_that_is_not_enough_alone_brings_another() {
    let operations = ["op:GET /a;;application=A+B|C;;", "op:GET /c;;application=C;;"];
    assert_eq!(set(&operations, &Catalog::default()), ["A", "C"]);
}

#[test]
fn resource_specific_permissions_are_taken_only_where_there_is_no_other() {
    let specific = |name| ApplicationPermission::new(name, None, None, Some(1), false, true, true);
    let catalog = Catalog::new(Vec::new(), vec![specific("Chat.Read.Chat")]);
    assert_eq!(set(&["op:GET /a;;application=Chat.Read.Chat,Chat.Read.All;;"], &catalog), ["Chat.Read.All"]);
    assert_eq!(set(&["op:GET /a;;application=Chat.Read.Chat;;"], &catalog), ["Chat.Read.Chat"]);
}

#[test]
fn what_the_table_does_not_know_is_said_and_not_guessed() {
    let unknown = Operation("op:GET /a;;;;");
    let user_only = Operation("op:GET /b;;work=A;;");
    let set = least_privileged_set([unknown, user_only], Scheme::Application, &Catalog::default());
    assert_eq!(set.permissions().count(), 0);
    let why: Vec<_> = set.uncovered().iter().map(|one| (one.operation, one.why)).collect();
    assert_eq!(why, [(unknown, NotCovered::Unknown), (user_only, NotCovered::NotInScheme)]);
}

#[test]
fn inferred_permissions_say_by_which_rule() {
    let permissions = Permissions::parse("application=A provenance=inferred:count:/users");
    assert_eq!(permissions.provenance(), Provenance::Inferred(Inference::Count, "/users"));
    assert_eq!(Permissions::parse("provenance=inferred:magic:/users").provenance(), Provenance::Unknown);
}

/// Numbers that look random and are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// The alternatives of an operation: each a permission and its partners.
type Alternatives = Vec<(usize, Vec<usize>)>;

/// A problem: the level of each permission, and the operations.
fn problem(numbers: &mut Numbers) -> (Vec<u8>, Vec<Alternatives>) {
    let levels = NAMES.iter().map(|_| 1 + numbers.below(4) as u8).collect();
    let operations = (0..1 + numbers.below(7)).map(|_| {
        let mut names: Vec<usize> = (0..NAMES.len()).collect();
        let alternatives = (0..1 + numbers.below(4)).map(|_| {
            let name = names.remove(numbers.below(names.len() as u64) as usize);
            let partners = (0..numbers.below(6).saturating_sub(3)).map(|_| numbers.below(8) as usize);
            (name, partners.filter(|partner| *partner != name).collect())
        });
        alternatives.collect()
    });
    (levels, operations.collect())
}

fn allows(set: u32, alternatives: &[(usize, Vec<usize>)]) -> bool {
    let has = |name: &usize| set & (1 << name) != 0;
    alternatives.iter().any(|(name, partners)| has(name) && (partners.is_empty() || partners.iter().any(has)))
}

/// The cheapest sets by trying all: size, then levels from the highest.
fn cheapest(levels: &[u8], operations: &[Alternatives]) -> (usize, Vec<u8>) {
    let candidates: u32 = operations
        .iter()
        .flat_map(|alternatives| std::iter::once(&alternatives[0].0).chain(&alternatives[0].1))
        .fold(0, |set, name| set | 1 << name);
    let sets = (0..256_u32).filter(|set| set & !candidates == 0);
    let good = sets.filter(|set| operations.iter().all(|alternatives| allows(*set, alternatives)));
    good.map(|set| cost(levels, set)).min().expect("all candidates are a set that does")
}

fn cost(levels: &[u8], set: u32) -> (usize, Vec<u8>) {
    let mut levels: Vec<_> = (0..8).filter(|name| set & (1 << name) != 0).map(|name| levels[name]).collect();
    levels.sort_unstable_by(|a, b| b.cmp(a));
    (levels.len(), levels)
}

#[test]
fn the_set_covers_and_is_the_cheapest_and_nothing_can_be_left_out() {
    let mut numbers = Numbers(7);
    for _ in 0..3000 {
        let (levels, operations) = problem(&mut numbers);
        let list: Vec<_> = NAMES.into_iter().zip(levels.iter().copied()).collect();
        let texts = operations.iter().enumerate().map(|(number, alternatives)| {
            let alternatives = alternatives.iter().map(|(name, partners)| {
                let partners: Vec<_> = partners.iter().map(|partner| NAMES[*partner]).collect();
                let plus =
                    if partners.is_empty() { String::new() } else { format!("+{}", partners.join("|")) };
                format!("{}{plus}", NAMES[*name])
            });
            let text = alternatives.collect::<Vec<_>>().join(",");
            &*String::leak(format!("op:GET /{number};;application={text};;"))
        });
        let texts: Vec<_> = texts.collect();
        let found: BTreeSet<_> = set(&texts, &catalog(&list)).into_iter().collect();
        let bits = |names: &BTreeSet<&str>| {
            let numbers = (0..8).filter(|number| names.contains(NAMES[*number]));
            numbers.fold(0_u32, |set, number| set | 1 << number)
        };
        let covers = |set: u32| operations.iter().all(|alternatives| allows(set, alternatives));
        assert!(covers(bits(&found)), "{texts:?}: {found:?}");
        for name in &found {
            let mut fewer = found.clone();
            fewer.remove(name);
            assert!(!covers(bits(&fewer)), "{texts:?}: {name} of {found:?} is not needed");
        }
        assert_eq!(
            cost(&levels, bits(&found)),
            cheapest(&levels, &operations),
            "{texts:?} {list:?}: {found:?}"
        );
    }
}

#[test]
fn the_order_of_the_operations_does_not_matter() {
    let mut operations =
        ["op:GET /a;;application=A,B;;", "op:GET /b;;application=B,A;;", "op:GET /c;;application=C,A;;"];
    let first = set(&operations, &Catalog::default());
    for _ in 0..operations.len() {
        operations.rotate_left(1);
        assert_eq!(set(&operations, &Catalog::default()), first);
    }
}
