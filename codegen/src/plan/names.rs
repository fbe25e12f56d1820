//! Names: from Graph's `camelCase` to Rust's `snake_case`, `CamelCase` and `SCREAMING_SNAKE_CASE`.
//!
//! A name is split into words at changes of case, at digits that begin a word and at punctuation. A run of
//! capitals is one word (`isSSOEnabled` → `is`, `sso`, `enabled`), and a few words whose own spelling mixes
//! cases are kept whole (`OAuth`, `IPv4`, `eTag`).

use std::collections::BTreeSet;

/// Words whose usual spelling changes case inside; split, they would read as nonsense (`i_pv4`, `o_auth2`).
const WHOLE_WORDS: [&str; 22] = [
    "OAuth", "oAuth", "IPv4", "iPv4", "IPv6", "iPv6", "macOS", "MacOS", "eTag", "cTag", "eBook", "EBook",
    "eBooks", "EBooks", "iCal", "ICal", "UId", "IoT", "iPhone", "iPad", "iPod", "MHz",
];

/// Strict and reserved keywords of edition 2024 that can be written raw (`r#type`).
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    "union",
];

/// Keywords that cannot be written raw; they get an underscore.
const UNESCAPABLE: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// The words of a name, in lower case.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let is_separator = |c: char| c == '_' || !unicode_ident::is_xid_continue(c);
    for part in name.split(is_separator).filter(|part| !part.is_empty()) {
        split_part(part, &mut words);
    }
    words
}

fn split_part(part: &str, words: &mut Vec<String>) {
    let mut rest = part;
    let mut word = String::new();
    while let Some(first) = rest.chars().next() {
        let starts_word = word.is_empty() || first.is_uppercase();
        let whole = WHOLE_WORDS.iter().find(|whole| {
            starts_word
                && rest
                    .strip_prefix(**whole)
                    .is_some_and(|after| !after.starts_with(|c: char| c.is_lowercase()))
        });
        if let Some(whole) = whole {
            flush(&mut word, words);
            word.push_str(whole);
            rest = &rest[whole.len()..];
            continue;
        }
        let previous = word.chars().next_back();
        if is_boundary(previous, first, &rest[first.len_utf8()..]) {
            flush(&mut word, words);
        }
        word.push(first);
        rest = &rest[first.len_utf8()..];
    }
    flush(&mut word, words);
}

/// A word begins at a capital after a small letter or digit, and at the last capital of a run (`OSLob`), unless that
/// only carries the `s` of a plural (`cloudPCs`).
fn is_boundary(previous: Option<char>, current: char, after: &str) -> bool {
    let Some(previous) = previous else { return false };
    if !current.is_uppercase() {
        return false;
    }
    let is_lowercase = |text: &str| text.starts_with(char::is_lowercase);
    let is_plural = after.strip_prefix('s').is_some_and(|rest| !is_lowercase(rest));
    !previous.is_uppercase() || (is_lowercase(after) && !is_plural)
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word).to_lowercase());
    }
}

/// Joins words so that two digits from different words never meet (`v10_0` and `v100` stay apart).
fn join(words: &[String], separator: &str, change: impl Fn(&str) -> String) -> String {
    let mut name = String::new();
    for word in words {
        let digits_meet =
            name.ends_with(|c: char| c.is_ascii_digit()) && word.starts_with(|c: char| c.is_ascii_digit());
        if !name.is_empty() {
            name.push_str(if digits_meet { "_" } else { separator });
        }
        name.push_str(&change(word));
    }
    if name.chars().next().is_some_and(unicode_ident::is_xid_start) { name } else { format!("_{name}") }
}

/// `snake_case`, not yet escaped: for file names and for joining.
pub fn snake(name: &str) -> String {
    join(&words(name), "_", str::to_owned)
}

/// `snake_case` as a Rust identifier.
pub fn field(name: &str) -> String {
    escape(snake(name))
}

/// `CamelCase` as a Rust identifier.
pub fn camel(name: &str) -> String {
    escape(join(&words(name), "", capitalize))
}

/// `SCREAMING_SNAKE_CASE`.
pub fn screaming(name: &str) -> String {
    snake(name).to_uppercase()
}

fn capitalize(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Makes an identifier out of a word that may be a keyword: `r#type`, `self_`.
pub fn escape(name: String) -> String {
    if UNESCAPABLE.contains(&name.as_str()) {
        format!("{name}_")
    } else if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// The name without the mark of a raw identifier, for file names and longer names.
pub fn unescape(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The name without any mark of escaping, for longer names.
pub fn stem(name: &str) -> &str {
    unescape(name).trim_end_matches('_')
}

/// Names that are already taken in one scope.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    /// A scope in which these names are taken from the start.
    pub fn with(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { taken: names.into_iter().map(Into::into).collect() }
    }

    /// Takes a name that nobody shall get.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(unescape(name).to_owned());
    }

    /// Takes the first of the candidates that is free.
    ///
    /// # Errors
    /// The last candidate, if none is free; the rule that made the candidates is then not sufficient.
    pub fn take(&mut self, candidates: impl IntoIterator<Item = String>) -> Result<String, String> {
        let mut last = String::new();
        for candidate in candidates {
            if self.taken.insert(unescape(&candidate).to_owned()) {
                return Ok(candidate);
            }
            last = candidate;
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_case_digits_and_acronyms() {
        for (name, expected) in [
            ("displayName", "display_name"),
            ("oauth2PermissionGrants", "oauth2_permission_grants"),
            ("oAuth2PermissionGrant", "oauth2_permission_grant"),
            ("iosUpdateStatuses", "ios_update_statuses"),
            ("macOSLobApp", "macos_lob_app"),
            ("macOsLobApp", "mac_os_lob_app"),
            ("eTag", "etag"),
            ("iPv4Range", "ipv4_range"),
            ("IPv6CidrRange", "ipv6_cidr_range"),
            ("isSSOEnabled", "is_sso_enabled"),
            ("passwordRequired", "password_required"),
            ("windows10GeneralConfiguration", "windows10_general_configuration"),
            ("x509CertificateRule", "x509_certificate_rule"),
            ("cloudPCs", "cloud_pcs"),
            ("iCalUId", "ical_uid"),
            ("managedEBooks", "managed_ebooks"),
            ("deviceIDsToUse", "device_ids_to_use"),
            ("isSoon", "is_soon"),
            ("aBS", "a_bs"),
            ("v10_0", "v10_0"),
            ("v10_0_1", "v10_0_1"),
            ("10minutes", "_10minutes"),
            ("user-agent value", "user_agent_value"),
            ("cn", "cn"),
        ] {
            assert_eq!(snake(name), expected, "{name}");
        }
    }

    #[test]
    fn camel_case_keeps_digits_of_different_words_apart() {
        assert_eq!(camel("v10_0"), "V10_0");
        assert_eq!(camel("macOSLobApp"), "MacosLobApp");
        assert_eq!(camel("10minutes"), "_10minutes");
    }

    #[test]
    fn keywords_are_escaped_the_same_way_everywhere() {
        assert_eq!(field("type"), "r#type");
        assert_eq!(field("self"), "self_");
        assert_eq!(camel("self"), "Self_");
        assert_eq!(camel("type"), "Type");
    }

    #[test]
    fn a_scope_gives_the_first_free_candidate() {
        let mut scope = Scope::with(["list"]);
        let candidates = || ["list".to_owned(), "list_action".to_owned()];
        assert_eq!(scope.take(candidates()), Ok("list_action".to_owned()));
        assert_eq!(scope.take(candidates()), Err("list_action".to_owned()));
    }
}
