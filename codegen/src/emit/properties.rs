//! Constants for the properties of entity and complex types, and the name of the changes to a value.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::tokens::{cfg, doc, ident, value_type};
use crate::plan::names;
use crate::plan::types::{Field, Struct, ValueType};

/// The constants of a type, and its `Patch`.
pub fn of(owner: &Struct) -> TokenStream {
    let model = ident(&owner.rust.name);
    let about = format!(" Changes to a [`{}`].", owner.rust.name);
    let constants = owner.fields.iter().map(|field| constant(owner, field));
    quote! {
        #[doc = #about]
        pub type Patch = runtime::Patch<#model>;
        #(#constants)*
    }
}

fn constant(owner: &Struct, field: &Field) -> TokenStream {
    let model = ident(&owner.rust.name);
    let about = doc(&docs::property(field));
    let attribute = field.features.as_ref().map(cfg);
    let name = ident(&names::stem(&field.rust).to_uppercase());
    let json = &field.json;
    let ty = value_type(&ValueType { is_boxed: false, ..field.ty.clone() });
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
