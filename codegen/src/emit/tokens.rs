//! Small pieces of Rust that several files share.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::plan::names;
use crate::plan::needs::Features;
use crate::plan::types::{Element, RustType, ValueType};

/// What a file imports, collected while its items are made.
#[derive(Debug, Default)]
pub struct Imports {
    names: RefCell<BTreeSet<&'static str>>,
    is_absolute: bool,
}

impl Imports {
    /// Imports nothing: paths begin at the crate's root.
    pub fn absolute() -> Self {
        Self { is_absolute: true, ..Self::default() }
    }

    /// Notes that the file uses this name from the runtime, and gives it.
    pub fn runtime(&self, name: &'static str) -> Ident {
        self.names.borrow_mut().insert(name);
        ident(name)
    }

    /// The path of a model, as `models::…`.
    pub fn model(&self, rust: &RustType) -> TokenStream {
        let path = path(&rust.path());
        if self.is_absolute {
            return quote!(crate::#path);
        }
        self.names.borrow_mut().insert("models");
        path
    }

    /// A type of a value, without `Option`.
    pub fn element(&self, element: &Element) -> TokenStream {
        match element {
            Element::Primitive(name) => match name.strip_prefix("runtime::") {
                Some(name) => {
                    let name = ident(name);
                    let runtime = self.runtime_module();
                    quote!(#runtime::edm::#name)
                }
                None => ident(name).into_token_stream(),
            },
            Element::Structured(rust) | Element::Enum(rust) => self.model(rust),
            Element::Flags(rust) => {
                let (runtime, rust) = (self.runtime_module(), self.model(rust));
                quote!(#runtime::Flags<#rust>)
            }
        }
    }

    /// The type of a property, without `Option`.
    pub fn value_type(&self, ty: &ValueType) -> TokenStream {
        let element = self.element(&ty.element);
        let value = match (ty.is_collection, ty.is_boxed) {
            (true, _) => quote!(Vec<#element>),
            (false, true) => quote!(Box<#element>),
            (false, false) => element,
        };
        if ty.is_expanded {
            let runtime = self.runtime_module();
            quote!(#runtime::Expanded<#value>)
        } else {
            value
        }
    }

    fn runtime_module(&self) -> TokenStream {
        if self.is_absolute {
            return quote!(crate::runtime);
        }
        self.uses_runtime();
        quote!(runtime)
    }

    /// Notes that the file uses the module `runtime` by its name.
    pub fn uses_runtime(&self) {
        self.names.borrow_mut().insert("runtime");
    }

    /// The `use` items.
    pub fn items(&self) -> TokenStream {
        let names = self.names.borrow();
        let modules = ["models", "runtime"].into_iter().filter(|name| names.contains(name)).map(ident);
        let modules: Vec<_> = modules.collect();
        let rest: Vec<_> =
            names.iter().filter(|name| !matches!(**name, "models" | "runtime")).map(|n| ident(n)).collect();
        let modules = match modules.as_slice() {
            [] => quote!(),
            [one] => quote!(use crate::#one;),
            many => quote!(use crate::{#(#many),*};),
        };
        let rest = match rest.as_slice() {
            [] => quote!(),
            [one] => quote!(use crate::runtime::#one;),
            many => quote!(use crate::runtime::{#(#many),*};),
        };
        quote!(#modules #rest)
    }
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
