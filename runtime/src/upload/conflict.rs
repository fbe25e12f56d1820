//! What happens if there is something of the same name already.

use crate::edm::Json;
use crate::model::Model;
use crate::request::Request;

pub(super) const ANNOTATION: &str = "@microsoft.graph.conflictBehavior";

/// What a drive does with a new item whose name is taken
/// ([`@microsoft.graph.conflictBehavior`](https://learn.microsoft.com/graph/api/resources/driveitem#instance-attributes)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictBehavior {
    /// It refuses, with status 409.
    Fail,
    /// The new item takes the place of the old one.
    Replace,
    /// The new item gets another name.
    Rename,
}

impl ConflictBehavior {
    /// The service's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Replace => "replace",
            Self::Rename => "rename",
        }
    }

    /// Says it in an item that is sent, such as that of an upload session.
    ///
    /// ```
    /// use msgraph_runtime::{Extra, Model, Reference};
    /// use msgraph_runtime::upload::ConflictBehavior;
    ///
    /// let mut item = Reference::default();
    /// ConflictBehavior::Rename.set(&mut item);
    /// assert_eq!(item.extra().get("@microsoft.graph.conflictBehavior"), Some("\"rename\""));
    /// ```
    pub fn set(self, item: &mut impl Model) {
        let mut extra = item.extra();
        extra.insert(ANNOTATION, &Json::encode(&self.as_str().to_owned()));
        item.set_extra(extra);
    }
}

impl<T> Request<T> {
    /// Says what happens if the name is taken, for a request whose body is the content itself.
    pub fn conflict_behavior(self, behavior: ConflictBehavior) -> Self {
        self.query(ANNOTATION, behavior.as_str())
    }
}
