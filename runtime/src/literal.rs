//! Values as OData literals, for keys and function arguments in a URL's path and for filters (OData ABNF,
//! `primitiveLiteral`). Percent-encoding comes later: a literal here is the text the service sees.

use std::fmt::Write;

use crate::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use crate::enumeration::{Enumeration, Flags, member_name};

/// A value that has an OData literal.
///
/// ```
/// use msgraph_runtime::ToLiteral;
/// assert_eq!("O'Neil".to_literal(), "'O''Neil'");
/// assert_eq!(true.to_literal(), "true");
/// ```
pub trait ToLiteral {
    /// Appends the literal.
    fn write_literal(&self, out: &mut String);

    /// The literal.
    fn to_literal(&self) -> String {
        let mut out = String::new();
        self.write_literal(&mut out);
        out
    }
}

impl ToLiteral for str {
    fn write_literal(&self, out: &mut String) {
        out.push('\'');
        for part in self.split_inclusive('\'') {
            out.push_str(part);
            if part.ends_with('\'') {
                out.push('\'');
            }
        }
        out.push('\'');
    }
}

impl ToLiteral for String {
    fn write_literal(&self, out: &mut String) {
        self.as_str().write_literal(out);
    }
}

impl ToLiteral for &str {
    fn write_literal(&self, out: &mut String) {
        (**self).write_literal(out);
    }
}

impl<T: ToLiteral> ToLiteral for &[T] {
    fn write_literal(&self, out: &mut String) {
        (**self).write_literal(out);
    }
}

/// A list, written as `['a','b']`.
impl<T: ToLiteral> ToLiteral for [T] {
    fn write_literal(&self, out: &mut String) {
        out.push('[');
        for (index, element) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            element.write_literal(out);
        }
        out.push(']');
    }
}

impl<T: ToLiteral> ToLiteral for Vec<T> {
    fn write_literal(&self, out: &mut String) {
        self.as_slice().write_literal(out);
    }
}

macro_rules! bare {
    ($($type:ty),+) => {$(
        /// Written without quotes.
        impl ToLiteral for $type {
            fn write_literal(&self, out: &mut String) {
                // Writing to a string cannot fail.
                let _ = write!(out, "{self}");
            }
        }
    )+};
}

bare!(bool, u8, i8, i16, i32, i64, Date, DateTimeOffset, TimeOfDay, Guid, Decimal);

macro_rules! floats {
    ($($type:ty),+) => {$(
        impl ToLiteral for $type {
            fn write_literal(&self, out: &mut String) {
                let text = match *self {
                    value if value.is_nan() => "NaN".to_owned(),
                    Self::INFINITY => "INF".to_owned(),
                    Self::NEG_INFINITY => "-INF".to_owned(),
                    value => value.to_string(),
                };
                out.push_str(&text);
            }
        }
    )+};
}

floats!(f32, f64);

/// Written in quotes, as Graph expects it of function arguments.
impl ToLiteral for Duration {
    fn write_literal(&self, out: &mut String) {
        self.as_str().write_literal(out);
    }
}

/// Written in quotes, as Graph expects it of function arguments.
impl ToLiteral for Binary {
    fn write_literal(&self, out: &mut String) {
        self.as_str().write_literal(out);
    }
}

/// The member's name in quotes.
impl<E: Enumeration> ToLiteral for E {
    fn write_literal(&self, out: &mut String) {
        member_name(self).write_literal(out);
    }
}

/// The members' names in quotes.
impl<E: Enumeration> ToLiteral for Flags<E> {
    fn write_literal(&self, out: &mut String) {
        self.to_string().write_literal(out);
    }
}
