//! What properties and other expressions are alike in: both have a text, and from it the same methods.
//!
//! A property is a constant of generated code, of which there are thousands, so it is no more than a name; an expression
//! owns its text. [`methods`] gives both the methods that make expressions of them, out of what [`Term`] has.

use std::borrow::Cow;
use std::cell::Cell;

use super::condition::Condition;
use super::expression::Expression;
use super::operand::Operand;

/// How strongly an expression's last operator binds (OData ABNF, section "Operator precedence").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    Or,
    And,
    Comparison,
    Primary,
}

/// A text that stands for a value of type `T` of an item of type `M`.
pub(super) trait Term<M, T> {
    fn text(&self) -> &str;

    fn binding(&self) -> Binding;

    /// See [`Expression::is_advanced`].
    fn needs_advanced(&self) -> bool;

    /// The text, in parentheses if it binds less strongly than what is around it.
    fn bound(&self, around: Binding) -> Cow<'_, str> {
        if self.binding() < around { format!("({})", self.text()).into() } else { Cow::Borrowed(self.text()) }
    }

    /// An expression made of this one and more text.
    fn derived<U>(&self, text: String) -> Expression<M, U> {
        Expression::new(text, Binding::Primary, self.needs_advanced())
    }

    fn comparison(&self, operator: &str, value: &dyn Operand<M, T>, is_advanced: bool) -> Condition<M> {
        let mut text = format!("{} {operator} ", self.bound(Binding::Primary));
        value.write(&mut text);
        let is_advanced = is_advanced || self.needs_advanced() || value.is_advanced();
        Expression::new(text, Binding::Comparison, is_advanced)
    }

    fn call<U>(&self, function: &str) -> Expression<M, U> {
        self.derived(format!("{function}({})", self.text()))
    }

    fn call_with<U>(&self, function: &str, argument: &dyn Operand<M, T>) -> Expression<M, U> {
        let mut text = format!("{function}({},", self.text());
        argument.write(&mut text);
        text.push(')');
        let result = self.derived(text);
        if argument.is_advanced() { result.advanced() } else { result }
    }

    fn lambda<E>(
        &self,
        quantifier: &str,
        condition: impl FnOnce(Expression<M, E>) -> Condition<M>,
    ) -> Condition<M> {
        let variable = Variable::new();
        let name = variable.name();
        let inner = condition(Expression::new(name.clone(), Binding::Primary, false));
        let text = format!("{}/{quantifier}({name}:{inner})", self.text());
        let is_advanced = self.needs_advanced() || inner.is_advanced();
        Expression::new(text, Binding::Primary, is_advanced)
    }
}

/// Gives methods to expressions with values of a type, and to properties with such values.
macro_rules! methods {
    ([$($generics:tt)*] $ty:ty: $($methods:tt)*) => {
        impl<$($generics)*> $crate::query::Expression<M, $ty> {
            $($methods)*
        }

        impl<$($generics)*, A> $crate::query::Property<M, $ty, A> {
            $($methods)*
        }
    };
}

pub(super) use methods;

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
