//! Properties as values: what generated constants are.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use super::expression::Expression;
use super::term::{Binding, Term};
use crate::model::{Model, TypeInfo};

/// What a program may do with a property: set it whenever it writes.
#[derive(Debug)]
pub enum Writable {}

/// What a program may do with a property: set it on creation only (`Core.Immutable`).
#[derive(Debug)]
pub enum CreateOnly {}

/// What a program may do with a property: read it (`Core.Computed`, or `Core.Permissions` with only `Read`).
#[derive(Debug)]
pub enum ReadOnly {}

/// A property of the type `M` whose values are of type `T`. `A` says whether it can be written: [`Writable`],
/// [`CreateOnly`] or [`ReadOnly`].
///
/// Navigation properties have an [`Expanded`](crate::Expanded) value, collections a `Vec`. A property has the methods
/// of an [`Expression`]: comparisons, functions, orders, paths; and it is one, by [`Into`].
///
/// ```
/// use msgraph_runtime::{Property, Reference};
///
/// const ID: Property<Reference, String> = Property::Named("@odata.id");
/// assert_eq!(ID.eq("it's").to_string(), "@odata.id eq 'it''s'");
/// ```
///
/// There are thousands of constants of it, and of all forms that they could have, a literal of an enumeration costs the
/// compiler least; so a property is always [`Named`](Self::Named).
pub enum Property<M, T, A = Writable> {
    /// The property of this JSON name. Generated code states it; programs do for properties that the metadata does not
    /// have, such as extensions.
    Named(&'static str),
    /// Holds the types; there are no values of it.
    #[doc(hidden)]
    Of(Infallible, Types<M, T, A>),
}

/// Says which types a property is of without having values of them.
type Types<M, T, A> = PhantomData<fn() -> (M, T, A)>;

impl<M, T, A> Property<M, T, A> {
    /// The JSON name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Named(name) => name,
            Self::Of(never, _) => match *never {},
        }
    }
}

impl<M: Model, T, A> Property<M, T, A> {
    /// The property in queries to collections whose items are declared as another type: a base type of `M`, whose
    /// items may be of type `M`, or a derived type. Types that are not related do not compile.
    ///
    /// ```
    /// # use msgraph_runtime::{Model, Property};
    /// # fn example<User: Model>(display_name: Property<User, String>) {
    /// // With generated types: user::DISPLAY_NAME.of::<DirectoryObject>()
    /// display_name.of::<User>();
    /// # }
    /// ```
    pub fn of<N: Model>(&self) -> Property<N, T, A> {
        const { assert!(M::TYPE.is_or_derives_from(N::TYPE) || N::TYPE.is_or_derives_from(M::TYPE)) };
        Property::Named(self.name())
    }
}

impl TypeInfo {
    /// Whether this is another type or derives from it.
    pub const fn is_or_derives_from(&self, other: &Self) -> bool {
        let mut at = 0;
        while at < self.bases.len() {
            if equal(self.bases[at].as_bytes(), other.name.as_bytes()) {
                return true;
            }
            at += 1;
        }
        equal(self.name.as_bytes(), other.name.as_bytes())
    }
}

/// `==` at compile time.
const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl<M, T, A> Term<M, T> for Property<M, T, A> {
    fn text(&self) -> &str {
        self.name()
    }

    fn binding(&self) -> Binding {
        Binding::Primary
    }

    fn needs_advanced(&self) -> bool {
        false
    }
}

impl<M, T, A> Clone for Property<M, T, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, A> Copy for Property<M, T, A> {}

/// Where an expression itself is wanted.
impl<M, T, A> From<Property<M, T, A>> for Expression<M, T> {
    fn from(property: Property<M, T, A>) -> Self {
        Self::new(property.name().to_owned(), Binding::Primary, false)
    }
}

impl<M, T, A> AsRef<str> for Property<M, T, A> {
    fn as_ref(&self) -> &str {
        self.name()
    }
}

/// The JSON name.
impl<M, T, A> fmt::Display for Property<M, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<M, T, A> fmt::Debug for Property<M, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Property({})", self.name())
    }
}
