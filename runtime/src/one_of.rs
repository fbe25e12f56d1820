//! Values of a base type to be matched by what they are.

/// Defines an enumeration of types that derive from one, for a `match` on values that are declared as the base.
///
/// The metadata closes some such sets: what may be a member of a group, say. Services add to them nevertheless, so there
/// is always `Other`. A value becomes the first of the types that it [is](crate::Model::is), and back it is what it was.
///
/// ```
/// use msgraph_runtime::{Model, one_of};
/// # mod models {
/// #     use msgraph_runtime::{Extra, Model, ReadError, Reader, TypeInfo, Writer};
/// #     macro_rules! model {
/// #         ($name:ident, $text:literal, $($base:literal)?) => {
/// #             #[derive(Default)]
/// #             pub struct $name { pub extra: Extra }
/// #             impl Model for $name {
/// #                 const TYPE: &'static TypeInfo =
/// #                     &TypeInfo { name: $text, bases: &[$($base)?], properties: &[] };
/// #                 fn read(&mut self, _: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
/// #                     reader.rest(&mut self.extra)
/// #                 }
/// #                 fn write(&self, writer: &mut Writer) {
/// #                     writer.extra(&self.extra);
/// #                 }
/// #             }
/// #             msgraph_runtime::models!($name);
/// #         };
/// #     }
/// #     model!(DirectoryObject, "microsoft.graph.directoryObject",);
/// #     model!(User, "microsoft.graph.user", "microsoft.graph.directoryObject");
/// #     model!(Group, "microsoft.graph.group", "microsoft.graph.directoryObject");
/// # }
/// use models::{DirectoryObject, Group, User};
///
/// one_of! {
///     /// What is a member of a group.
///     pub enum Member: DirectoryObject {
///         /// A person.
///         User(User),
///         /// Another group.
///         Group(Group),
///     }
/// }
///
/// let object: DirectoryObject =
///     msgraph_runtime::json::from_slice(br##"{"@odata.type": "#microsoft.graph.user"}"##)?;
/// match Member::from(object) {
///     Member::User(user) => assert_eq!(user.extra.odata_type().as_deref(), Some("microsoft.graph.user")),
///     Member::Group(_) | Member::Other(_) => unreachable!("it is a user"),
/// }
/// # Ok::<(), msgraph_runtime::json::JsonError>(())
/// ```
#[macro_export]
macro_rules! one_of {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: $base:ty {
            $($(#[$of_variant:meta])* $variant:ident($derived:ty)),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility enum $name {
            $($(#[$of_variant])* $variant(::std::boxed::Box<$derived>),)+
            /// None of these.
            Other(::std::boxed::Box<$base>),
        }

        impl ::std::convert::From<$base> for $name {
            fn from(value: $base) -> Self {
                $(let value = match $crate::Model::downcast::<$derived>(value) {
                    Ok(derived) => return Self::$variant(::std::boxed::Box::new(derived)),
                    Err(value) => value,
                };)+
                Self::Other(::std::boxed::Box::new(value))
            }
        }

        impl ::std::convert::From<$name> for $base {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant(derived) => $crate::Model::upcast(*derived),)+
                    $name::Other(value) => *value,
                }
            }
        }
    };
}
