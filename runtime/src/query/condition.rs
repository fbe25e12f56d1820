//! Conditions: how they combine, and what a filter takes.

use std::ops::Not;

use super::expression::Expression;
use super::list::AnyType;
use super::term::{Binding, Term, methods};
use crate::delta::Change;
use crate::model::Model;

/// What holds for an item of type `M` or not.
pub type Condition<M> = Expression<M, bool>;

methods! { [M] bool:
    /// Both hold.
    #[must_use]
    pub fn and(&self, other: Condition<M>) -> Condition<M> {
        combined(self, "and", Binding::And, &other)
    }

    /// One of them holds at least.
    #[must_use]
    pub fn or(&self, other: Condition<M>) -> Condition<M> {
        combined(self, "or", Binding::Or, &other)
    }
}

fn combined<M>(
    one: &impl Term<M, bool>,
    operator: &str,
    binding: Binding,
    other: &Condition<M>,
) -> Condition<M> {
    let text = format!("{} {operator} {}", one.bound(binding), other.bound(binding));
    Expression::new(text, binding, one.needs_advanced() || other.is_advanced())
}

/// It does not hold: `not (…)`.
impl<M> Not for Expression<M, bool> {
    type Output = Self;

    fn not(self) -> Self {
        self.derived(format!("not ({self})")).advanced()
    }
}

/// What [`Request::filter`](crate::Request::filter) takes for items of type `M`: a [`Condition`], or a string, which is
/// sent as it stands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no condition on items of `{M}`",
    note = "a property of a base or derived type becomes one of `{M}` by `Property::of`"
)]
pub trait Filter<M> {
    /// The text as OData writes it.
    fn text(&self) -> &str;

    /// See [`Expression::is_advanced`]. Nothing is known of strings.
    fn is_advanced(&self) -> bool {
        false
    }
}

impl<M> Filter<M> for &str {
    fn text(&self) -> &str {
        self
    }
}

impl<M> Filter<M> for String {
    fn text(&self) -> &str {
        self
    }
}

impl<M> Filter<M> for &String {
    fn text(&self) -> &str {
        self
    }
}

macro_rules! conditions {
    ($(($($generics:tt)*) $model:ty, $items:ty;)+) => {$(
        impl<$($generics)*> Filter<$items> for Condition<$model> {
            fn text(&self) -> &str {
                self.as_str()
            }

            fn is_advanced(&self) -> bool {
                Self::is_advanced(self)
            }
        }

        impl<$($generics)*> Filter<$items> for &Condition<$model> {
            fn text(&self) -> &str {
                self.as_str()
            }

            fn is_advanced(&self) -> bool {
                Condition::is_advanced(self)
            }
        }
    )+};
}

conditions! {
    (M: Model) M, M;
    (M: Model) M, AnyType;
    (M: Model) M, Change<M>;
}
