//! Permissions by name, one type per way of signing in, so that one cannot stand where the other is asked for.

use std::fmt;

/// What is known of a permission in one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionFacts {
    /// The name, such as `Mail.Read`.
    pub name: &'static str,
    /// The GUID by which an app registration names the permission, if it is published.
    pub id: Option<&'static str>,
    /// Whether an administrator must consent, if that is known.
    pub admin_consent: Option<bool>,
    /// How much it allows, from 1 (least) to 5, if it is rated.
    pub privilege_level: Option<u8>,
    /// Whether it is kept out of the lists that people choose from.
    pub hidden: bool,
    /// Whether it can be granted in the public cloud.
    pub enabled: bool,
    /// Whether it is consented to for one resource at a time, such as a team or a chat, and cannot be asked for as a
    /// scope or app role.
    pub resource_specific: bool,
}

macro_rules! permission {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(PermissionFacts);

        impl $name {
            /// States a permission; generated code does.
            pub const fn new(
                name: &'static str,
                id: Option<&'static str>,
                admin_consent: Option<bool>,
                privilege_level: Option<u8>,
                hidden: bool,
                enabled: bool,
                resource_specific: bool,
            ) -> Self {
                Self(PermissionFacts {
                    name,
                    id,
                    admin_consent,
                    privilege_level,
                    hidden,
                    enabled,
                    resource_specific,
                })
            }

            /// Everything that is known of it.
            pub const fn facts(&self) -> PermissionFacts {
                self.0
            }

            /// The name, such as `Mail.Read`.
            pub const fn name(&self) -> &'static str {
                self.0.name
            }

            /// The GUID by which an app registration names the permission, if it is published.
            pub const fn id(&self) -> Option<&'static str> {
                self.0.id
            }

            /// Whether an administrator must consent, if that is known.
            pub const fn requires_admin_consent(&self) -> Option<bool> {
                self.0.admin_consent
            }

            /// How much it allows, from 1 (least) to 5, if it is rated.
            pub const fn privilege_level(&self) -> Option<u8> {
                self.0.privilege_level
            }

            /// Whether it is kept out of the lists that people choose from.
            pub const fn is_hidden(&self) -> bool {
                self.0.hidden
            }

            /// Whether it can be granted in the public cloud.
            pub const fn is_enabled(&self) -> bool {
                self.0.enabled
            }

            /// Whether it is consented to for one resource at a time, such as a team or a chat, and cannot be asked
            /// for as a scope or app role.
            pub const fn is_resource_specific(&self) -> bool {
                self.0.resource_specific
            }
        }

        /// The name.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.name)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.0.name
            }
        }
    };
}

permission! {
    /// A permission that an application uses on behalf of a signed-in user: an OAuth 2.0 scope.
    DelegatedPermission
}

permission! {
    /// A permission that an application uses as itself, without a user: an app role.
    ApplicationPermission
}
