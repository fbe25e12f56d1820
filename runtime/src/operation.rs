//! What is known of an operation: plain data that generated code states in one text per operation.

use std::fmt;

use http::Method;

use crate::cloud::Cloud;
use crate::permissions::Permissions;
use crate::query::Limit;

/// One operation of the service, as one text: `op:METHOD template;query options;permissions;clouds;`. What is missing
/// at its end is empty.
///
/// ```
/// use msgraph_runtime::Operation;
///
/// let list = Operation("op:GET /users;filter select top;work=User.ReadBasic.All application=User.Read.All;;");
/// assert_eq!(list.template(), "/users");
/// assert!(list.supports("select"));
/// assert_eq!(list.permissions().application().least().map(|least| least.permission()), Some("User.Read.All"));
/// ```
///
/// One literal per operation costs the compiler least, and it exists in a finished program exactly if the program
/// can call the method that holds it: `op:` and the four `;` let an audit find it there, and find its end.
///
/// - *query options*: names without `$`, separated by spaces. What an option does not take follows it: `!property`, or
///   `!property:operator:operator` for one that it takes only with these operators.
/// - *permissions*: the notation of [`Permissions::parse`].
/// - *clouds*: those that lack the operation, `us-government` and `china`, separated by spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation(pub &'static str);

impl Operation {
    /// An operation that the metadata does not have: it has no template and takes no query options that are
    /// known, and nothing is known of its permissions.
    pub const UNKNOWN: Self = Self("");

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.parts().0.parse().unwrap_or(Method::GET)
    }

    /// The path template, such as `/users/{user-id}/messages`.
    pub fn template(&self) -> &'static str {
        self.parts().1
    }

    /// The query options that the operation takes, without `$`.
    pub fn query(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.options().filter_map(|option| option.split('!').next())
    }

    /// What the operation does not take in a query option, named without `$`.
    pub fn limits(&self, option: &str) -> impl Iterator<Item = Limit> + use<> {
        let parts = self.options().map(|supported| supported.split('!')).find_map(|mut parts| {
            let is_it = parts.next() == Some(option);
            is_it.then_some(parts)
        });
        parts.into_iter().flatten().map(Limit)
    }

    /// Whether the operation takes a query option, named without `$`.
    pub fn supports(&self, option: &str) -> bool {
        self.query().any(|supported| supported == option)
    }

    /// The permissions that allow the operation.
    pub fn permissions(&self) -> Permissions {
        Permissions::parse(self.field(2))
    }

    /// Whether the operation exists in a cloud, as far as the metadata tells. It has one document for both clouds of
    /// the US Government.
    pub fn exists_in(&self, cloud: Cloud) -> bool {
        let name = match cloud {
            Cloud::Global => return true,
            Cloud::UsGovernment | Cloud::UsGovernmentDod => "us-government",
            Cloud::China => "china",
        };
        self.field(3).split(' ').all(|absent| absent != name)
    }

    /// The query options as they are noted.
    fn options(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.field(1).split(' ').filter(|option| !option.is_empty())
    }

    fn field(&self, index: usize) -> &'static str {
        self.0.split(';').nth(index).unwrap_or_default()
    }

    fn parts(&self) -> (&'static str, &'static str) {
        let id = self.field(0);
        let id = id.strip_prefix("op:").unwrap_or(id);
        id.split_once(' ').unwrap_or(("GET", id))
    }
}

/// Method and template.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, template) = self.parts();
        write!(f, "{method} {template}")
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
