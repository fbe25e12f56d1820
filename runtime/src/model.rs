//! What generated entity types, complex types and action parameters have in common, and the two loops over
//! their properties that read and write them.

use std::fmt;

use crate::edm::Json;
use crate::extra::Extra;
use crate::json::{ObjectCursor, REST, ReadError, Reader, Value, Writer};

/// What is known of a structured type at run time.
#[derive(Debug)]
pub struct TypeInfo {
    /// The qualified name, such as `microsoft.graph.user`.
    pub name: &'static str,
    /// The qualified names of the base types, nearest first.
    pub bases: &'static [&'static str],
    /// The JSON names of all properties, inherited ones included, sorted by their bytes.
    pub properties: &'static [&'static str],
}

/// A structured type of the service: an entity type, a complex type or an action's parameters.
///
/// Implemented by generated code. A property is addressed by its index in [`TypeInfo::properties`].
pub trait Model: Default + 'static {
    /// The type's name and properties.
    const TYPE: &'static TypeInfo;

    /// The qualified names of all types that derive from this one, sorted, if it derives from another one itself.
    const DERIVED: &'static [&'static str] = &[];

    /// Reads the value of one property into its field; the reader stands at the value. Whatever index has no field is
    /// read into the extras, by [`Reader::rest`].
    ///
    /// # Errors
    /// If the value is not of the field's type.
    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError>;

    /// Writes the extras, by [`Writer::extra`], and then the properties whose fields are set, in the order of their
    /// indices.
    fn write(&self, writer: &mut Writer);

    /// A copy of what the value carries beyond its fields, which generated types have as their field `extra`.
    fn extra(&self) -> Extra {
        let mut writer = Writer::of_extra();
        self.write(&mut writer);
        writer.into_extra()
    }

    /// Replaces what the value carries beyond its fields, by what a value of the same type carried: which properties are
    /// declared differs from type to type, and [`upcast`](Self::upcast) and [`downcast`](Self::downcast) heed it.
    fn set_extra(&mut self, extra: Extra) {
        let read = self.read(REST, &mut Reader::of_extra(extra));
        debug_assert!(read.is_ok(), "what has no field is read into the extras");
    }

    /// Whether a property was read as an explicit null, or is to be written as one.
    fn is_null(&self, property: &str) -> bool {
        Self::TYPE.index(property).is_some_and(|index| {
            let extra = self.extra();
            extra.is_null(index) || extra.declared_member(property).is_some_and(|m| m.value == "null")
        })
    }

    /// Has a property written as null as long as its field is not set; `false` undoes it. Names that the
    /// type does not declare are ignored.
    fn set_null(&mut self, property: &str, null: bool) {
        if let Some(index) = Self::TYPE.index(property) {
            let name = Self::TYPE.properties[index];
            let mut extra = self.extra();
            extra.forget_null(index, name);
            if null {
                extra.note_null(index, name);
            }
            self.set_extra(extra);
        }
    }

    /// Whether the value is a `D`: its declared type is `D` or derives from it, or the service said so of the type that
    /// it has (`@odata.type`).
    fn is<D: Model>(&self) -> bool {
        let fits = |name: &str| name == D::TYPE.name || D::DERIVED.binary_search(&name).is_ok();
        Self::TYPE.is_or_derives_from(D::TYPE) || self.extra().odata_type().is_some_and(|name| fits(&name))
    }

    /// The value as one of a derived type, with all that it carried.
    ///
    /// # Errors
    /// The value itself, if it is no `D`.
    fn downcast<D: Model>(self) -> Result<D, Self> {
        const { assert!(D::TYPE.is_or_derives_from(Self::TYPE), "it would be no downcast") };
        if self.is::<D>() { Ok(convert(&self)) } else { Err(self) }
    }

    /// The value as one of a base type, with all that it carries; its type is sent with it (`@odata.type`).
    fn upcast<B: Model>(self) -> B {
        const { assert!(Self::TYPE.is_or_derives_from(B::TYPE), "it would be no upcast") };
        let mut base: B = convert(&self);
        let mut extra = base.extra();
        if extra.odata_type().is_none() {
            extra.insert("@odata.type", &Self::TYPE.annotation());
            base.set_extra(extra);
        }
        base
    }
}

impl TypeInfo {
    /// The value of `@odata.type` for this type.
    pub(crate) fn annotation(&self) -> Json {
        Json::encode(&format!("#{}", self.name))
    }

    /// The index of a property by its JSON name.
    pub fn index(&self, property: &str) -> Option<usize> {
        self.properties.binary_search(&property).ok()
    }
}

impl<M: Model> Model for Box<M> {
    const TYPE: &'static TypeInfo = M::TYPE;
    const DERIVED: &'static [&'static str] = M::DERIVED;

    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        (**self).read(property, reader)
    }

    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

/// Reads a value that is a whole text. It stands here as the compiler puts the code that drops a value, which is long for
/// models, into each module that has a use for it.
pub(crate) fn read_document<T: Value>(reader: &mut Reader<'_>) -> Result<T, ReadError> {
    reader.peek();
    let value = T::read(reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a model from an object.
pub(crate) fn read<M: Model>(reader: &mut Reader<'_>) -> Result<M, ReadError> {
    let object = reader.begin_object(M::TYPE)?;
    let mut model = M::default();
    fill(&mut model, object, reader)?;
    Ok(model)
}

/// Reads a model into a field, which is empty if there is an error.
pub(crate) fn read_into<M: Model>(field: &mut Option<M>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let object = reader.begin_object(M::TYPE)?;
    let filled = fill(field.insert(M::default()), object, reader);
    if filled.is_err() {
        *field = None;
    }
    filled
}

/// Reads a model onto the end of a list, which stays as it is if there is an error.
pub(crate) fn read_onto<M: Model>(list: &mut Vec<M>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let object = reader.begin_object(M::TYPE)?;
    list.push(M::default());
    let filled = list.last_mut().map_or(Ok(()), |model| fill(model, object, reader));
    if filled.is_err() {
        list.pop();
    }
    filled
}

fn fill<M: Model>(model: &mut M, mut object: ObjectCursor, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    while let Some(property) = reader.next_property(M::TYPE, &mut object)? {
        let result = model.read(property, reader);
        if property == REST {
            result?;
            continue;
        }
        if result.is_err() || reader.was_respelled() {
            reader.settle(result, M::TYPE.properties[property], &object)?;
            model.read(REST, reader)?;
        }
    }
    Ok(())
}

/// Writes a model as an object: its type if it carries one, what it does not declare in the order in which it was read,
/// then its properties in their declared order.
pub(crate) fn write<M: Model>(model: &M, writer: &mut Writer) {
    let outer = writer.enter(M::TYPE);
    model.write(writer);
    writer.leave(outer);
}

/// Copies a model by way of its JSON text, which loses nothing. A derived `Clone` would cost every program that
/// compiles the crate more than it is worth to those few that copy models.
#[doc(hidden)]
pub fn clone<M: Model>(model: &M) -> M {
    convert(model)
}

/// Copies a model into another type; what has no field there is kept in its extras.
fn convert<M: Model, N: Model>(model: &M) -> N {
    crate::json::read_back(&crate::json::to_vec(model)).expect("every model reads every object")
}

/// Compares models by what they would send.
#[doc(hidden)]
pub fn equal<M: Model>(one: &M, other: &M) -> bool {
    crate::json::to_vec(one) == crate::json::to_vec(other)
}

/// Formats a model for people: its type's short name and what is set, secrets masked.
#[doc(hidden)]
pub fn debug<M: Model>(model: &M, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    show(M::TYPE.name, &crate::json::to_vec(model), f)
}

fn show(name: &str, json: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let short = name.rsplit('.').next().unwrap_or(name);
    write!(f, "{short} {}", crate::json::redact::masked(Some(short), json))
}

/// Implements for models what follows from [`Model`]: `Clone`, `PartialEq`, `Debug`, and serde's `Serialize` and
/// `Deserialize` if the feature `serde` is on.
///
/// All is `#[inline]`, so that only a program that calls it compiles it, and not the crate, for every type.
///
/// `Debug` shows only what is set, and masks values whose names say that they are secrets.
#[macro_export]
macro_rules! models {
    ($($model:ty),* $(,)?) => {$(
        impl ::std::clone::Clone for $model {
            #[inline]
            fn clone(&self) -> Self {
                $crate::__private::clone(self)
            }
        }

        impl ::std::cmp::PartialEq for $model {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::equal(self, other)
            }
        }

        impl ::std::fmt::Debug for $model {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::__private::debug(self, f)
            }
        }

        $crate::serde_of_generated!($model);
    )*};
}
