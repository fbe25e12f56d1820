//! Collections that come in pages: one page, the streams of pages and of their items, and places to go on from.

mod checkpoint;
mod item;
mod pages;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::{Position, StoredHeaders};
pub use item::FailedItem;
pub use pages::{Items, Pages};

use crate::extra::Extra;
use crate::json::{JsonError, REST, ReadError, Reader, Value, Writer};
use crate::model::TypeInfo;
use crate::response::{Answer, Decode};

/// One page of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub value: Vec<T>,
    /// Items that did not decode, which are not in `value`. Streams give an error in the place of each.
    pub failed: Vec<FailedItem>,
    /// Where the next page is, if there is one (`@odata.nextLink`).
    pub next_link: Option<String>,
    /// Where changes since this answer can be asked for, on the last page (`@odata.deltaLink`).
    pub delta_link: Option<String>,
    /// The number of items in all pages, if it was asked for (`@odata.count`). What is no such number is kept in `extra`.
    pub count: Option<i64>,
    /// What else came with the page.
    pub extra: Extra,
}

static PAGE: TypeInfo = TypeInfo {
    name: "a page of a collection, with a list \"value\"",
    bases: &[],
    properties: &["@odata.count", "@odata.deltaLink", "@odata.nextLink", "value"],
};

impl<T: Value> Value for Page<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = reader.offset();
        let mut object = reader.begin_object(&PAGE)?;
        let (mut count, mut delta_link, mut next_link, mut value) = (None, None, None, None::<item::Read<T>>);
        let mut extra = Extra::default();
        while let Some(property) = reader.next_property(&PAGE, &mut object)? {
            let read = match property {
                REST => {
                    reader.rest(&mut extra)?;
                    continue;
                }
                0 => {
                    // A count that can't be read must not cost the items.
                    let read = reader.read(&mut count);
                    if read.is_err() {
                        reader.settle(read, PAGE.properties[0], &object)?;
                        reader.rest(&mut extra)?;
                    }
                    continue;
                }
                1 => reader.read(&mut delta_link),
                2 => reader.read(&mut next_link),
                _ => reader.read(&mut value),
            };
            read.map_err(|error| error.in_property(PAGE.properties[property]))?;
        }
        // Services leave out the list of a page without items; but what leads nowhere either is no page.
        let is_page = next_link.is_some() || delta_link.is_some();
        let read =
            value.or(is_page.then(item::Read::default)).ok_or_else(|| reader.mismatch(PAGE.name, at))?;
        Ok(Self { value: read.items, failed: read.failed, next_link, delta_link, count, extra })
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        let is_shown = |name: &str| self.count.is_none() || name != PAGE.properties[0];
        for member in self.extra.members().filter(|member| is_shown(&member.name)) {
            writer.raw_member(&member);
        }
        writer.declared(&PAGE, None, |writer| {
            writer.write(0, &self.count);
            writer.write(1, &self.delta_link);
            writer.write(2, &self.next_link);
        });
        writer.name("value");
        item::write(&self.value, &self.failed, writer);
        writer.end_object();
    }
}

impl<T: Value> Decode for Page<T> {
    type Output = Self;
    type Item = T;

    fn decode(answer: &mut Answer) -> Result<Self, JsonError> {
        answer.value()
    }
}
