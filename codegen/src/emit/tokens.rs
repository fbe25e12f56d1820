//! Small pieces of Rust that several files share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::plan::names;
use crate::plan::needs::Features;
use crate::plan::types::{Element, RustType, ValueType};

/// The import of what all modules use: one for each file is much less to compile than one for each name in it.
pub fn import() -> TokenStream {
    quote!(
        use crate::prelude::*;
    )
}

/// The path of a model: `models::…`.
pub fn model(rust: &RustType) -> TokenStream {
    path(&rust.path())
}

/// A type of a value, without `Option`.
pub fn element(element: &Element) -> TokenStream {
    match element {
        Element::Primitive(name) => match name.strip_prefix("runtime::") {
            Some(name) => {
                let name = ident(name);
                quote!(runtime::edm::#name)
            }
            None => ident(name).into_token_stream(),
        },
        Element::Structured(rust) | Element::Enum(rust) => model(rust),
        Element::Flags(rust) => {
            let rust = model(rust);
            quote!(runtime::Flags<#rust>)
        }
    }
}

/// The type of a property, without `Option`.
pub fn value_type(ty: &ValueType) -> TokenStream {
    let element = element(&ty.element);
    let value = match (ty.is_collection, ty.is_boxed) {
        (true, _) => quote!(Vec<#element>),
        (false, true) => quote!(Box<#element>),
        (false, false) => element,
    };
    if ty.is_expanded { quote!(runtime::Expanded<#value>) } else { value }
}

/// An identifier, raw if it is written so.
pub fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A path of identifiers: `models::security::Alert`.
pub fn path(text: &str) -> TokenStream {
    let parts = text.split("::").map(ident);
    quote!(#(#parts)::*)
}

/// `#[cfg(…)]` for features, any of which is enough.
pub fn cfg(features: &Features) -> TokenStream {
    let list: Vec<_> = features.iter().collect();
    match list.as_slice() {
        [one] => quote!(#[cfg(feature = #one)]),
        many => quote!(#[cfg(any(#(feature = #many),*))]),
    }
}

/// Documentation, a line an attribute.
pub fn doc(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The file of a module below `src`.
pub fn module_file(path: &[String]) -> String {
    let parts: Vec<_> = path.iter().map(|part| names::unescape(part)).collect();
    format!("src/{}.rs", parts.join("/"))
}
