//! What is expanded, with options of its own (OData 4.01, Part 2, section 5.1.3).

use std::fmt;
use std::marker::PhantomData;

use super::condition::Filter;
use super::list::{Expansion, Ordering, Selection};
use super::property::Property;
use crate::expanded::Expanded;

/// A navigation property of `M` that is to be expanded, and what is asked of its values, which are of type `N`.
///
/// ```
/// use msgraph_runtime::{Expanded, Model, Property};
///
/// # fn example<User: Model>(manager: Property<User, Expanded<User>>, name: Property<User, String>) {
/// // user::MANAGER.select([user::DISPLAY_NAME]).expand(user::MANAGER.select("id"))
/// let expand = manager.select([name]).expand(manager.select("id"));
/// assert_eq!(expand.to_string(), "manager($select=displayName;$expand=manager($select=id))");
/// # }
/// ```
pub struct Expand<M, N> {
    property: String,
    options: Vec<(&'static str, String)>,
    types: PhantomData<fn() -> (M, N)>,
}

/// The type of the values of a navigation property, one or many.
pub trait Target {
    /// The type.
    type Model;
}

impl<N: crate::model::Model> Target for N {
    type Model = N;
}

impl<N> Target for Vec<N> {
    type Model = N;
}

impl<M, N: Target, A> Property<M, Expanded<N>, A> {
    /// Expands it, with options to follow.
    pub fn expanded(&self) -> Expand<M, N::Model> {
        Expand { property: self.name().to_owned(), options: Vec::new(), types: PhantomData }
    }

    /// Expands it, with these properties only.
    pub fn select(&self, properties: impl Selection<N::Model>) -> Expand<M, N::Model> {
        self.expanded().select(properties)
    }

    /// Expands it, and related values in its values.
    pub fn expand(&self, properties: impl Expansion<N::Model>) -> Expand<M, N::Model> {
        self.expanded().expand(properties)
    }
}

impl<M, N> Expand<M, N> {
    /// Asks for these properties only (`$select`).
    #[must_use]
    pub fn select(self, properties: impl Selection<N>) -> Self {
        let mut list = Vec::new();
        properties.add_to(&mut list);
        self.option("$select", ",", list.join(","))
    }

    /// Asks for related values to be included (`$expand`).
    #[must_use]
    pub fn expand(self, properties: impl Expansion<N>) -> Self {
        let mut list = Vec::new();
        properties.add_to(&mut list);
        self.option("$expand", ",", list.join(","))
    }

    /// Asks for an order (`$orderby`).
    #[must_use]
    pub fn order_by(self, order: impl Ordering<N>) -> Self {
        let mut list = Vec::new();
        order.add_to(&mut list);
        self.option("$orderby", ",", list.join(","))
    }

    /// Asks for values that satisfy a condition (`$filter`). Conditions of several calls must all hold.
    #[must_use]
    pub fn filter(self, condition: impl Filter<N>) -> Self {
        self.option("$filter", " and ", format!("({})", condition.text()))
    }

    /// Asks for at most `count` values (`$top`).
    #[must_use]
    pub fn top(self, count: u32) -> Self {
        self.option("$top", ",", count.to_string())
    }

    /// Leaves out the first `count` values (`$skip`).
    #[must_use]
    pub fn skip(self, count: u32) -> Self {
        self.option("$skip", ",", count.to_string())
    }

    /// Goes on so many levels deep (`$levels`), where the navigation property leads to the same type again.
    #[must_use]
    pub fn levels(self, levels: u32) -> Self {
        self.option("$levels", ",", levels.to_string())
    }

    /// Adds to an option; a number replaces an earlier one.
    fn option(mut self, name: &'static str, separator: &str, value: String) -> Self {
        let is_number = matches!(name, "$top" | "$skip" | "$levels");
        match self.options.iter_mut().find(|(other, _)| *other == name) {
            Some((_, earlier)) if is_number => *earlier = value,
            Some((_, earlier)) => *earlier = format!("{earlier}{separator}{value}"),
            None => self.options.push((name, value)),
        }
        self
    }
}

impl<M, N> Clone for Expand<M, N> {
    fn clone(&self) -> Self {
        Self { property: self.property.clone(), options: self.options.clone(), types: PhantomData }
    }
}

/// The text as OData writes it.
impl<M, N> fmt::Display for Expand<M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.property)?;
        for (index, (name, value)) in self.options.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '(' } else { ';' })?;
        }
        if self.options.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl<M, N> fmt::Debug for Expand<M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expand({self})")
    }
}
