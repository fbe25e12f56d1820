//! Constants for the properties of entity and complex types, and the name of the changes to a value.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::tokens::{Imports, cfg, doc, ident};
use crate::plan::names;
use crate::plan::types::{Field, Struct, ValueType};

/// The constants of a type, and its `Patch`.
pub fn of(imports: &Imports, owner: &Struct) -> TokenStream {
    imports.uses_runtime();
    let model = ident(&owner.rust.name);
    let about = format!(" Changes to a [`{}`].", owner.rust.name);
    let constants = owner.fields.iter().map(|field| constant(imports, owner, field));
    quote! {
        #[doc = #about]
        pub type Patch = runtime::Patch<#model>;
        #(#constants)*
    }
}

/// A call costs the compiler hardly more than the fields themselves would, and leaves them private.
fn constant(imports: &Imports, owner: &Struct, field: &Field) -> TokenStream {
    let model = ident(&owner.rust.name);
    let about = doc(&docs::property(field));
    let attribute = field.features.as_ref().map(cfg);
    let name = ident(&names::stem(&field.rust).to_uppercase());
    let json = &field.json;
    let ty = ValueType { is_boxed: false, ..field.ty.clone() };
    // What may be left out must not be the only user of an import.
    let ty = if attribute.is_some() { Imports::absolute().value_type(&ty) } else { imports.value_type(&ty) };
    let access = match (field.is_read_only, field.is_create_only) {
        (true, _) => Some(quote!(, runtime::query::ReadOnly)),
        (_, true) => Some(quote!(, runtime::query::CreateOnly)),
        _ => None,
    };
    quote! {
        #about
        #attribute
        pub const #name: runtime::Property<#model, #ty #access> = runtime::Property::Named(#json);
    }
}
