//! What `$select`, `$expand` and `$orderby` take: one or several, properties or strings.

use std::fmt;
use std::marker::PhantomData;

use super::expand::Expand;
use super::property::Property;
use crate::delta::Change;
use crate::expanded::Expanded;
use crate::model::Model;

/// Stands for the type of items where nothing says which they have, such as the answer to a count: properties of
/// every type fit.
#[derive(Debug)]
pub enum AnyType {}

/// An order of items of type `M`: `displayName desc`.
pub struct Order<M> {
    text: String,
    model: PhantomData<fn() -> M>,
}

impl<M> Order<M> {
    pub(super) fn new(text: String) -> Self {
        Self { text, model: PhantomData }
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone())
    }
}

/// The text as OData writes it.
impl<M> fmt::Display for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Order({})", self.text)
    }
}

/// What [`Request::select`](crate::Request::select) takes for items of type `M`: a property or a string, or several in
/// an array, a slice, a `Vec` or, if their types differ, a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` selects nothing of `{M}`",
    note = "a property of a base or derived type becomes one of `{M}` by `Property::of`; properties with values of \
            different types go into a tuple"
)]
pub trait Selection<M> {
    /// Appends the text of each.
    fn add_to(&self, list: &mut Vec<String>);
}

/// What [`Request::expand`](crate::Request::expand) takes for items of type `M`: a navigation property, an [`Expand`],
/// or a string, or several in an array, a slice, a `Vec` or, if their types differ, a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that can be expanded in `{M}`",
    note = "a property of a base or derived type becomes one of `{M}` by `Property::of`; navigation properties with \
            values of different types go into a tuple"
)]
pub trait Expansion<M> {
    /// Appends the text of each.
    fn add_to(&self, list: &mut Vec<String>);
}

/// What [`Request::order_by`](crate::Request::order_by) takes for items of type `M`: a property, an [`Order`] or a
/// string, or several in an array, a slice, a `Vec` or, if their types differ, a tuple; the first counts most.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no order of `{M}`",
    note = "a property of a base or derived type becomes one of `{M}` by `Property::of`; properties with values of \
            different types go into a tuple"
)]
pub trait Ordering<M> {
    /// Appends the text of each.
    fn add_to(&self, list: &mut Vec<String>);
}

macro_rules! one {
    ($($list:ident: $([$($generics:tt)*] $ty:ty, $items:ty;)+)+) => {$($(
        impl<$($generics)*> $list<$items> for $ty {
            fn add_to(&self, list: &mut Vec<String>) {
                list.push(self.to_string());
            }
        }
    )+)+};
}

one! {
    Selection:
        [M] str, M;
        [M] String, M;
        [M: Model, T, A] Property<M, T, A>, M;
        [M: Model, T, A] Property<M, T, A>, AnyType;
        [M: Model, T, A] Property<M, T, A>, Change<M>;
    Expansion:
        [M] str, M;
        [M] String, M;
        [M: Model, T, A] Property<M, Expanded<T>, A>, M;
        [M: Model, T, A] Property<M, Expanded<T>, A>, AnyType;
        [M: Model, T, A] Property<M, Expanded<T>, A>, Change<M>;
        [M: Model, N] Expand<M, N>, M;
        [M: Model, N] Expand<M, N>, AnyType;
        [M: Model, N] Expand<M, N>, Change<M>;
    Ordering:
        [M] str, M;
        [M] String, M;
        [M: Model, T, A] Property<M, T, A>, M;
        [M: Model, T, A] Property<M, T, A>, AnyType;
        [M: Model, T, A] Property<M, T, A>, Change<M>;
        [M: Model] Order<M>, M;
        [M: Model] Order<M>, AnyType;
        [M: Model] Order<M>, Change<M>;
}

macro_rules! several {
    ($($list:ident)+) => {$(
        impl<M, S: $list<M> + ?Sized> $list<M> for &S {
            fn add_to(&self, list: &mut Vec<String>) {
                (**self).add_to(list);
            }
        }

        impl<M, S: $list<M>> $list<M> for [S] {
            fn add_to(&self, list: &mut Vec<String>) {
                self.iter().for_each(|one| one.add_to(list));
            }
        }

        impl<M, S: $list<M>, const N: usize> $list<M> for [S; N] {
            fn add_to(&self, list: &mut Vec<String>) {
                self.as_slice().add_to(list);
            }
        }

        impl<M, S: $list<M>> $list<M> for Vec<S> {
            fn add_to(&self, list: &mut Vec<String>) {
                self.as_slice().add_to(list);
            }
        }

        tuples!($list: A B C D E F G H I J K L);
    )+};
}

/// Implements a list for tuples of up to as many elements as there are names.
macro_rules! tuples {
    ($list:ident: $first:ident $($name:ident)*) => {
        impl<M, $first: $list<M>, $($name: $list<M>),*> $list<M> for ($first, $($name,)*) {
            #[allow(non_snake_case, reason = "the names of the types serve for their values")]
            fn add_to(&self, list: &mut Vec<String>) {
                let ($first, $($name,)*) = self;
                $first.add_to(list);
                $($name.add_to(list);)*
            }
        }

        tuples!($list: $($name)*);
    };
    ($list:ident:) => {};
}

several!(Selection Expansion Ordering);
