//! Query options with types: which properties to [select](crate::Request::select), what to
//! [expand](crate::Request::expand), [conditions](Condition) to filter by, and orders (OData 4.01, Part 2: URL
//! Conventions, section 5.1).
//!
//! Generated code has a [`Property`] for each property of each type. Wherever one is taken, so is a string, which is
//! sent as it stands.
//!
//! ```
//! use msgraph_runtime::{Model, Page, Property, Request};
//!
//! # fn example<User: Model>(users: Request<Page<User>>, manager: Request<Page<User>>) {
//! # let display_name = || Property::<User, String>::Named("displayName");
//! # let enabled = || Property::<User, bool>::Named("accountEnabled");
//! # let phones = || Property::<User, Vec<String>>::Named("businessPhones");
//! // With generated constants: user::DISPLAY_NAME, user::ACCOUNT_ENABLED, user::BUSINESS_PHONES.
//! let condition = display_name().starts_with("A").and(phones().any(|phone| phone.eq("+1 555 0100")));
//! assert_eq!(
//!     condition.to_string(),
//!     "startswith(displayName,'A') and businessPhones/any(x:x eq '+1 555 0100')"
//! );
//! let request = users
//!     .select((display_name(), enabled()))
//!     .filter(condition)
//!     .order_by([display_name().desc()]);
//! # drop(manager.select(["id", "displayName"]).filter("accountEnabled eq true").order_by("displayName desc"));
//! # }
//! ```

mod condition;
mod expand;
mod expression;
mod functions;
pub(crate) mod limits;
mod list;
mod operand;
mod property;
mod term;

pub use condition::{Condition, Filter};
pub use expand::{Expand, Target};
pub use expression::{Collection, Expression, Ordered, Structured};
pub use limits::Limit;
pub use list::{AnyType, Expansion, Order, Ordering, Selection};
pub use operand::{Null, Operand};
pub use property::{CreateOnly, Property, ReadOnly, Writable};
