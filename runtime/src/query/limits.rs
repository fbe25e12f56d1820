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

/// Why an operation does not take a text as the value of a query option, named without `$`; nothing if it does, or if it
/// cannot be told.
pub(crate) fn problem(operation: &Operation, option: &str, text: &str) -> Option<String> {
    operation.limits(option).next()?;
    let against = |it: Use<'_>| operation.limits(option).find_map(|limit| it.against(&limit));
    let reason = match option {
        "filter" => {
            let words = words(text);
            (0..words.len()).filter_map(|index| used(&words, index)).find_map(against)
        }
        _ => items(text).map(|item| Use { path: leading_path(item), operator: None }).find_map(against),
    }?;
    Some(format!(
        "${option} {reason}, says the service's metadata; `query(\"${option}\", …)` sends it all the same"
    ))
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
        let operators: Vec<_> = limit.operators().collect();
        if operators.is_empty() {
            let is_it = rest.is_empty() || rest.starts_with('/');
            return is_it.then(|| format!("does not take `{property}`"));
        }
        // What is taken of the property says nothing of its own properties, or of their number.
        let used = self.operator.filter(|_| rest.is_empty())?;
        let is_taken = operators.iter().any(|operator| operator.eq_ignore_ascii_case(used));
        (!is_taken).then(|| format!("takes `{property}` only with {}, not with {used}", operators.join(", ")))
    }
}

/// The items of a list, whose commas in parentheses and literals separate nothing.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut literal) = (0_usize, None);
    list.split(move |character| {
        match (character, literal) {
            ('\'' | '"', None) => literal = Some(character),
            (_, Some(quote)) if quote == character => literal = None,
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0 && literal.is_none()
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

/// Operators that compare.
const COMPARISONS: [&str; 8] = ["eq", "ne", "gt", "ge", "lt", "le", "has", "in"];

/// Functions that compare. Of a property in another one, such as `tolower`, it is not known what it is compared by.
const FUNCTIONS: [&str; 4] = ["contains", "endswith", "matchespattern", "startswith"];

/// Other operators that parentheses may follow without making a call of them.
const OTHERS: [&str; 9] = ["not", "and", "or", "add", "sub", "mul", "div", "divby", "mod"];

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// The property at a word of a condition, if there is one.
fn used<'t>(words: &[Word<'t>], index: usize) -> Option<Use<'t>> {
    let word = &words[index];
    let (path, called) = match (word.next, word.text.rsplit_once('/')) {
        (Some('('), Some((path, function))) => (path, Some(function)),
        // A function, or the type of a literal.
        (Some('(' | '\''), _) => return None,
        _ => (word.text, None),
    };
    // A name is taken for a variable in the whole text, not in its lambda alone: too little is refused rather than too much.
    let root = path.split('/').next();
    if words.iter().any(|word| word.declares && Some(word.text) == root) {
        return None;
    }
    let comparison = |index: Option<usize>| {
        let neighbor = words.get(index?)?;
        (neighbor.depth == word.depth && is_one_of(neighbor.text, &COMPARISONS)).then_some(neighbor.text)
    };
    let operator = match (called, word.function) {
        (Some(called), _) => Some(called).filter(|called| is_one_of(called, &["any", "all"])),
        (None, Some(function)) => Some(function).filter(|function| is_one_of(function, &FUNCTIONS)),
        (None, None) => comparison(index.checked_add(1)).or_else(|| comparison(index.checked_sub(1))),
    };
    Some(Use { path, operator })
}

/// A name, a number, an operator: what is neither a literal in quotes nor a sign.
struct Word<'t> {
    text: &'t str,
    /// The character behind it.
    next: Option<char>,
    /// Whether it is the variable of a lambda.
    declares: bool,
    /// The function that it is an argument of.
    function: Option<&'t str>,
    /// How many parentheses are open around it.
    depth: usize,
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
                let (text, behind) = rest.split_at(length);
                let (next, function) = (behind.chars().next(), open.last().copied().flatten());
                let declares = behind.trim_start().starts_with(':');
                words.push(Word { text, next, declares, function, depth: open.len() });
                if next == Some('(') {
                    // `tags/any(…)` has a condition in it, `contains(…)` what it is about.
                    let is_call =
                        !text.contains('/') && !is_one_of(text, &COMPARISONS) && !is_one_of(text, &OTHERS);
                    open.push(is_call.then_some(text));
                    skipped += 1;
                }
            }
            // Of a doubled quote in a literal, one ends it and one begins the next.
            '\'' | '"' => skipped = rest[1..].find(character).map_or(rest.len(), |end| end + 2),
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
            "not(key eq 'a')",
            "tolower(key) eq 'a'",
            "key/$count gt 1",
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
            "tags/any(key : key eq 'a')",
            "name in [\"key\"]",
            "microsoft.graph.user/key eq 'a'",
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
        for condition in [
            "platform ne 'a'",
            "platform NE 'a'",
            "not(platform ne 'a')",
            "name eq 'a' and(platform ne 'a')",
            "StartsWith(platform,'a')",
            "(name eq platform) ne false or platform gt 'a'",
            "date gt 2026-01-02T03:04:05Z",
            "contains(platform,'a')",
            "tags/all(x:true)",
        ] {
            assert!(refused("filter", condition), "{condition}");
        }
        for condition in [
            "platform eq 'a'",
            "2026-01-02 le date and date le 2026-02-03",
            "tags/any(x:x eq 'platform')",
            "tags/any(x:startswith(x,'a')) and platform eq 'b'",
            "(platform) eq 'a'",
            "(platform) ne 'a'",
            "not(platform eq 'a')",
            "NOT (platform EQ 'a')",
            "name eq 'b' and(platform eq 'a')",
            "tolower(platform) ne 'a'",
            "case(platform eq 'a':1,true:2) gt 1",
            "(name eq platform) ne false",
            "tags/Any(x:x eq 'a')",
            "tags/$count gt 1",
            "platform/name gt 'a'",
            "platform/a.b() gt 1",
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
            ("expand", "members($search=\"x), chats\")"),
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
            "$filter takes `date` only with ge, le, not with gt, says the service's metadata; `query(\"$filter\", …)` \
             sends it all the same"
        );
    }
}
