//! Turns byte offsets into lines and columns.

use roxmltree::Node;

use crate::diagnostics::Position;

/// A named text whose lines are indexed, because finding a line by counting would be quadratic over a document.
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, line_starts }
    }

    /// The name of the document.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// The place where a node begins.
    pub(super) fn position(&self, node: Node<'_, '_>) -> Position {
        self.position_at(node.range().start)
    }

    /// The place where `text` first stands; the beginning if it stands nowhere.
    pub(super) fn find(&self, text: &str) -> Position {
        self.position_at(self.text.find(text).unwrap_or(0))
    }

    /// The place behind the last character.
    pub(super) fn end(&self) -> Position {
        self.position_at(self.text.len())
    }

    fn position_at(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let column = self.text[start..offset].chars().count() + 1;
        Position::new(count(line), count(column))
    }
}

/// A line or column number; beyond what it can hold (roxmltree refuses such texts) it stays at the greatest.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::diagnostics::Position;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = "<a>\n<b/>é<c/></a>";
        let xml = roxmltree::Document::parse(text).expect("well-formed");
        let c = xml.descendants().find(|node| node.has_tag_name("c")).expect("there is a c");
        assert_eq!(Source::new("f", text).position(c), Position::new(2, 6));
        assert_eq!(Source::new("f", text).position(xml.root_element()), Position::new(1, 1));
    }
}
