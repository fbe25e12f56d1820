//! What can be compared with what.

use super::expression::Expression;
use super::property::Property;
use crate::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use crate::enumeration::{Enumeration, Flags};
use crate::literal::ToLiteral;

/// A value that an [`Expression<M, T>`] can be compared with: a literal of `T`, [`Null`], or another expression of
/// `T` over the same items.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be compared with a value of type `{T}`")]
pub trait Operand<M, T> {
    /// Appends the text as OData writes it.
    fn write(&self, out: &mut String);

    /// See [`Expression::is_advanced`].
    fn is_advanced(&self) -> bool {
        false
    }
}

/// `null`: that there is no value.
///
/// ```
/// use msgraph_runtime::{Property, Reference, query::Null};
/// let id: Property<Reference, String> = Property::Named("id");
/// assert_eq!(id.ne(Null).to_string(), "id ne null");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Null;

impl<M, T> Operand<M, T> for Null {
    fn write(&self, out: &mut String) {
        out.push_str("null");
    }
}

impl<M, T> Operand<M, T> for Expression<M, T> {
    fn write(&self, out: &mut String) {
        out.push_str(self.as_str());
    }

    fn is_advanced(&self) -> bool {
        Self::is_advanced(self)
    }
}

impl<M, T, A> Operand<M, T> for Property<M, T, A> {
    fn write(&self, out: &mut String) {
        out.push_str(self.name());
    }
}

macro_rules! literals {
    ($($literal:ty => $($ty:ty),+;)+) => {$($(
        impl<M> Operand<M, $ty> for $literal {
            fn write(&self, out: &mut String) {
                self.write_literal(out);
            }
        }
    )+)+};
}

// Numbers compare with numbers that hold them without loss.
literals! {
    &str => String;
    String => String;
    &String => String;
    bool => bool;
    u8 => u8, i16, i32, i64, f32, f64, Decimal;
    i8 => i8, i16, i32, i64, f32, f64, Decimal;
    i16 => i16, i32, i64, f32, f64, Decimal;
    i32 => u8, i8, i16, i32, i64, f64, Decimal;
    i64 => i64, Decimal;
    f32 => f32, f64;
    f64 => f32, f64;
    Decimal => Decimal;
    &Decimal => Decimal;
    Date => Date;
    DateTimeOffset => DateTimeOffset;
    TimeOfDay => TimeOfDay;
    Guid => Guid;
}

macro_rules! prefixed {
    ($($prefix:literal $ty:ty),+) => {$(
        /// Written with its type, as expressions have it (OData ABNF, `primitiveLiteral`).
        impl<M> Operand<M, $ty> for $ty {
            fn write(&self, out: &mut String) {
                out.push_str($prefix);
                self.write_literal(out);
            }
        }

        impl<M> Operand<M, $ty> for &$ty {
            fn write(&self, out: &mut String) {
                Operand::<M, $ty>::write(*self, out);
            }
        }
    )+};
}

prefixed!("duration" Duration, "binary" Binary);

/// A member of an enumeration.
impl<M, E: Enumeration> Operand<M, E> for E {
    fn write(&self, out: &mut String) {
        self.write_literal(out);
    }
}

/// A set that has this one member.
impl<M, E: Enumeration> Operand<M, Flags<E>> for E {
    fn write(&self, out: &mut String) {
        self.write_literal(out);
    }
}

/// A set.
impl<M, E: Enumeration> Operand<M, Flags<E>> for Flags<E> {
    fn write(&self, out: &mut String) {
        self.write_literal(out);
    }
}
