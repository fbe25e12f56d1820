//! How answers look.

use std::io::Write;

use msgraph_runtime::permissions::PermissionFacts;
use serde::Serialize;

use super::data::CATALOG;
pub use crate::screen::{BAD, GOOD, STRONG, WARN};

/// Writes a value as JSON that people can read, too.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

/// `administrator consents, level 3`, and what is unusual.
pub fn facts(facts: &PermissionFacts) -> String {
    let mut words = vec![match facts.admin_consent {
        Some(true) => "an administrator consents".to_owned(),
        Some(false) => "users consent".to_owned(),
        None => "not known who consents".to_owned(),
    }];
    words.extend(facts.privilege_level.map(|level| format!("level {level}")));
    for (is_so, word) in [
        (facts.hidden, "hidden"),
        (!facts.enabled, "disabled"),
        (facts.resource_specific, "resource-specific"),
    ] {
        words.extend(is_so.then(|| word.to_owned()));
    }
    words.join(", ")
}

/// The table that answers come from.
pub fn table() -> String {
    format!("permission table of {}", CATALOG.date().unwrap_or("an unknown day"))
}

/// `1 operation`, `2 operations`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_is_not_many() {
        let texts = [0, 1, 2].map(|number| count(number, "name"));
        assert_eq!(texts, ["0 names", "1 name", "2 names"]);
    }
}
