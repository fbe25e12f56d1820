//! Files of entity types, complex types, enumerations and action parameters.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use super::properties;
use super::tokens::{cfg, doc, ident, import, module_file, value_type};
use crate::plan::needs::Features;
use crate::plan::types::{Enumeration, Field, Struct, Types};

/// A module below `models`: a type, a namespace, or both under one name.
#[derive(Debug, Default)]
pub struct ModelFile<'p> {
    /// The modules from the crate root.
    path: Vec<String>,
    structure: Option<&'p Struct>,
    enumeration: Option<&'p Enumeration>,
    /// The modules below: name, what they hold.
    children: BTreeMap<String, Child<'p>>,
}

#[derive(Clone, Debug, Default)]
struct Child<'p> {
    /// The type to be re-exported beside its module.
    exported: Option<(&'p str, &'p Features)>,
    is_enum: bool,
    is_namespace: bool,
    features: Features,
}

impl ModelFile<'_> {
    /// The path of the file.
    pub fn path(&self) -> String {
        module_file(&self.path)
    }
}

/// All files of models.
pub fn files(types: &Types) -> Vec<ModelFile<'_>> {
    let mut files = BTreeMap::<Vec<String>, ModelFile<'_>>::new();
    for structure in &types.structs {
        let rust = &structure.rust;
        let child = Child { exported: Some((&rust.name, &structure.features)), ..Child::default() };
        let file = place(&mut files, &rust.namespace, &rust.module, child, &structure.features);
        file.structure = Some(structure);
    }
    for enumeration in &types.enums {
        let rust = &enumeration.rust;
        let child =
            Child { exported: Some((&rust.name, &enumeration.features)), is_enum: true, ..Child::default() };
        let file = place(&mut files, &rust.namespace, &rust.module, child, &enumeration.features);
        file.enumeration = Some(enumeration);
    }
    files.into_values().collect()
}

/// The file of a type's module; declares it, and the namespaces above it, in the files above.
fn place<'f, 'p>(
    files: &'f mut BTreeMap<Vec<String>, ModelFile<'p>>,
    namespace: &[String],
    module: &str,
    child: Child<'p>,
    features: &Features,
) -> &'f mut ModelFile<'p> {
    let mut path = vec!["models".to_owned()];
    let steps =
        namespace.iter().map(|name| (name.as_str(), Child { is_namespace: true, ..Child::default() }));
    for (name, child) in steps.chain([(module, child)]) {
        let above = files.entry(path.clone()).or_default();
        above.path.clone_from(&path);
        let known = above.children.entry(name.to_owned()).or_default();
        known.features.extend(features.iter().cloned());
        known.is_namespace |= child.is_namespace;
        if child.exported.is_some() {
            known.exported = child.exported;
            known.is_enum = child.is_enum;
        }
        path.push(name.to_owned());
    }
    let file = files.entry(path.clone()).or_default();
    file.path = path;
    file
}

/// The tokens of one file.
pub fn file(file: &ModelFile<'_>) -> TokenStream {
    let header =
        (file.path.len() == 1 || file.structure.is_none() && file.enumeration.is_none()).then(|| {
            let what = if file.path.len() == 1 {
                " Entity types, complex types and enumerations."
            } else {
                " Types of this namespace."
            };
            quote!(#![doc = #what])
        });
    let of_type = file.structure.map(|s| {
        let text = format!(" [`{}`] and what belongs to it.", s.rust.name);
        quote!(#![doc = #text])
    });
    let declarations: Vec<_> = file.children.iter().map(|(name, child)| declaration(name, child)).collect();
    // Parameters are compiled in only where their action is called.
    let own_cfg = |owner: &Struct, s: &Struct| (s.features != owner.features).then(|| cfg(&s.features));
    let structs = file.structure.into_iter().flat_map(|owner| {
        std::iter::once(owner).chain(&owner.parameters).map(move |s| (s, own_cfg(owner, s)))
    });
    let structs: Vec<_> = structs.map(|(s, attribute)| structure(s, attribute.as_ref())).collect();
    let enums = file.enumeration.map(enumeration);
    let properties = file.structure.map(properties::of);
    let import = (file.structure.is_some() || file.enumeration.is_some()).then(import);
    let header = header.or(of_type.filter(|_| file.enumeration.is_none()));
    quote!(#header #import #(#declarations)* #(#structs)* #properties #enums)
}

fn declaration(name: &str, child: &Child<'_>) -> TokenStream {
    let module = ident(name);
    let of_module = cfg(&child.features);
    let visibility = (!child.is_enum || child.is_namespace).then(|| quote!(pub));
    let export = child.exported.map(|(name, features)| {
        let name = ident(name);
        let attribute = cfg(features);
        quote!(#attribute pub use #module::#name;)
    });
    quote!(#of_module #visibility mod #module; #export)
}

fn structure(planned: &Struct, attribute: Option<&TokenStream>) -> TokenStream {
    let name = ident(&planned.rust.name);
    let about = doc(&docs::structure(planned));
    let fields = planned.fields.iter().map(|field| {
        let about = doc(&docs::field(field));
        let attribute = field.features.as_ref().map(cfg);
        let name = ident(&field.rust);
        let ty = value_type(&field.ty);
        quote!(#about #attribute pub #name: Option<#ty>)
    });
    let unset = planned.fields.iter().map(|field| {
        let attribute = field.features.as_ref().map(cfg);
        let name = ident(&field.rust);
        quote!(#attribute #name)
    });
    let implementation = implementation(planned, attribute);
    quote! {
        #about
        #attribute
        pub struct #name {
            #(#fields,)*
            /// What has no field of its own: further properties, annotations, explicit nulls.
            pub extra: runtime::Extra,
        }
        #attribute
        impl Default for #name {
            #[inline]
            fn default() -> Self {
                Self { #(#unset: None,)* extra: runtime::Extra::new() }
            }
        }
        #implementation
        #attribute
        runtime::models!(#name);
    }
}

fn implementation(planned: &Struct, attribute: Option<&TokenStream>) -> TokenStream {
    let name = ident(&planned.rust.name);
    let graph = &planned.graph;
    let bases = &planned.bases;
    let derived = &planned.derived;
    let derived =
        (!derived.is_empty()).then(|| quote!(const DERIVED: &'static [&'static str] = &[#(#derived),*];));
    let properties = planned.fields.iter().map(|field| &field.json);
    let statement = |(index, field): (usize, &Field)| {
        let attribute = field.features.as_ref().map(cfg);
        (attribute, Literal::usize_unsuffixed(index), ident(&field.rust))
    };
    let fields: Vec<_> = planned.fields.iter().enumerate().map(statement).collect();
    let reads = fields
        .iter()
        .map(|(attribute, index, name)| quote!(#attribute #index => reader.read(&mut self.#name)));
    let writes =
        fields.iter().map(|(attribute, index, name)| quote!(#attribute writer.write(#index, &self.#name)));
    let (property, read) = if fields.is_empty() {
        (ident("_property"), quote!(reader.rest(&mut self.extra)))
    } else {
        (ident("property"), quote!(match property { #(#reads,)* _ => reader.rest(&mut self.extra) }))
    };
    quote! {
        #attribute
        impl runtime::Model for #name {
            const TYPE: &'static runtime::TypeInfo =
                &runtime::TypeInfo { name: #graph, bases: &[#(#bases),*], properties: &[#(#properties),*] };
            #derived
            #[inline]
            fn read(&mut self, #property: usize, reader: &mut runtime::Reader<'_>) -> Result<(), runtime::ReadError> {
                #read
            }
            #[inline]
            fn write(&self, writer: &mut runtime::Writer) {
                writer.extra(&self.extra);
                #(#writes;)*
            }
        }
    }
}

fn enumeration(planned: &Enumeration) -> TokenStream {
    let name = ident(&planned.rust.name);
    let graph = &planned.graph;
    let about = if planned.is_flags {
        format!("Enumeration `{graph}`; values are [sets](runtime::Flags) of its members.")
    } else {
        format!("Enumeration `{graph}`.")
    };
    let about = match docs::not_everywhere(&planned.absent) {
        Some(note) => doc(&format!("{about}\n\n{note}")),
        None => doc(&about),
    };
    let members = planned.members.iter().map(|(json, rust)| {
        let rust = ident(rust);
        let about = format!(" `{json}`");
        quote!(#[doc = #about] #rust)
    });
    let names = planned.members.iter().map(|(json, rust)| {
        let rust = ident(rust);
        quote!(Self::#rust => #json)
    });
    let values = planned.members.iter().map(|(_, rust)| {
        let rust = ident(rust);
        quote!(Self::#rust)
    });
    quote! {
        #about
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum #name {
            #(#members,)*
            /// A member that this crate does not know.
            Unrecognized(runtime::UnknownMember),
        }
        impl #name {
            /// The member's name, as the service writes it.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    #(#names,)*
                    Self::Unrecognized(member) => member.as_str(),
                }
            }
        }
        impl runtime::Enumeration for #name {
            const TYPE: &'static runtime::EnumerationInfo<Self> = &runtime::EnumerationInfo {
                name: #graph,
                members: &[#(#values),*],
                unknown: Self::Unrecognized,
                as_str: Self::as_str,
            };
        }
        runtime::enumerations!(#name);
    }
}
