//! Expressions: properties, paths and functions, as OData writes them (OData ABNF, `commonExpr`).

use std::fmt;
use std::marker::PhantomData;

use super::condition::Condition;
use super::list::Order;
use super::operand::Operand;
use super::property::Property;
use super::term::{Binding, Term, methods};
use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
use crate::expanded::Expanded;
use crate::model::Model;

/// Something that has a value of type `T` for each item of type `M`: a property, a path, a call of a function, a
/// condition (`T` is `bool`).
///
/// Comparisons with values of another type do not compile.
pub struct Expression<M, T> {
    text: String,
    binding: Binding,
    /// Whether the directory answers it only with eventual consistency and `$count=true`.
    is_advanced: bool,
    ty: PhantomData<fn() -> (M, T)>,
}

/// Values that have an order: `gt`, `ge`, `lt` and `le` compare them.
pub trait Ordered {}

macro_rules! ordered {
    ($($ty:ty),+) => { $(impl Ordered for $ty {})+ };
}

ordered!(String, u8, i8, i16, i32, i64, f32, f64, Decimal, Date, DateTimeOffset, Duration, TimeOfDay);

/// Values that have properties: those of complex types, and of navigation properties.
pub trait Structured {
    /// The type that has the properties.
    type Model: Model;
}

impl<M: Model> Structured for M {
    type Model = M;
}

impl<M: Model> Structured for Expanded<M> {
    type Model = M;
}

/// Values that are many: `any` and `all` ask about their elements.
pub trait Collection {
    /// The type of the elements.
    type Element;
}

impl<T> Collection for Vec<T> {
    type Element = T;
}

impl<T> Collection for Expanded<Vec<T>> {
    type Element = T;
}

impl<M, T> Expression<M, T> {
    pub(super) fn new(text: String, binding: Binding, is_advanced: bool) -> Self {
        Self { text, binding, is_advanced, ty: PhantomData }
    }

    pub(super) fn advanced(mut self) -> Self {
        self.is_advanced = true;
        self
    }

    /// The text as OData writes it, not percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether Microsoft's directory answers it only with eventual consistency and `$count=true`, which
    /// [`Request::filter`](crate::Request::filter) then asks for: `ne`, `not`, `endswith` and counts of collections
    /// ([advanced queries](https://learn.microsoft.com/graph/aad-advanced-queries)).
    pub fn is_advanced(&self) -> bool {
        self.is_advanced
    }
}

impl<M, T> Term<M, T> for Expression<M, T> {
    fn text(&self) -> &str {
        &self.text
    }

    fn binding(&self) -> Binding {
        self.binding
    }

    fn needs_advanced(&self) -> bool {
        self.is_advanced
    }
}

methods! { [M, T] T:
    /// `eq`: the value is this one, or [`Null`](crate::query::Null).
    pub fn eq(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("eq", &value, false)
    }

    /// `ne`: the value is another one, or, compared with [`Null`](crate::query::Null), there is one.
    pub fn ne(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("ne", &value, true)
    }

    /// `in`: the value is one of these. Nothing is one of none, so an empty list gives `false`.
    pub fn is_in<O: Operand<M, T>>(&self, values: impl IntoIterator<Item = O>) -> Condition<M> {
        let mut list = String::new();
        for value in values {
            list.push(if list.is_empty() { '(' } else { ',' });
            value.write(&mut list);
        }
        if list.is_empty() {
            return Expression::new("false".to_owned(), Binding::Primary, false);
        }
        let text = format!("{} in {list})", self.bound(Binding::Primary));
        Expression::new(text, Binding::Comparison, self.needs_advanced())
    }

    /// Ascending order.
    pub fn asc(&self) -> Order<M> {
        Order::new(self.text().to_owned())
    }

    /// Descending order.
    pub fn desc(&self) -> Order<M> {
        Order::new(format!("{} desc", self.text()))
    }
}

methods! { [M, T: Ordered] T:
    /// `gt`: the value is greater, or later.
    pub fn gt(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("gt", &value, false)
    }

    /// `ge`: the value is greater or equal.
    pub fn ge(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("ge", &value, false)
    }

    /// `lt`: the value is less, or earlier.
    pub fn lt(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("lt", &value, false)
    }

    /// `le`: the value is less or equal.
    pub fn le(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("le", &value, false)
    }
}

methods! { [M, T: Structured] T:
    /// The path to a property of the value: `address/city`.
    pub fn path<U, B>(&self, property: Property<T::Model, U, B>) -> Expression<M, U> {
        self.derived(format!("{}/{}", self.text(), property.name()))
    }
}

methods! { [M, T: Collection] T:
    /// Whether the condition holds for one of the elements at least. The function gets the element, which stands for
    /// its value or leads to its properties by [`path`](crate::query::Expression::path).
    ///
    /// ```
    /// # use msgraph_runtime::{Model, Property, edm::Guid};
    /// # fn example<User: Model, License: Model>(
    /// #     licenses: Property<User, Vec<License>>, sku_id: Property<License, Guid>, sku: Guid) {
    /// // user::ASSIGNED_LICENSES.any(|license| license.path(assigned_license::SKU_ID).eq(sku))
    /// let condition = licenses.any(|license| license.path(sku_id).eq(sku));
    /// # }
    /// ```
    pub fn any(&self, condition: impl FnOnce(Expression<M, T::Element>) -> Condition<M>) -> Condition<M> {
        self.lambda("any", condition)
    }

    /// Whether the condition holds for all of the elements.
    pub fn all(&self, condition: impl FnOnce(Expression<M, T::Element>) -> Condition<M>) -> Condition<M> {
        self.lambda("all", condition)
    }

    /// Whether there are elements (`any()`).
    pub fn has_any(&self) -> Condition<M> {
        self.derived(format!("{}/any()", self.text()))
    }

    /// The number of elements (`$count`).
    pub fn count(&self) -> Expression<M, i64> {
        self.derived(format!("{}/$count", self.text())).advanced()
    }
}

impl<M, T> Clone for Expression<M, T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), ..*self }
    }
}

/// The text as OData writes it.
impl<M, T> fmt::Display for Expression<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<M, T> fmt::Debug for Expression<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.text)
    }
}
