//! The values of navigation properties: kept as they were read, decoded when asked for.

use std::fmt;
use std::marker::PhantomData;

use crate::edm::Json;
use crate::json::{JsonError, ReadError, Reader, Value, Writer};

/// What stands in a navigation property, if it was expanded: JSON text of a `T`, decoded on demand.
///
/// Related entities lead to further related entities, and so to most types of the service. As they are not decoded
/// together with the entity that carries them, a program contains the code of those types only that it asks for.
///
/// ```
/// use msgraph_runtime::Expanded;
///
/// let numbers = Expanded::new(&vec![1, 2, 3]);
/// assert_eq!(numbers.get()?, vec![1, 2, 3]);
/// # Ok::<(), msgraph_runtime::json::JsonError>(())
/// ```
pub struct Expanded<T> {
    json: Json,
    ty: PhantomData<fn() -> T>,
}

impl<T: Value> Expanded<T> {
    /// Takes a value to be sent.
    pub fn new(value: &T) -> Self {
        Self::from_json(Json::encode(value))
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// If the service sent something that is not a `T`.
    pub fn get(&self) -> Result<T, JsonError> {
        self.json.decode()
    }
}

impl<T> Expanded<T> {
    /// Takes JSON text that stands for a `T`, such as a value of a derived type.
    pub fn from_json(json: Json) -> Self {
        Self { json, ty: PhantomData }
    }

    /// The value as JSON.
    pub fn json(&self) -> &Json {
        &self.json
    }
}

impl<T: Value> From<T> for Expanded<T> {
    fn from(value: T) -> Self {
        Self::new(&value)
    }
}

impl<T> Clone for Expanded<T> {
    fn clone(&self) -> Self {
        Self::from_json(self.json.clone())
    }
}

impl<T> PartialEq for Expanded<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T> fmt::Debug for Expanded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.json, f)
    }
}

impl<T> Value for Expanded<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Json::read(reader).map(Self::from_json)
    }

    fn write(&self, writer: &mut Writer) {
        self.json.write(writer);
    }
}
