//! From a path, as a person has it, to the operation that it belongs to.

use std::cmp::Reverse;

use super::data::Row;

/// The operations with the method whose template matches the path, the one with the most literal segments first.
///
/// The path may be a template or have keys in it, and may be a URL with version and query.
pub fn matching(method: &str, path: &str, rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let path = segments(below_version(path));
    let same_method = rows.filter(|row| row.method.eq_ignore_ascii_case(method));
    let mut found: Vec<_> =
        same_method.filter_map(|row| Some((score(&segments(row.path), &path)?, row))).collect();
    found.sort_by_key(|(score, _)| Reverse(score.clone()));
    found.into_iter().map(|(_, row)| row).collect()
}

/// The path without host, version and query.
fn below_version(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => path,
    };
    let path = path.trim_matches('/');
    ["v1.0", "beta"]
        .iter()
        .find_map(|version| {
            path.strip_prefix(version).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .unwrap_or(path)
}

fn segments(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = path.trim_matches('/').split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '/' && depth == 0
    });
    split.collect()
}

/// How literally each segment matches, from the first to the last; `None` if one does not.
fn score(template: &[&str], path: &[&str]) -> Option<Vec<u8>> {
    if template.len() != path.len() {
        return None;
    }
    template.iter().zip(path).map(|(template, segment)| segment_score(template, segment)).collect()
}

fn segment_score(template: &str, segment: &str) -> Option<u8> {
    if is_key(template) {
        let is_empty_or_special = segment.is_empty() || segment.starts_with('$');
        return (!is_empty_or_special).then_some(0);
    }
    let (template, segment) = (without_namespace(template), without_namespace(segment));
    let (name, arguments) = call(template);
    let (other, given) = call(segment);
    if !name.eq_ignore_ascii_case(other) {
        return None;
    }
    (names(arguments) == names(given)).then_some(1)
}

/// `{user-id}`, or a key of several properties.
fn is_key(template: &str) -> bool {
    template.starts_with('{')
        || (template.ends_with('}') && !template.contains('(') && template.contains('='))
}

fn without_namespace(segment: &str) -> &str {
    let (name, _) = call(segment);
    if name.starts_with("microsoft.graph.") || name.starts_with("graph.") {
        let start = name.rfind('.').map_or(0, |dot| dot + 1);
        &segment[start..]
    } else {
        segment
    }
}

/// The name and the arguments of a function.
fn call(segment: &str) -> (&str, &str) {
    match segment.strip_suffix(')').and_then(|segment| segment.split_once('(')) {
        Some((name, arguments)) => (name, arguments),
        None => (segment, ""),
    }
}

/// The names of arguments, sorted.
fn names(arguments: &str) -> Vec<String> {
    let named = arguments.split(',').filter_map(|argument| argument.split_once('='));
    let mut names: Vec<_> = named.map(|(name, _)| name.trim().to_lowercase()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::super::data::rows;
    use super::*;

    fn first(method: &str, path: &str) -> Option<&'static str> {
        matching(method, path, rows()).first().map(|row| row.path)
    }

    #[test]
    fn a_path_is_found_however_it_is_written() {
        for path in [
            "/users/{user-id}/messages",
            "users/adele@contoso.com/messages/",
            "/Users/{id}/Messages?$top=5",
            "https://graph.microsoft.com/v1.0/users/1/messages",
            "/beta/users/1/messages",
        ] {
            assert_eq!(first("get", path), Some("/users/{user-id}/messages"), "{path}");
        }
    }

    #[test]
    fn a_literal_segment_wins_over_a_key() {
        assert_eq!(first("GET", "/users/delta()"), Some("/users/delta()"));
        assert_eq!(first("GET", "/users/delta"), Some("/users/delta()"));
        assert_eq!(first("GET", "/users/$count"), Some("/users/$count"));
        assert_eq!(first("GET", "/users/d"), Some("/users/{user-id}"));
    }

    #[test]
    fn arguments_count_by_name() {
        let path = "/reports/getEmailActivityCounts(period='D7')";
        assert_eq!(first("GET", path), Some("/reports/getEmailActivityCounts(period='{period}')"));
        assert_eq!(first("GET", "/reports/getEmailActivityCounts(days='D7')"), None);
    }

    #[test]
    fn what_does_not_exist_is_not_found() {
        for (method, path) in [("GET", "/nothing"), ("DELETE", "/users"), ("GET", ""), ("GET", "/users/1/")] {
            let found = first(method, path);
            assert!(found.is_none() || found == Some("/users/{user-id}"), "{method} {path}: {found:?}");
        }
    }
}
