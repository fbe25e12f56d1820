//! The file of permission names.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::ident;
use crate::permissions::{PermissionTable, Scheme, SchemeFacts};
use crate::plan::Plan;
use crate::plan::names::{self, Scope};

/// The module `permissions`: one constant per permission and scheme.
pub fn module(_plan: &Plan<'_>, table: &PermissionTable) -> TokenStream {
    let delegated = scheme(table, "DelegatedPermission", |schemes| {
        schemes(Scheme::DelegatedWork).or_else(|| schemes(Scheme::DelegatedPersonal))
    });
    let application = scheme(table, "ApplicationPermission", |schemes| schemes(Scheme::Application));
    let date = table.date.as_ref().map(|date| quote!(.dated(#date)));
    quote! {
        //! Permissions by name: [`delegated`] ones are granted to an application on behalf of a signed-in user,
        //! [`application`] ones to the application itself.
        //!
        //! The two are different types, so that one cannot stand where the other is asked for.

        use crate::runtime;

        /// Permissions that an application uses on behalf of a signed-in user (OAuth 2.0 scopes).
        pub mod delegated { #delegated }

        /// Permissions that an application uses as itself (app roles).
        pub mod application { #application }

        /// What is known of all of them, to look them up by name and to choose among them.
        pub static CATALOG: runtime::permissions::Catalog =
            runtime::permissions::Catalog::from_static(delegated::ALL, application::ALL) #date;
    }
}

fn scheme(
    table: &PermissionTable,
    ty: &str,
    select: impl for<'a> Fn(&dyn Fn(Scheme) -> Option<&'a SchemeFacts>) -> Option<&'a SchemeFacts>,
) -> TokenStream {
    let ty = ident(ty);
    let mut scope = Scope::with(["ALL"]);
    let mut constants = Vec::new();
    let mut all = Vec::new();
    for permission in &table.permissions {
        let Some(facts) = select(&|scheme| permission.schemes.get(&scheme)) else { continue };
        let name = names::screaming(&permission.name);
        let Ok(name) = scope.take([name.clone(), format!("{name}_PERMISSION")]) else { continue };
        let constant = ident(&name);
        let wire = &permission.name;
        let about = format!(" `{wire}`");
        let id = option(facts.id.as_ref().map(|id| quote!(#id)));
        let admin = option(facts.admin_consent.map(|yes| quote!(#yes)));
        let level = option(facts.privilege_level.map(|level| quote!(#level)));
        let hidden = facts.hidden;
        let enabled = facts.enabled;
        let resource_specific = permission.resource_specific;
        constants.push(quote! {
            #[doc = #about]
            pub const #constant: #ty = #ty::new(#wire, #id, #admin, #level, #hidden, #enabled, #resource_specific);
        });
        all.push(constant);
    }
    quote! {
        use crate::runtime::#ty;

        /// All of them, sorted by name.
        pub const ALL: &[#ty] = &[#(#all),*];

        #(#constants)*
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
