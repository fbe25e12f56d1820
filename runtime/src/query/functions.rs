//! The functions and operators that belong to a type (OData 4.01, Part 2, sections 5.1.1.1.9 to 5.1.1.9).

use super::condition::Condition;
use super::expression::Expression;
use super::operand::Operand;
use super::term::{Term, methods};
use crate::edm::{Date, DateTimeOffset, TimeOfDay};
use crate::enumeration::{Enumeration, Flags};

methods! { [M] String:
    /// `startswith`: the text begins so.
    pub fn starts_with(&self, text: impl Operand<M, String>) -> Condition<M> {
        self.call_with("startswith", &text)
    }

    /// `endswith`: the text ends so.
    pub fn ends_with(&self, text: impl Operand<M, String>) -> Condition<M> {
        self.call_with("endswith", &text).advanced()
    }

    /// `contains`: the text has this in it.
    pub fn contains(&self, text: impl Operand<M, String>) -> Condition<M> {
        self.call_with("contains", &text)
    }

    /// `indexof`: where this begins in the text, -1 if nowhere.
    pub fn index_of(&self, text: impl Operand<M, String>) -> Expression<M, i32> {
        self.call_with("indexof", &text)
    }

    /// `length`: the number of characters.
    pub fn length(&self) -> Expression<M, i32> {
        self.call("length")
    }

    /// `tolower`: the text in lower case.
    pub fn to_lower(&self) -> Expression<M, String> {
        self.call("tolower")
    }

    /// `toupper`: the text in upper case.
    pub fn to_upper(&self) -> Expression<M, String> {
        self.call("toupper")
    }

    /// `trim`: the text without white space around it.
    pub fn trim(&self) -> Expression<M, String> {
        self.call("trim")
    }
}

macro_rules! parts {
    ($($ty:ty: $($function:ident)+;)+) => {$(
        methods! { [M] $ty:
            $(
                #[doc = concat!("`", stringify!($function), "`: this part of the value.")]
                pub fn $function(&self) -> Expression<M, i32> {
                    self.call(stringify!($function))
                }
            )+
        }
    )+};
}

parts! {
    DateTimeOffset: year month day hour minute second;
    Date: year month day;
    TimeOfDay: hour minute second;
}

methods! { [M] DateTimeOffset:
    /// `date`: the date without the time.
    pub fn date(&self) -> Expression<M, Date> {
        self.call("date")
    }

    /// `time`: the time without the date.
    pub fn time(&self) -> Expression<M, TimeOfDay> {
        self.call("time")
    }
}

methods! { [M, E: Enumeration] Flags<E>:
    /// `has`: the set has the member, or all members of a set.
    pub fn has(&self, members: impl Into<Flags<E>>) -> Condition<M> {
        self.comparison("has", &members.into(), false)
    }
}
