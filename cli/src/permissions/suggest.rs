//! What somebody may have meant.

use msgraph_runtime::Scheme;
use msgraph_runtime::permissions::PermissionFacts;

use super::data::CATALOG;

/// How many suggestions are made.
const MOST: usize = 3;

/// Permissions of a scheme with almost that name, the nearest first.
pub fn like(name: &str, scheme: Scheme) -> Vec<&'static str> {
    let all = CATALOG.all(scheme);
    // `User.Read` of users is `User.Read.All` of applications.
    if let Some(wider) = all.iter().find(|facts| facts.name.eq_ignore_ascii_case(&format!("{name}.All"))) {
        return vec![wider.name];
    }
    let farthest = (name.len() / 4).clamp(1, 4);
    let lower = name.to_lowercase();
    let distance = |facts: &PermissionFacts| strsim::damerau_levenshtein(&lower, &facts.name.to_lowercase());
    let near = all.iter().filter(|facts| facts.name.len().abs_diff(name.len()) <= farthest);
    let mut near: Vec<_> = near
        .map(|facts| (distance(facts), facts.hidden, facts.name))
        .filter(|(distance, ..)| *distance <= farthest)
        .collect();
    near.sort_unstable();
    let nearest = near.first().map_or(0, |(distance, ..)| *distance);
    near.into_iter()
        .filter(|(distance, ..)| *distance <= nearest + 1)
        .map(|(.., name)| name)
        .take(MOST)
        .collect()
}

/// `: did you mean A or B?`, or nothing.
pub fn question(names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!(": did you mean {}?", names.join(" or ")) }
}
