//! Why the service forbids a call, as far as a token and the permission table tell.

use std::fmt;

use super::{Catalog, Granted, Inference, Provenance, Requirement, Scheme};
use crate::operation::Operation;

/// What a token grants compared with what an operation needs.
///
/// It is an explanation, not a verdict: the service also looks at directory roles, licences, policies and consent for
/// single resources, which no token shows in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    operation: Operation,
    granted: Granted,
    cause: Cause,
    add: Option<Requirement>,
    admin_consent: Option<bool>,
}

/// The likely cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// No permission that allows the operation is in the token.
    MissingPermission,
    /// The operation takes a signed-in user, and the token is an application's.
    NeedsUser,
    /// The operation takes an application's own token, and the token is a user's.
    NeedsApplication,
    /// The operation does not allow this kind of account.
    NeedsWorkAccount,
    /// None of the token's permissions allows the operation, but consent for a single team or chat would, and a token
    /// does not show that.
    ResourceSpecific,
    /// The permissions suffice. What is missing is a directory role, a licence, access to this very resource, or
    /// a policy forbids it.
    NotPermissions,
    /// The permission table does not know the operation.
    Unknown,
}

impl Explanation {
    /// Compares a token with an operation. The catalog knows whose consent a permission takes; one that is empty is
    /// enough for the rest.
    pub fn new(operation: Operation, granted: Granted, catalog: &Catalog) -> Self {
        let permissions = operation.permissions();
        let scheme = granted.scheme();
        let own = permissions.of(scheme);
        let specific = |name: &str| is_resource_specific(catalog, scheme, name);
        let cause = if own.are_satisfied(|name| granted.has(name)) {
            Cause::NotPermissions
        } else if permissions.provenance() == Provenance::Unknown {
            Cause::Unknown
        } else if own.is_empty() {
            match scheme {
                Scheme::Application => Cause::NeedsUser,
                Scheme::DelegatedPersonal if !permissions.work().is_empty() => Cause::NeedsWorkAccount,
                Scheme::DelegatedWork | Scheme::DelegatedPersonal => Cause::NeedsApplication,
            }
        } else if own.iter().any(|one| specific(one.permission())) {
            Cause::ResourceSpecific
        } else {
            Cause::MissingPermission
        };
        let add = own.iter().find(|one| !specific(one.permission())).or_else(|| own.least());
        let add = add.filter(|_| cause != Cause::NotPermissions).cloned();
        let facts = add.as_ref().and_then(|add| catalog.facts(scheme, add.permission()));
        // Users cannot consent to what applications do as themselves.
        let admin_consent =
            facts.and_then(|facts| facts.admin_consent).or((!scheme.is_delegated()).then_some(true));
        let admin_consent = admin_consent.filter(|_| add.is_some());
        Self { operation, granted, cause, add, admin_consent }
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// What the token says that was granted.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The likely cause.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// The least that must be added to what is granted, if that is a permission.
    pub fn add(&self) -> Option<&Requirement> {
        self.add.as_ref()
    }

    /// Whether an administrator must consent to what is to be added, if that is known.
    pub fn requires_admin_consent(&self) -> Option<bool> {
        self.admin_consent
    }

    /// Whether the service is certain to forbid the call.
    pub fn is_certain(&self) -> bool {
        matches!(
            self.cause,
            Cause::MissingPermission | Cause::NeedsUser | Cause::NeedsApplication | Cause::NeedsWorkAccount
        ) && !matches!(self.operation.permissions().provenance(), Provenance::Inferred(..))
    }

    /// Everything that was compared, in several lines.
    pub fn details(&self) -> String {
        let list = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let permissions = self.operation.permissions();
        let scheme = self.granted.scheme();
        let mut lines = vec![
            format!("operation: {}", self.operation),
            format!("signed in as: {scheme}"),
            format!("granted: {}", list(self.granted.permissions().to_vec())),
        ];
        for scheme in Scheme::ALL {
            let alternatives = permissions.of(scheme).iter().map(ToString::to_string).collect();
            lines.push(format!("any of, {scheme}: {}", list(alternatives)));
        }
        lines.push(format!("source: {}", source(permissions.provenance())));
        lines.join("\n")
    }
}

fn source(provenance: Provenance) -> String {
    match provenance {
        Provenance::Documented => "the permission table".to_owned(),
        Provenance::Alias(path) => format!("the permission table's row for {path}"),
        Provenance::Inferred(rule, path) => {
            let rule = match rule {
                Inference::Reference => "references",
                Inference::Count => "counts",
                Inference::Cast => "casts",
            };
            format!("the permission table's row for {path}, by the rule for {rule}")
        }
        Provenance::Unknown => "the permission table has no row".to_owned(),
    }
}

/// Names tell it where the catalog does not know.
fn is_resource_specific(catalog: &Catalog, scheme: Scheme, name: &str) -> bool {
    match catalog.facts(scheme, name) {
        Some(facts) => facts.resource_specific,
        None => !scheme.is_delegated() && [".Chat", ".Group", ".User"].iter().any(|end| name.ends_with(end)),
    }
}

/// One line: what is missing, and what to do.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let consent = match self.admin_consent {
            Some(true) => ", which takes an administrator's consent",
            Some(false) => ", to which the user can consent",
            None => "",
        };
        let scheme = self.granted.scheme();
        match (self.cause, &self.add) {
            (Cause::MissingPermission, Some(add)) => {
                write!(f, "the token lacks the {scheme} permission {add}{consent}")
            }
            (Cause::ResourceSpecific, Some(add)) => write!(
                f,
                "the token lacks the {scheme} permission {add}{consent}; consent for the team or chat would do too, and \
                 may be missing"
            ),
            (Cause::NeedsUser, _) => {
                f.write_str("the token is an application's, and the operation takes a signed-in user: sign a user in")
            }
            (Cause::NeedsApplication, _) => f.write_str(
                "the token is a user's, and the operation takes an application as itself: use a client secret or \
                 certificate",
            ),
            (Cause::NeedsWorkAccount, _) => {
                f.write_str("the operation is not for personal accounts: sign in with a work or school account")
            }
            (Cause::NotPermissions, _) => f.write_str(
                "the token has a permission that suffices: check directory roles, licences, policies, and access to \
                 this very resource",
            ),
            _ => f.write_str("which permissions the operation takes is unknown: see its documentation"),
        }
    }
}
