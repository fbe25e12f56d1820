//! Enumerations of the service: closed in its metadata, open in life, so an unknown member is a value like
//! any other. Sets of members (`IsFlags`) are [`Flags`].

use std::fmt;

use crate::json::{ReadError, Reader, Writer};

/// An enumeration type of the service. Implemented by generated code.
pub trait Enumeration: Sized + Clone + PartialEq + 'static {
    /// What is known of the type.
    const TYPE: &'static EnumerationInfo<Self>;
}

/// What is known of an enumeration type at run time.
#[derive(Debug)]
pub struct EnumerationInfo<E: 'static> {
    /// The qualified name, such as `microsoft.graph.ageGroup`.
    pub name: &'static str,
    /// All members that this crate knows, in their declared order.
    pub members: &'static [E],
    /// Makes a value of a member that it does not know.
    pub unknown: fn(UnknownMember) -> E,
    /// The name of a member, as the service writes it.
    pub as_str: fn(&E) -> &str,
}

/// The name of a member that this crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownMember(Box<str>);

impl UnknownMember {
    /// The name as the service sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a member.
pub(crate) fn member_name<E: Enumeration>(value: &E) -> &str {
    (E::TYPE.as_str)(value)
}

/// The member of a name; exact spelling first, then without regard to case and
/// to white space around it.
#[doc(hidden)]
pub fn member<E: Enumeration>(name: &str) -> E {
    known(name).or_else(|| known(name.trim())).unwrap_or_else(|| unknown(name))
}

fn known<E: Enumeration>(name: &str) -> Option<E> {
    let members = E::TYPE.members;
    find(name, members.len(), &|index| member_name(&members[index])).map(|index| members[index].clone())
}

/// The index of a member, found by its name: apart from the types, of which a program may have many.
fn find(name: &str, count: usize, name_of: &dyn Fn(usize) -> &'static str) -> Option<usize> {
    let exact = (0..count).find(|index| name_of(*index) == name);
    exact.or_else(|| (0..count).find(|index| name_of(*index).eq_ignore_ascii_case(name)))
}

fn unknown<E: Enumeration>(name: &str) -> E {
    (E::TYPE.unknown)(UnknownMember(name.into()))
}

/// Reads a member; one in another spelling asks for its text to be kept.
#[doc(hidden)]
pub fn read_member<E: Enumeration>(reader: &mut Reader<'_>) -> Result<E, ReadError> {
    let name = reader.expect_string(E::TYPE.name)?;
    let member = member(&name);
    if member_name(&member) != name {
        reader.note_respelled();
    }
    Ok(member)
}

/// Writes a member.
#[doc(hidden)]
pub fn write_member<E: Enumeration>(value: &E, writer: &mut Writer) {
    writer.string(member_name(value));
}

/// A set of members (an enumeration with `IsFlags`), written `"read,write"`; the order of reading is kept.
///
/// Members that this crate does not know are members like any other. An enumeration type converts from text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flags<E>(Vec<E>);

impl<E: Enumeration> Flags<E> {
    /// A set without members.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether a member is in the set.
    pub fn contains(&self, member: &E) -> bool {
        self.0.contains(member)
    }

    /// Adds a member, if it is not there yet.
    pub fn insert(&mut self, member: E) {
        if !self.contains(&member) {
            self.0.push(member);
        }
    }

    /// Takes a member out; whether it was there.
    pub fn remove(&mut self, member: &E) -> bool {
        let before = self.0.len();
        self.0.retain(|other| other != member);
        self.0.len() < before
    }

    /// The members in the order in which they were read or added.
    pub fn iter(&self) -> std::slice::Iter<'_, E> {
        self.0.iter()
    }

    /// Whether the set has no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::new();
        }
        Self(text.split(',').map(|name| member(name.trim())).collect())
    }
}

impl<E: Enumeration> Default for Flags<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Enumeration> From<E> for Flags<E> {
    fn from(member: E) -> Self {
        Self(vec![member])
    }
}

impl<E: Enumeration> FromIterator<E> for Flags<E> {
    fn from_iter<I: IntoIterator<Item = E>>(members: I) -> Self {
        let mut set = Self::new();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl<'a, E: Enumeration> IntoIterator for &'a Flags<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<E: Enumeration> fmt::Display for Flags<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(member_name(member))?;
        }
        Ok(())
    }
}

impl<E: Enumeration> std::str::FromStr for Flags<E> {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}

impl<E: Enumeration> crate::json::Value for Flags<E> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let text = reader.expect_string(E::TYPE.name)?;
        let set = Self::parse(&text);
        if set.to_string() != text {
            reader.note_respelled();
        }
        Ok(set)
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(&self.to_string());
    }
}

impl<E: Enumeration> serde_core::Serialize for Flags<E> {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::serde::serialize(self, serializer)
    }
}

impl<'de, E: Enumeration> serde_core::Deserialize<'de> for Flags<E> {
    fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::json::serde::deserialize(deserializer)
    }
}

/// Implements for enumerations what follows from their `as_str`: `PartialEq`, `Eq`, `Display`, `Debug`, `Hash`,
/// `From<&str>`, [`Value`](crate::json::Value), and serde's traits if the feature `serde` is on.
#[macro_export]
macro_rules! enumerations {
    ($($enumeration:ty),* $(,)?) => {$(
        impl ::std::cmp::PartialEq for $enumeration {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::std::cmp::Eq for $enumeration {}

        impl ::std::fmt::Display for $enumeration {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $enumeration {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::hash::Hash for $enumeration {
            #[inline]
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                ::std::hash::Hash::hash(self.as_str(), state);
            }
        }

        impl ::std::convert::From<&str> for $enumeration {
            #[inline]
            fn from(name: &str) -> Self {
                $crate::__private::member(name)
            }
        }

        impl $crate::json::Value for $enumeration {
            #[inline]
            fn read(
                reader: &mut $crate::json::Reader<'_>,
            ) -> ::std::result::Result<Self, $crate::json::ReadError> {
                $crate::__private::read_member(reader)
            }

            #[inline]
            fn write(&self, writer: &mut $crate::json::Writer) {
                $crate::__private::write_member(self, writer);
            }
        }

        $crate::serde_of_generated!($enumeration);
    )*};
}
