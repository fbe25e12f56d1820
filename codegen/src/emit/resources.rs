//! Files of request builders.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::tokens::{Imports, cfg, doc, ident, module_file, path as path_tokens};
use crate::operations::options;
use crate::operations::spec::Kind;
use crate::plan::builders::{Accessor, AnswerPlan, Argument, BodyPlan, Builder, MethodPlan, Module, Step};
use crate::plan::needs::Features;
use crate::plan::types::Element;
use crate::plan::{Plan, PlannedOperation};

/// The path of a module's file.
pub fn path(module: &Module) -> String {
    module_file(&module.path)
}

/// The tokens of a module's file.
pub fn file(plan: &Plan<'_>, module: &Module) -> TokenStream {
    let imports = Imports::default();
    let about = format!(" `{}`", module.template);
    let modules = module.modules.iter().map(|child| {
        let name = ident(child.path.last().expect("a module has a name"));
        quote!(pub mod #name;)
    });
    let modules: Vec<_> = modules.collect();
    let builders: Vec<_> = module.builders.iter().map(|b| builder(plan, &imports, module, b)).collect();
    let items = imports.items();
    quote!(#![doc = #about] #items #(#modules)* #(#builders)*)
}

fn builder(plan: &Plan<'_>, imports: &Imports, module: &Module, planned: &Builder) -> TokenStream {
    let name = ident(&planned.name);
    let about = format!(" Requests to `{}`.", planned.template);
    let path = imports.runtime("Path");
    let methods: Vec<_> = planned.methods.iter().map(|m| method(plan, imports, m)).collect();
    let accessors: Vec<_> = planned.accessors.iter().map(|a| accessor(imports, module, a)).collect();
    quote! {
        #[doc = #about]
        pub struct #name(pub(crate) #path);
        impl #name {
            #(#accessors)*
            #(#methods)*
        }
    }
}

/// The operation as the runtime's one text, `op:METHOD template;query options;permissions;clouds that lack it;`. In an
/// inlined method it becomes a constant of exactly those programs that call the method; its end can be seen there.
fn literal(plan: &Plan<'_>, method: &MethodPlan) -> String {
    let PlannedOperation { spec, path, absent, .. } = &plan.operations[method.operation];
    let permissions = docs::notation(&plan.operations[method.operation]);
    let absent: Vec<_> = absent.iter().map(|cloud| cloud.as_str()).collect();
    let (method, query, absent) =
        (spec.method.as_str(), options::notation(&spec.query, &spec.limits).join(" "), absent.join(" "));
    format!("op:{method} {path};{query};{permissions};{absent};")
}

fn method(plan: &Plan<'_>, imports: &Imports, planned: &MethodPlan) -> TokenStream {
    let about = doc(&docs::operation(&plan.operations[planned.operation]));
    let name = ident(&planned.name);
    let operation = literal(plan, planned);
    let request = imports.runtime("Request");
    let answer = answer(imports, &planned.answer);
    let (mut arguments, place) = step(imports, &planned.step);
    for (_, argument) in planned.options.iter().chain(&planned.headers) {
        let argument = ident(argument);
        arguments.push(quote!(#argument: &str));
    }
    let kind = plan.operations[planned.operation].spec.kind;
    let (body_argument, call) = call(imports, planned, kind, &operation);
    arguments.extend(body_argument);
    let options = planned.options.iter().map(|(wire, rust)| {
        let rust = ident(rust);
        quote!(.query(#wire, #rust))
    });
    let headers = planned.headers.iter().map(|(wire, rust)| {
        let rust = ident(rust);
        quote!(.header(#wire, #rust))
    });
    quote! {
        #about
        #[inline]
        pub fn #name(&self #(, #arguments)*) -> #request<#answer> {
            #place.#call #(#options)* #(#headers)*
        }
    }
}

/// The body argument of a method, and the call that makes its request.
fn call(
    imports: &Imports,
    planned: &MethodPlan,
    kind: Kind,
    operation: &str,
) -> (Option<TokenStream>, TokenStream) {
    match &planned.body {
        BodyPlan::None => (None, quote!(call(#operation))),
        BodyPlan::Bytes => {
            imports.uses_runtime();
            (Some(quote!(content: impl Into<runtime::Body>)), quote!(send_bytes(#operation, content)))
        }
        BodyPlan::Value(element) if kind == Kind::Update => {
            imports.uses_runtime();
            let ty = imports.element(element);
            (Some(quote!(changes: impl runtime::Update<#ty>)), quote!(update(#operation, changes)))
        }
        BodyPlan::Value(element) => {
            let ty = imports.element(element);
            (Some(quote!(body: &#ty)), quote!(send(#operation, body)))
        }
        BodyPlan::Values(element) => {
            let ty = imports.element(element);
            (Some(quote!(values: &[#ty])), quote!(send_values(#operation, values)))
        }
        BodyPlan::Parameters(rust) => {
            let ty = parameters_type(imports, rust);
            (Some(quote!(parameters: &#ty)), quote!(send(#operation, parameters)))
        }
        BodyPlan::Reference => {
            let reference = imports.runtime("Reference");
            (Some(quote!(reference: &#reference)), quote!(send(#operation, reference)))
        }
    }
}

fn parameters_type(imports: &Imports, rust: &crate::plan::types::RustType) -> TokenStream {
    imports.model(rust)
}

fn answer(imports: &Imports, planned: &AnswerPlan) -> TokenStream {
    let element = |element: &Element| imports.element(element);
    match planned {
        AnswerPlan::None => quote!(()),
        AnswerPlan::Value(ty) => element(ty),
        AnswerPlan::Optional(ty) => {
            let ty = element(ty);
            quote!(Option<#ty>)
        }
        AnswerPlan::Scalar(ty) => {
            let (wrapped, ty) = (imports.runtime("Wrapped"), element(ty));
            quote!(#wrapped<#ty>)
        }
        AnswerPlan::Page(ty) => {
            let (page, ty) = (imports.runtime("Page"), element(ty));
            quote!(#page<#ty>)
        }
        AnswerPlan::Changes(ty) => {
            let (page, change, ty) = (imports.runtime("Page"), imports.runtime("Change"), element(ty));
            quote!(#page<#change<#ty>>)
        }
        AnswerPlan::Count => imports_name(imports, "Count"),
        AnswerPlan::Reference => imports_name(imports, "Reference"),
        AnswerPlan::References => {
            let (page, reference) = (imports.runtime("Page"), imports.runtime("Reference"));
            quote!(#page<#reference>)
        }
        AnswerPlan::Bytes => imports_name(imports, "Content"),
    }
}

fn imports_name(imports: &Imports, name: &'static str) -> TokenStream {
    let name = imports.runtime(name);
    quote!(#name)
}

fn accessor(imports: &Imports, module: &Module, planned: &Accessor) -> TokenStream {
    let about = format!(" `{}`", planned.template);
    let name = ident(&planned.name);
    let own = format!("{}::", module.path.join("::"));
    let target = match planned.target.strip_prefix(&own) {
        Some(relative) => path_tokens(relative),
        None => {
            let absolute = path_tokens(&planned.target);
            quote!(crate::#absolute)
        }
    };
    let attribute = planned.feature.as_ref().map(|feature| cfg(&Features::from([feature.clone()])));
    let (arguments, place) = step(imports, &planned.step);
    quote! {
        #[doc = #about]
        #attribute
        #[inline]
        pub fn #name(&self #(, #arguments)*) -> #target { #target(#place) }
    }
}

/// The arguments a step takes and the path it leads to.
fn step(imports: &Imports, step: &Step) -> (Vec<TokenStream>, TokenStream) {
    match step {
        Step::None => (Vec::new(), quote!(self.0)),
        Step::Segment(text) => (Vec::new(), quote!(self.0.segment(#text))),
        Step::Key(argument) => {
            let name = ident(&argument.rust);
            let parameter = parameter(imports, argument);
            match argument.ty {
                Element::Primitive("String") => (vec![parameter], quote!(self.0.key(#name))),
                _ => {
                    let value = wire_value(argument);
                    (vec![parameter], quote!(self.0.key_of(#value)))
                }
            }
        }
        Step::CompositeKey(arguments) => {
            let pairs = arguments.iter().map(pair);
            (parameters(imports, arguments), quote!(self.0.composite_key(&[#(#pairs),*])))
        }
        Step::AlternateKey(arguments) => {
            let pairs = arguments.iter().map(pair);
            (parameters(imports, arguments), quote!(self.0.alternate_key(&[#(#pairs),*])))
        }
        Step::Function(name, arguments) => {
            let pairs = arguments.iter().map(|argument| {
                let (wire, rust, value) = (&argument.name, ident(&argument.rust), wire_value(argument));
                match (argument.is_optional, is_reference(argument)) {
                    (false, _) => quote!((#wire, Some(#value))),
                    (true, true) => quote!((#wire, #rust.map(|value| value as _))),
                    (true, false) => quote!((#wire, #rust.as_ref().map(|value| value as _))),
                }
            });
            (parameters(imports, arguments), quote!(self.0.function(#name, &[#(#pairs),*])))
        }
        Step::ItemPath => (vec![quote!(item_path: &str)], quote!(self.0.item_path(item_path))),
        Step::RootItemPath => {
            (vec![quote!(item_path: &str)], quote!(self.0.segment("root").item_path(item_path)))
        }
    }
}

fn parameters(imports: &Imports, arguments: &[Argument]) -> Vec<TokenStream> {
    arguments.iter().map(|argument| parameter(imports, argument)).collect()
}

fn pair(argument: &Argument) -> TokenStream {
    let (wire, value) = (&argument.name, wire_value(argument));
    quote!((#wire, #value))
}

/// An argument as something that has a literal.
fn wire_value(argument: &Argument) -> TokenStream {
    let name = ident(&argument.rust);
    if is_reference(argument) { quote!(#name) } else { quote!(&#name) }
}

/// An argument in the signature: by value where it is small and copied, else borrowed.
fn parameter(imports: &Imports, argument: &Argument) -> TokenStream {
    let name = ident(&argument.rust);
    let element = imports.element(&argument.ty);
    let ty = match (&argument.ty, argument.is_collection) {
        (_, true) => quote!(&[#element]),
        (Element::Primitive("String"), _) => quote!(&str),
        _ if is_reference(argument) => quote!(&#element),
        _ => element,
    };
    if argument.is_optional { quote!(#name: Option<#ty>) } else { quote!(#name: #ty) }
}

/// Whether an argument refers to a value that is too large to be copied and whose size is known, unlike that of a text
/// or a list.
fn is_reference(argument: &Argument) -> bool {
    const LARGE: [&str; 4] = ["runtime::Binary", "runtime::Decimal", "runtime::Duration", "runtime::Json"];
    !argument.is_collection
        && match &argument.ty {
            Element::Primitive(name) => LARGE.contains(name),
            _ => true,
        }
}
