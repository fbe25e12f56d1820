//! Reads CSDL XML ([OData CSDL XML 4.01](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)).
//!
//! In: the text of an `edmx:Edmx` document. Out: the [`Document`] it describes, all schemas merged and all aliases
//! replaced, and a count of what the document says but a [`Document`] has no place for.

mod aliases;
mod elements;
mod expression;
mod source;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use roxmltree::{Node, ParsingOptions};

use super::{Document, Value};
use crate::diagnostics::{Diagnostics, Position};
use aliases::Aliases;
use source::Source;

/// A document has at most this many XML nodes. The largest known one has less than a tenth of it.
const NODES_LIMIT: u32 = 5_000_000;

/// A document and what was passed over while reading it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What the document says.
    pub document: Document,
    /// How many elements (`Schema/Term`) and attributes (`Parameter/@Unicode`) were passed over, by their place.
    pub ignored: BTreeMap<String, usize>,
}

/// Reads a CSDL XML document.
///
/// `file` names the document in diagnostics; `text` is its content, with or without a byte order mark.
///
/// # Errors
/// All problems of form: text that is not well-formed XML, a document type definition, missing attributes, values
/// that are not of their type. Whether names refer to something is the matter of a later check.
pub fn parse(file: &str, text: &str) -> Result<Document, Diagnostics> {
    parse_counted(file, text).map(|parsed| parsed.document)
}

/// Reads a CSDL XML document like [`parse`] and counts what it passed over.
///
/// # Errors
/// As for [`parse`].
pub fn parse_counted(file: &str, text: &str) -> Result<Parsed, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_LIMIT, ..ParsingOptions::default() };
    let source = Source::new(file, text);
    let xml =
        roxmltree::Document::parse_with_options(text, options).map_err(|error| malformed(&source, &error))?;
    let root = xml.root_element();
    let mut reader = Reader::new(source, Aliases::collect(root));
    if root.tag_name().name() == "Edmx" {
        reader.edmx(root);
    } else {
        let name = root.tag_name().name();
        reader.problem(
            root,
            format!("the root element is `{name}`: a CSDL XML document begins with `edmx:Edmx`"),
        );
    }
    reader.finish()
}

/// The problem of a text that is no XML, or XML of a kind that is refused.
fn malformed(source: &Source<'_>, error: &roxmltree::Error) -> Diagnostics {
    use roxmltree::Error;
    let at = error.pos();
    let (position, message) = match error {
        Error::DtdDetected => (
            source.find("<!DOCTYPE"),
            "the document has a document type definition: remove it, CSDL needs none".to_owned(),
        ),
        Error::NodesLimitReached => {
            (Position::default(), format!("the document has more than {NODES_LIMIT} XML nodes: split it"))
        }
        Error::UnexpectedEndOfStream | Error::NoRootNode => {
            (source.end(), "the XML document is not complete: get it again".to_owned())
        }
        error => {
            let text = error.to_string();
            let what = text.strip_suffix(&format!(" at {at}")).unwrap_or(&text);
            (Position::new(at.row, at.col), format!("not well-formed XML: {what}"))
        }
    };
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(source.file(), position, message);
    diagnostics
}

/// An annotation in an `Annotations` element: target, term, value.
type OutOfLine = (String, String, Value);

/// Builds a [`Document`] element by element.
struct Reader<'a> {
    source: Source<'a>,
    aliases: Aliases,
    document: Document,
    /// Joined at the end, because inline annotations come first wherever they stand in the text.
    out_of_line: Vec<OutOfLine>,
    ignored: BTreeMap<String, usize>,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(source: Source<'a>, aliases: Aliases) -> Self {
        Self {
            source,
            aliases,
            document: Document::default(),
            out_of_line: Vec::new(),
            ignored: BTreeMap::new(),
            diagnostics: Diagnostics::new(),
        }
    }

    fn finish(mut self) -> Result<Parsed, Diagnostics> {
        for (target, term, value) in std::mem::take(&mut self.out_of_line) {
            self.annotate(target, term, value);
        }
        let mut document = self.document;
        document.sort();
        self.diagnostics.into_result(Parsed { document, ignored: self.ignored })
    }

    /// Keeps an annotation unless its target has one of the same term already.
    fn annotate(&mut self, target: String, term: String, value: Value) {
        let annotations = self.document.annotations.entry(target).or_default();
        match annotations.entry(term) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(_) => self.ignore_repeated(),
        }
    }

    /// Counts an annotation as passed over because its target has one of the same term.
    fn ignore_repeated(&mut self) {
        *self.ignored.entry("repeated Annotation".to_owned()).or_default() += 1;
    }

    fn problem(&mut self, node: Node<'_, '_>, message: impl Into<String>) {
        let position = self.source.position(node);
        self.diagnostics.push(self.source.file(), position, message);
    }

    /// Counts an element, with all that is in it, as passed over.
    fn ignore(&mut self, node: Node<'_, '_>) {
        let parent = node.parent_element().map_or("", |parent| parent.tag_name().name());
        *self.ignored.entry(format!("{parent}/{}", node.tag_name().name())).or_default() += 1;
    }

    /// Counts the attributes of `node` that are not in `known` as passed over.
    fn ignore_attributes_but(&mut self, node: Node<'_, '_>, known: &[&str]) {
        for attribute in node.attributes().filter(|attribute| !known.contains(&attribute.name())) {
            *self.ignored.entry(format!("{}/@{}", node.tag_name().name(), attribute.name())).or_default() +=
                1;
        }
    }

    /// The attribute `name`; a problem and nothing if it is missing.
    fn required<'n>(&mut self, node: Node<'n, '_>, name: &str) -> Option<&'n str> {
        let value = node.attribute(name);
        if value.is_none() {
            self.problem(node, format!("`{}` has no attribute `{name}`: add it", node.tag_name().name()));
        }
        value
    }

    /// The truth value of attribute `name`, `default` if it is missing.
    fn flag(&mut self, node: Node<'_, '_>, name: &str, default: bool) -> bool {
        match node.attribute(name) {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                self.problem(
                    node,
                    format!("`{name}=\"{other}\"` is no truth value: write `true` or `false`"),
                );
                default
            }
        }
    }
}

/// The child elements of a node.
fn children<'n, 'i>(node: Node<'n, 'i>) -> impl Iterator<Item = Node<'n, 'i>> {
    node.children().filter(Node::is_element)
}

/// The whole text of a node, comments left out, without surrounding white space.
fn text_of(node: Node<'_, '_>) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    text.trim().to_owned()
}
