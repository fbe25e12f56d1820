//! Files of request builders.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::tokens::{cfg, doc, element, ident, import, model, module_file, path as path_tokens};
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
    let about = format!(" `{}`", module.template);
    let modules = module.modules.iter().map(|child| {
        let name = ident(child.path.last().expect("a module has a name"));
        quote!(pub mod #name;)
    });
    let modules: Vec<_> = modules.collect();
    let builders: Vec<_> = module.builders.iter().map(|b| builder(plan, module, b)).collect();
    let import = (!builders.is_empty()).then(import);
    quote!(#![doc = #about] #import #(#modules)* #(#builders)*)
}

fn builder(plan: &Plan<'_>, module: &Module, planned: &Builder) -> TokenStream {
    let name = ident(&planned.name);
    let about = format!(" Requests to `{}`.", planned.template);
    let methods: Vec<_> = planned.methods.iter().map(|m| method(plan, m)).collect();
    let accessors: Vec<_> = planned.accessors.iter().map(|a| accessor(module, a)).collect();
    quote! {
        #[doc = #about]
        pub struct #name { pub(crate) path: Path }
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

fn method(plan: &Plan<'_>, planned: &MethodPlan) -> TokenStream {
    let about = doc(&docs::operation(&plan.operations[planned.operation]));
    let name = ident(&planned.name);
    let operation = literal(plan, planned);
    let answer = answer(&planned.answer);
    let (mut arguments, place) = step(&planned.step);
    for (_, argument) in planned.options.iter().chain(&planned.headers) {
        let argument = ident(argument);
        arguments.push(quote!(#argument: &str));
    }
    let kind = plan.operations[planned.operation].spec.kind;
    let (body_argument, call) = call(planned, kind, &operation);
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
        pub fn #name(&self #(, #arguments)*) -> Request<#answer> {
            #place.#call #(#options)* #(#headers)*
        }
    }
}

/// The body argument of a method, and the call that makes its request.
fn call(planned: &MethodPlan, kind: Kind, operation: &str) -> (Option<TokenStream>, TokenStream) {
    match &planned.body {
        BodyPlan::None => (None, quote!(call(#operation))),
        BodyPlan::Bytes => {
            (Some(quote!(content: impl Into<runtime::Body>)), quote!(send_bytes(#operation, content)))
        }
        BodyPlan::Value(ty) if kind == Kind::Update => {
            let ty = element(ty);
            (Some(quote!(changes: impl runtime::Update<#ty>)), quote!(update(#operation, changes)))
        }
        BodyPlan::Value(ty) => {
            let ty = element(ty);
            (Some(quote!(body: &#ty)), quote!(send(#operation, body)))
        }
        BodyPlan::Values(ty) => {
            let ty = element(ty);
            (Some(quote!(values: &[#ty])), quote!(send_values(#operation, values)))
        }
        BodyPlan::Parameters(rust) => {
            let ty = model(rust);
            (Some(quote!(parameters: &#ty)), quote!(send(#operation, parameters)))
        }
        BodyPlan::Reference => (Some(quote!(reference: &Reference)), quote!(send(#operation, reference))),
    }
}

fn answer(planned: &AnswerPlan) -> TokenStream {
    match planned {
        AnswerPlan::None => quote!(()),
        AnswerPlan::Value(ty) => element(ty),
        AnswerPlan::Optional(ty) => {
            let ty = element(ty);
            quote!(Option<#ty>)
        }
        AnswerPlan::Effect(ty) => {
            let ty = element(ty);
            quote!(Effect<#ty>)
        }
        AnswerPlan::Scalar(ty) => {
            let ty = element(ty);
            quote!(Wrapped<#ty>)
        }
        AnswerPlan::Page(ty) => {
            let ty = element(ty);
            quote!(Page<#ty>)
        }
        AnswerPlan::Changes(ty) => {
            let ty = element(ty);
            quote!(Page<Change<#ty>>)
        }
        AnswerPlan::Count => quote!(Count),
        AnswerPlan::Reference => quote!(Reference),
        AnswerPlan::References => quote!(Page<Reference>),
        AnswerPlan::Bytes => quote!(Content),
    }
}

fn accessor(module: &Module, planned: &Accessor) -> TokenStream {
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
    let (arguments, place) = step(&planned.step);
    quote! {
        #[doc = #about]
        #attribute
        #[inline]
        pub fn #name(&self #(, #arguments)*) -> #target { #target { path: #place } }
    }
}

/// The arguments a step takes and the path it leads to.
fn step(step: &Step) -> (Vec<TokenStream>, TokenStream) {
    match step {
        Step::None => (Vec::new(), quote!(self.path)),
        Step::Segment(text) => (Vec::new(), quote!(self.path.segment(#text))),
        Step::Key(argument) => {
            let name = ident(&argument.rust);
            let parameter = parameter(argument);
            match argument.ty {
                Element::Primitive("String") => (vec![parameter], quote!(self.path.key(#name))),
                _ => {
                    let value = wire_value(argument);
                    (vec![parameter], quote!(self.path.key_of(#value)))
                }
            }
        }
        Step::CompositeKey(arguments) => {
            let pairs = arguments.iter().map(pair);
            (parameters(arguments), quote!(self.path.composite_key(&[#(#pairs),*])))
        }
        Step::AlternateKey(arguments) => {
            let pairs = arguments.iter().map(pair);
            (parameters(arguments), quote!(self.path.alternate_key(&[#(#pairs),*])))
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
            (parameters(arguments), quote!(self.path.function(#name, &[#(#pairs),*])))
        }
        Step::ItemPath => (vec![quote!(item_path: &str)], quote!(self.path.item_path(item_path))),
        Step::RootItemPath => {
            (vec![quote!(item_path: &str)], quote!(self.path.segment("root").item_path(item_path)))
        }
    }
}

fn parameters(arguments: &[Argument]) -> Vec<TokenStream> {
    arguments.iter().map(parameter).collect()
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
fn parameter(argument: &Argument) -> TokenStream {
    let name = ident(&argument.rust);
    let element = element(&argument.ty);
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
