//! Expressions: properties, paths and functions, as OData writes them (OData ABNF, `commonExpr`).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use super::condition::Condition;
use super::list::Order;
use super::operand::Operand;
use super::property::Property;
use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
use crate::expanded::Expanded;
use crate::model::Model;

/// Something that has a value of type `T` for each item of type `M`: a property, a path, a call of a function, a
/// condition (`T` is `bool`).
///
/// Comparisons with values of another type do not compile.
pub struct Expression<M, T> {
    text: Cow<'static, str>,
    binding: Binding,
    /// Whether the directory answers it only with eventual consistency and `$count=true`.
    is_advanced: bool,
    ty: PhantomData<fn() -> (M, T)>,
}

/// How strongly an expression's last operator binds (OData ABNF, section "Operator precedence").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    Or,
    And,
    Comparison,
    Primary,
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
    pub(super) const fn of_property(name: &'static str) -> Self {
        Self { text: Cow::Borrowed(name), binding: Binding::Primary, is_advanced: false, ty: PhantomData }
    }

    pub(super) fn new(text: String, binding: Binding, is_advanced: bool) -> Self {
        Self { text: Cow::Owned(text), binding, is_advanced, ty: PhantomData }
    }

    /// The same text for other types.
    pub(super) fn retyped<N, U>(self) -> Expression<N, U> {
        Expression { text: self.text, binding: self.binding, is_advanced: self.is_advanced, ty: PhantomData }
    }

    /// An expression made of this one and more text.
    pub(super) fn derived<U>(&self, text: String) -> Expression<M, U> {
        Expression::new(text, Binding::Primary, self.is_advanced)
    }

    pub(super) fn advanced(mut self) -> Self {
        self.is_advanced = true;
        self
    }

    /// The text, in parentheses if it binds less strongly than what is around it.
    pub(super) fn bound(&self, around: Binding) -> Cow<'_, str> {
        if self.binding < around { format!("({})", self.text).into() } else { Cow::Borrowed(&self.text) }
    }

    pub(super) fn comparison(
        &self,
        operator: &str,
        value: &dyn Operand<M, T>,
        is_advanced: bool,
    ) -> Condition<M> {
        let mut text = format!("{} {operator} ", self.bound(Binding::Primary));
        value.write(&mut text);
        Expression::new(text, Binding::Comparison, is_advanced || self.is_advanced || value.is_advanced())
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

    /// `eq`: the value is this one, or [`Null`](super::Null).
    pub fn eq(&self, value: impl Operand<M, T>) -> Condition<M> {
        self.comparison("eq", &value, false)
    }

    /// `ne`: the value is another one, or, compared with [`Null`](super::Null), there is one.
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
        Expression::new(text, Binding::Comparison, self.is_advanced)
    }

    /// Ascending order.
    pub fn asc(&self) -> Order<M> {
        Order::new(self.text.to_string())
    }

    /// Descending order.
    pub fn desc(&self) -> Order<M> {
        Order::new(format!("{} desc", self.text))
    }
}

impl<M, T: Ordered> Expression<M, T> {
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

impl<M, T: Structured> Expression<M, T> {
    /// The path to a property of the value: `address/city`.
    pub fn path<U, A>(&self, property: Property<T::Model, U, A>) -> Expression<M, U> {
        self.derived(format!("{}/{}", self.text, property.name()))
    }
}

impl<M, T: Collection> Expression<M, T> {
    /// Whether the condition holds for one of the elements at least. The function gets the element, which stands for
    /// its value or leads to its properties by [`path`](Expression::path).
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
        self.derived(format!("{}/any()", self.text))
    }

    /// The number of elements (`$count`).
    pub fn count(&self) -> Expression<M, i64> {
        self.derived(format!("{}/$count", self.text)).advanced()
    }

    fn lambda(
        &self,
        quantifier: &str,
        condition: impl FnOnce(Expression<M, T::Element>) -> Condition<M>,
    ) -> Condition<M> {
        let variable = Variable::new();
        let name = variable.name();
        let inner = condition(Expression::new(name.clone(), Binding::Primary, false));
        let text = format!("{}/{quantifier}({name}:{})", self.text, inner.text);
        Expression::new(text, Binding::Primary, self.is_advanced || inner.is_advanced)
    }
}

thread_local! {
    /// How many lambdas are being put together, one inside the other: each needs a variable of its own.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The variable of a lambda, its name in use until it is dropped.
struct Variable(usize);

impl Variable {
    fn new() -> Self {
        Self(DEPTH.replace(DEPTH.get() + 1))
    }

    fn name(&self) -> String {
        match self.0 {
            0 => "x".to_owned(),
            depth => format!("x{depth}"),
        }
    }
}

impl Drop for Variable {
    fn drop(&mut self) {
        DEPTH.set(self.0);
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
