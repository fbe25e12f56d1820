//! Changes to a value, in which what is absent, what becomes null and what becomes a value differ.

use std::fmt;
use std::marker::PhantomData;

use crate::edm::Json;
use crate::extra::Extra;
use crate::json::{self, Value};
use crate::model::Model;
use crate::query::Property;

/// Changes to an `M`: properties that get a value, and properties that become null. All others stay as they are.
///
/// Only properties that can be changed fit: one that the service computes, or that is set on creation only, does not
/// compile.
///
/// ```
/// use msgraph_runtime::{Model, Patch, Property};
///
/// # fn example<User: Model>(mobile_phone: Property<User, String>, office_location: Property<User, String>) {
/// // user::Patch::new().set(user::MOBILE_PHONE, "+1 555 0100").clear(user::OFFICE_LOCATION)
/// let patch = Patch::new().set(mobile_phone, "+1 555 0100").clear(office_location);
/// assert_eq!(patch.to_string(), r#"{"mobilePhone":"+1 555 0100","officeLocation":null}"#);
/// # }
/// ```
#[must_use = "a patch changes nothing unless it is sent"]
pub struct Patch<M> {
    members: Extra,
    model: PhantomData<fn() -> M>,
}

/// What an update takes for an `M`: a [`Patch`], or a model, of which is sent what is set.
#[diagnostic::on_unimplemented(message = "`{Self}` does not change a value of type `{M}`")]
pub trait Update<M> {
    /// The JSON text that is sent.
    fn to_json(&self) -> Vec<u8>;
}

impl<M> Patch<M> {
    /// No changes.
    pub fn new() -> Self {
        Self { members: Extra::default(), model: PhantomData }
    }

    /// Gives a property a value. The last call for a property counts.
    pub fn set<T: Value>(self, property: Property<M, T>, value: impl Into<T>) -> Self {
        self.set_json(property.name(), &Json::encode(&value.into()))
    }

    /// Makes a property null.
    pub fn clear<T>(self, property: Property<M, T>) -> Self {
        self.set_json(property.name(), &Json::from_raw("null"))
    }

    /// Changes a complex value in part.
    pub fn patch<T>(self, property: Property<M, T>, patch: Patch<T>) -> Self {
        self.set_json(property.name(), &Json::from_raw(&patch.to_string()))
    }

    /// Sets a property that the metadata does not have, such as an extension or an annotation.
    pub fn set_json(mut self, name: &str, value: &Json) -> Self {
        self.members.insert(name, value);
        self
    }

    /// Whether there are no changes.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<M: Model> Patch<M> {
    /// The changes as those to a value of a base type; which type it is, is sent with them (`@odata.type`).
    pub fn upcast<B: Model>(self) -> Patch<B> {
        const { assert!(M::TYPE.is_or_derives_from(B::TYPE), "it would be no upcast") };
        let typed = Patch::new().set_json("@odata.type", &M::TYPE.annotation());
        self.members.iter().fold(typed, |patch, (name, value)| patch.set_json(&name, &Json::from_raw(value)))
    }
}

impl<M> Update<M> for Patch<M> {
    fn to_json(&self) -> Vec<u8> {
        self.members.to_json()
    }
}

impl<M> Update<M> for &Patch<M> {
    fn to_json(&self) -> Vec<u8> {
        self.members.to_json()
    }
}

impl<M: Model> Update<M> for &M {
    fn to_json(&self) -> Vec<u8> {
        json::to_vec(*self)
    }
}

impl<M> Default for Patch<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Patch<M> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone(), model: PhantomData }
    }
}

/// The JSON text that is sent.
impl<M> fmt::Display for Patch<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.members.to_json()))
    }
}

/// The JSON text, secrets masked.
impl<M> fmt::Debug for Patch<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patch {}", json::redact::masked(None, &self.members.to_json()))
    }
}
