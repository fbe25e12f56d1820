//! Items of a page that do not decode: they fail alone, and the rest of the page is there.

use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::Page;
use crate::edm::Json;
use crate::json::{JsonError, ReadError, Reader, Value, Writer};

/// An item of a page that did not decode.
///
/// A client that is not [strict](crate::GraphClientBuilder::strict) gets such only for what is no object at all; a
/// strict one for every item with a property whose value is not of its declared type.
#[derive(Clone, PartialEq)]
pub struct FailedItem {
    index: usize,
    error: JsonError,
    json: Json,
}

impl FailedItem {
    /// The position of the item in its page, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Where it failed as a JSON path from the page on (`$.value[3].isRead`), which type was expected, and what stood
    /// there.
    pub fn error(&self) -> &JsonError {
        &self.error
    }

    /// The whole item as it came.
    pub fn json(&self) -> &Json {
        &self.json
    }
}

/// Without the item itself, which may be confidential.
impl fmt::Debug for FailedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedItem")
            .field("index", &self.index)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// The items of a page, read and written one by one.
pub(super) struct Read<T> {
    pub(super) items: Vec<T>,
    pub(super) failed: Vec<FailedItem>,
}

impl<T> Default for Read<T> {
    fn default() -> Self {
        Self { items: Vec::new(), failed: Vec::new() }
    }
}

impl<T: Value> Value for Read<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        reader.enter_array("a list")?;
        let mut read = Self::default();
        let mut index = 0;
        while reader.next_element(index == 0)? {
            let item = reader.attempt(|reader| T::read_onto(&mut read.items, reader));
            match item.map_err(|error| error.in_element(index))? {
                Ok(()) => {}
                Err((error, json)) => {
                    let error = reader.explain(error.in_element(index).in_property("value"));
                    read.failed.push(FailedItem { index, error, json: Json::from_raw(json) });
                }
            }
            index += 1;
        }
        Ok(read)
    }

    fn write(&self, writer: &mut Writer) {
        write(&self.items, &self.failed, writer);
    }
}

/// Writes items, and those that failed in their places.
pub(super) fn write<T: Value>(items: &[T], failed: &[FailedItem], writer: &mut Writer) {
    writer.begin_array();
    let places = Contents { items: items.iter(), failed: failed.iter().peekable(), at: 0 };
    for (index, item) in places.enumerate() {
        writer.element(index == 0);
        match item {
            Ok(item) => item.write(writer),
            Err(failed) => failed.json.write(writer),
        }
    }
    writer.end_array();
}

/// What a page holds, in the order in which it came.
pub(super) struct Contents<I: Iterator, F: Iterator> {
    items: I,
    failed: Peekable<F>,
    at: usize,
}

pub(super) type IntoContents<T> = Contents<IntoIter<T>, IntoIter<FailedItem>>;

impl<T> From<Page<T>> for IntoContents<T> {
    fn from(page: Page<T>) -> Self {
        Self { items: page.value.into_iter(), failed: page.failed.into_iter().peekable(), at: 0 }
    }
}

impl<T> IntoContents<T> {
    pub(super) fn none() -> Self {
        Self { items: Vec::new().into_iter(), failed: Vec::new().into_iter().peekable(), at: 0 }
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.items.len() + self.failed.len() == 0
    }
}

impl<I: Iterator, F: Iterator> Iterator for Contents<I, F>
where
    F::Item: std::borrow::Borrow<FailedItem>,
{
    type Item = Result<I::Item, F::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        use std::borrow::Borrow;
        let at = self.at;
        self.at += 1;
        match self.failed.next_if(|failed| failed.borrow().index <= at) {
            Some(failed) => Some(Err(failed)),
            None => match self.items.next() {
                Some(item) => Some(Ok(item)),
                None => self.failed.next().map(Err),
            },
        }
    }
}
