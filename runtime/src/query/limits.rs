//! What an operation does not take in a query option that it does take: the properties that a text uses against it.
//!
//! Conditions are texts by the time they are looked at, those of strings included, so the text is what is read: names
//! outside of literals, and how they are used as far as that can be told (OData ABNF, `boolCommonExpr`).

use crate::operation::Operation;

/// A property that a query option of an operation does not take, or takes only with some operators
/// (`NonFilterableProperties`, `FilterExpressionRestrictions` and the like of OData's `Capabilities` vocabulary).
///
/// ```
/// use msgraph_runtime::Operation;
///
/// let list = Operation("op:GET /packages;filter!key!platform:eq:ne select;;;");
/// let limits: Vec<_> = list.limits("filter").collect();
/// assert_eq!(limits[0].property(), "key");
/// assert_eq!(limits[0].operators().count(), 0);
/// assert!(limits[1].operators().eq(["eq", "ne"]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub(crate) &'static str);

impl Limit {
    /// The JSON name of the property, or the path to it.
    pub fn property(&self) -> &'static str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The operators and functions that the property is taken with: `eq`, `any`, `startswith`. Without any, it is not
    /// taken at all.
    pub fn operators(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.split(':').skip(1)
    }
}

/// Why an operation does not take a text as the value of a query option, named without `$`; nothing if it does.
pub(crate) fn problem(operation: &Operation, option: &str, text: &str) -> Option<String> {
    let limits: Vec<Limit> = operation.limits(option).collect();
    let uses = match option {
        _ if limits.is_empty() => return None,
        "filter" => uses_in_condition(text),
        _ => items(text).map(|item| Use { path: leading_path(item), operator: None }).collect(),
    };
    let reason = uses.iter().find_map(|it| limits.iter().find_map(|limit| it.against(limit)))?;
    Some(format!("${option} {reason}, says the service's metadata; a raw request sends it all the same"))
}

/// A property in a text, and what is done with it as far as it can be told.
struct Use<'t> {
    path: &'t str,
    operator: Option<&'t str>,
}

impl Use<'_> {
    /// In which way this is against a limit, if it is.
    fn against(&self, limit: &Limit) -> Option<String> {
        let property = limit.property();
        let rest = self.path.strip_prefix(property)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let operators: Vec<_> = limit.operators().collect();
        if operators.is_empty() {
            return Some(format!("does not take `{property}`"));
        }
        let used = self.operator.filter(|used| !operators.contains(used))?;
        Some(format!("takes `{property}` only with {}, not with {used}", operators.join(", ")))
    }
}

/// The items of a list, whose commas in parentheses and literals separate nothing.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut is_literal) = (0_usize, false);
    list.split(move |character| {
        match character {
            '\'' => is_literal = !is_literal,
            '(' if !is_literal => depth += 1,
            ')' if !is_literal => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0 && !is_literal
    })
}

fn leading_path(item: &str) -> &str {
    let item = item.trim_start();
    &item[..path_length(item)]
}

fn path_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '/' | '.' | '@' | '$'))
        .unwrap_or(text.len())
}

/// The properties in a condition.
fn uses_in_condition(condition: &str) -> Vec<Use<'_>> {
    let words = words(condition);
    let variables: Vec<_> =
        words.iter().filter(|word| word.next == Some(':')).map(|word| word.text).collect();
    let operator = |index: Option<usize>| {
        let word = words.get(index?)?.text;
        matches!(word, "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "has" | "in").then_some(word)
    };
    let mut uses = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let (path, called) = match (word.next, word.text.rsplit_once('/')) {
            (Some('('), Some((path, function))) => (path, Some(function)),
            // A function, a lambda's variable, the type of a literal.
            (Some('(' | ':' | '\''), _) => continue,
            _ => (word.text, None),
        };
        let root = path.split('/').next().unwrap_or(path);
        if !variables.contains(&root) {
            let compared = operator(index.checked_add(1)).or_else(|| operator(index.checked_sub(1)));
            uses.push(Use { path, operator: called.or(word.function).or(compared) });
        }
    }
    uses
}

/// A name, a number, an operator: what is neither a literal in quotes nor a sign.
struct Word<'t> {
    text: &'t str,
    /// The character behind it.
    next: Option<char>,
    /// The function that it is an argument of.
    function: Option<&'t str>,
}

fn words(condition: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    // For each open parenthesis, the function whose arguments are in it, if it is one's.
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut rest = condition;
    while let Some(character) = rest.chars().next() {
        let length = path_length(rest);
        let mut skipped = length.max(character.len_utf8());
        match character {
            _ if length > 0 => {
                let next = rest[length..].chars().next();
                words.push(Word { text: &rest[..length], next, function: open.last().copied().flatten() });
                if next == Some('(') {
                    // `tags/any(…)` has a condition in it, `contains(…)` what it is about.
                    open.push(Some(&rest[..length]).filter(|name| !name.contains('/')));
                    skipped += 1;
                }
            }
            // Of a doubled quote in a literal, one ends it and one begins the next.
            '\'' => skipped = rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '(' => open.push(None),
            ')' => drop(open.pop()),
            _ => {}
        }
        rest = &rest[skipped..];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Operation = Operation(
        "op:GET /packages;count expand!tabs!chats filter!key!tags:any!platform:eq!date:ge:le orderby!key top;;;",
    );

    fn refused(option: &str, text: &str) -> bool {
        problem(&LIST, option, text).is_some()
    }

    #[test]
    fn properties_that_an_option_does_not_take() {
        for condition in [
            "key eq 'a'",
            "'a' eq key",
            "name eq 'b' and (key ne null)",
            "key/first eq 1",
            "startswith(key,'a')",
            "tags/any(x:x eq key)",
            "not (key eq 'it''s')",
        ] {
            assert!(refused("filter", condition), "{condition}");
        }
        for condition in [
            "name eq 'key'",
            "name eq 'it''s key eq 1'",
            "keys eq 1",
            "other/key eq 1",
            "tags/any(key:key eq 'a')",
            "key'a' eq name",
            "name eq '",
            "name eq 'ö' or ö eq 1",
            "",
        ] {
            assert!(!refused("filter", condition), "{condition}");
        }
    }

    #[test]
    fn operators_that_a_property_is_not_taken_with() {
        for condition in
            ["platform ne 'a'", "date gt 2026-01-02T03:04:05Z", "contains(platform,'a')", "tags/all(x:true)"]
        {
            assert!(refused("filter", condition), "{condition}");
        }
        for condition in [
            "platform eq 'a'",
            "2026-01-02 le date and date le 2026-02-03",
            "tags/any(x:x eq 'platform')",
            "tags/any(x:startswith(x,'a')) and platform eq 'b'",
            "(platform) eq 'a'",
        ] {
            assert!(!refused("filter", condition), "{condition}");
        }
    }

    #[test]
    fn lists() {
        for (option, list) in [
            ("expand", "chats"),
            ("expand", "members($expand=a,b;$filter=n eq 'x)'), tabs($select=id)"),
            ("expand", "tabs/$ref"),
            ("orderby", "name desc, key desc"),
        ] {
            assert!(refused(option, list), "{list}");
        }
        for (option, list) in [
            ("expand", "members($expand=tabs,chats)"),
            ("expand", "chatsOfOld"),
            ("orderby", "tabs"),
            ("select", "key"),
            ("count", "key"),
        ] {
            assert!(!refused(option, list), "{list}");
        }
    }

    #[test]
    fn the_problem_says_what_is_taken() {
        assert_eq!(
            problem(&LIST, "filter", "date gt 2026-01-02").unwrap(),
            "$filter takes `date` only with ge, le, not with gt, says the service's metadata; a raw request sends it all \
             the same"
        );
    }
}
