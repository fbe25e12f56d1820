//! JSON for people: indented and coloured. It works on the text and not on values, so that numbers, the order of
//! members and whatever else a value cannot hold stay as they came; that is also why no library does it.

use std::io::{self, Write};

use crate::screen::{GOOD as STRING, NAME, OTHER};

/// How many levels are indented. What is deeper stands on one line: nobody would see more of it, and the spaces of a hundred
/// thousand levels would be gigabytes.
const DEEPEST: usize = 64;

/// Indents and colours the JSON that is written to it, which must be valid. It can come in pieces that end between
/// tokens.
pub struct Pretty<'a> {
    out: &'a mut dyn Write,
    /// The objects (`true`) and arrays that are open.
    open: Vec<bool>,
    /// Whether something has just been opened, which may be empty.
    begun: bool,
    /// Whether the next string is the name of a member.
    name: bool,
}

impl<'a> Pretty<'a> {
    /// Nothing so far.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, open: Vec::new(), begun: false, name: false }
    }

    fn line(&mut self) -> io::Result<()> {
        let depth = self.open.len();
        if depth > DEEPEST { Ok(()) } else { write!(self.out, "\n{:width$}", "", width = 2 * depth) }
    }

    /// Goes to a new line before the first thing in an object or array.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.begun) { self.line() } else { Ok(()) }
    }

    fn token(&mut self, token: &[u8]) -> io::Result<()> {
        match token[0] {
            b'{' | b'[' => {
                self.begin()?;
                self.out.write_all(token)?;
                self.name = token[0] == b'{';
                self.open.push(self.name);
                self.begun = true;
            }
            b'}' | b']' => {
                let is_flat = self.open.len() > DEEPEST;
                self.open.pop();
                if !std::mem::take(&mut self.begun) && !is_flat {
                    self.line()?;
                }
                self.name = false;
                self.out.write_all(token)?;
            }
            b',' => {
                self.out.write_all(token)?;
                self.name = self.open.last() == Some(&true);
                self.line()?;
            }
            b':' => self.out.write_all(b": ")?,
            first => {
                self.begin()?;
                let name = std::mem::take(&mut self.name);
                let style = if name {
                    NAME
                } else if first == b'"' {
                    STRING
                } else {
                    OTHER
                };
                write!(self.out, "{style}")?;
                self.out.write_all(token)?;
                write!(self.out, "{style:#}")?;
            }
        }
        Ok(())
    }
}

impl Write for Pretty<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        while at < text.len() {
            let length = token_length(&text[at..]);
            if !text[at].is_ascii_whitespace() {
                self.token(&text[at..at + length])?;
            }
            at += length;
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The length of the token, or of the one space, that a text begins with.
fn token_length(text: &[u8]) -> usize {
    let end = match text[0] {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => return 1,
        first if first.is_ascii_whitespace() => return 1,
        b'"' => {
            let mut escaped = false;
            let is_end = |byte: &u8| {
                let end = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                end
            };
            text[1..].iter().position(is_end).map(|at| at + 2)
        }
        _ => text.iter().position(|byte| b"{}[],:\"".contains(byte) || byte.is_ascii_whitespace()),
    };
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(pieces: &[&str]) -> String {
        let mut out = Vec::new();
        let mut pretty = Pretty::new(&mut out);
        pieces.iter().try_for_each(|piece| pretty.write_all(piece.as_bytes())).expect("written");
        String::from_utf8(out).expect("text")
    }

    fn plain(pieces: &[&str]) -> String {
        let inks = [NAME, STRING, OTHER].into_iter().flat_map(|ink| [format!("{ink}"), format!("{ink:#}")]);
        inks.fold(pretty(pieces), |text, ink| text.replace(&ink, ""))
    }

    #[test]
    fn json_is_indented_and_nothing_else_is_changed() {
        let text = r#"{"b":1.10,"a":[], "c":{ },"s":"\"{,}\\" ,"n":[12345678901234567890,null,[true]]}"#;
        let expected = r#"{
  "b": 1.10,
  "a": [],
  "c": {},
  "s": "\"{,}\\",
  "n": [
    12345678901234567890,
    null,
    [
      true
    ]
  ]
}"#;
        assert_eq!(plain(&[text]), expected);
        assert_eq!(plain(&[expected]), expected, "it is the same once more");
        assert_eq!(
            plain(&[
                r#"{"b":1.10,"a":[],"c":{},"#,
                r#""s":"\"{,}\\","n""#,
                ":[12345678901234567890,null,",
                "[true]",
                "]}"
            ]),
            expected
        );
    }

    #[test]
    fn what_is_too_deep_is_not_indented() {
        let deep = "[".repeat(100_000) + "1,[]" + &"]".repeat(100_000);
        let shown = plain(&[&deep]);
        assert!(shown.len() < deep.len() + 4 * DEEPEST * DEEPEST, "{}", shown.len());
        assert_eq!(shown.split_whitespace().collect::<String>(), deep);
        assert_eq!(shown.lines().count(), 2 * DEEPEST + 1);
    }

    #[test]
    fn names_and_values_have_colours_of_their_own() {
        let text = pretty(&[r#"{"a":"b","c":["d",1]}"#]);
        for part in [
            format!("{NAME}\"a\"{NAME:#}: {STRING}\"b\"{STRING:#}"),
            format!("{NAME}\"c\"{NAME:#}"),
            format!("{STRING}\"d\"{STRING:#}"),
            format!("{OTHER}1{OTHER:#}"),
        ] {
            assert!(text.contains(&part), "{part:?} in {text:?}");
        }
    }

    #[test]
    fn a_value_that_is_no_object_is_written_too() {
        assert_eq!(plain(&["  7 "]), "7");
        assert_eq!(plain(&[r#""text""#]), r#""text""#);
    }
}
