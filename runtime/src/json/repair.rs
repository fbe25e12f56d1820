//! Text that is JSON but for single bytes in its strings, as services pass on what others have put into them: in such
//! text, out the same with these bytes made readable, and where each of them was. Nothing of it runs unless reading
//! has failed.

use std::fmt;

/// A place in JSON text where a string held what no string may hold, and what reading made of it.
///
/// ```
/// let found = msgraph_runtime::json::repairs(b"{\"value\":[{\"subject\":\"a\xFF\"}]}");
/// assert_eq!((found[0].offset(), found[0].path()), (23, "$.value[0].subject"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    offset: usize,
    path: String,
    control: bool,
}

impl Repair {
    /// The offset of the first byte concerned, in the text as it came.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The place as a JSON path, such as `$.value[3].subject`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it was a control character without its escape, which is read as what it is; all else was not UTF-8, and
    /// is read as U+FFFD.
    pub fn is_control(&self) -> bool {
        self.control
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what =
            if self.control { "a control character without escape" } else { "bytes that are not UTF-8" };
        write!(f, "{what} in a string at byte {} ({})", self.offset, self.path)
    }
}

/// The places at which reading repairs a text that is JSON but for single bytes in its strings, at most 100 of them; none
/// of a text that is JSON as it is.
pub fn repairs(text: &[u8]) -> Vec<Repair> {
    repair(text).1
}

/// As many repairs are listed, so that a text of nothing else costs no more than others.
const LISTED: usize = 100;

/// The text with its strings made readable, and where that was necessary.
pub(super) fn repair(bytes: &[u8]) -> (String, Vec<Repair>) {
    let mut repaired = Repaired::default();
    for chunk in bytes.utf8_chunks() {
        repaired.take(chunk.valid());
        if !chunk.invalid().is_empty() {
            repaired.note(false);
            repaired.text.push(char::REPLACEMENT_CHARACTER);
            repaired.offset += chunk.invalid().len();
        }
    }
    (repaired.text, repaired.found)
}

#[derive(Default)]
struct Repaired {
    text: String,
    found: Vec<Repair>,
    /// How much of the text as it came has been taken.
    offset: usize,
    /// The objects and arrays around the place.
    steps: Vec<Step>,
    in_string: bool,
    escaped: bool,
    /// Where the last string begins in the repaired text.
    string_at: usize,
}

enum Step {
    /// An object, at the member whose name is at this place of the repaired text; and whether the name has been read.
    Member {
        name: std::ops::Range<usize>,
        is_known: bool,
    },
    Element(usize),
}

impl Repaired {
    fn take(&mut self, text: &str) {
        for character in text.chars() {
            if !self.in_string {
                self.text.push(character);
                self.structure(character);
            } else if character < ' ' {
                self.note(true);
                self.escaped = false;
                self.text.push_str(&format!("\\u{:04x}", u32::from(character)));
            } else {
                self.text.push(character);
                self.in_string(character);
            }
            self.offset += character.len_utf8();
        }
    }

    fn in_string(&mut self, character: char) {
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => {
                self.in_string = false;
                if let Some(Step::Member { name, is_known: false }) = self.steps.last_mut() {
                    *name = self.string_at..self.text.len() - 1;
                }
            }
            _ => {}
        }
    }

    fn structure(&mut self, character: char) {
        match (character, self.steps.last_mut()) {
            ('"', _) => (self.in_string, self.string_at) = (true, self.text.len()),
            ('{', _) => self.steps.push(Step::Member { name: 0..0, is_known: false }),
            ('[', _) => self.steps.push(Step::Element(0)),
            ('}' | ']', _) => drop(self.steps.pop()),
            (':', Some(Step::Member { is_known, .. })) => *is_known = true,
            (',', Some(Step::Member { is_known, .. })) => *is_known = false,
            (',', Some(Step::Element(index))) => *index += 1,
            _ => {}
        }
    }

    fn note(&mut self, control: bool) {
        if self.in_string && self.found.len() < LISTED {
            self.found.push(Repair { offset: self.offset, path: self.path(), control });
        }
    }

    fn path(&self) -> String {
        let mut path = String::from("$");
        // Deeper than the reader follows, nothing is read.
        for step in self.steps.iter().take(super::reader::DEPTH as usize) {
            match step {
                Step::Member { name, is_known: true } => {
                    path.push('.');
                    path.push_str(&self.text[name.clone()]);
                }
                Step::Member { .. } => {}
                Step::Element(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}
