//! Plans as text that a person can check.

use std::fmt::Write;

use msgraph_codegen::csdl::TypeRef;
use msgraph_codegen::model::Model;
use msgraph_codegen::operations::options;
use msgraph_codegen::operations::spec::{Answer, Body, CustomOption};
use msgraph_codegen::plan::builders::{Argument, Builder, MethodPlan, Module, Step};
use msgraph_codegen::plan::types::{Element, Struct, ValueType};
use msgraph_codegen::plan::{Plan, PlannedOperation};

/// The inventory, a line per operation: method, path, kind, origin, body, answer, query options, custom options and
/// headers. Type names of the container's own namespace stand without it.
pub fn operations(model: &Model<'_>, plan: &Plan<'_>) -> String {
    let own = model.container().name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    plan.operations.iter().map(|planned| format!("{}\n", operation(own, planned))).collect()
}

fn operation(own: &str, planned: &PlannedOperation) -> String {
    let spec = &planned.spec;
    let mut line = format!("{} {}  {} [{}]", spec.method, planned.path, spec.kind.name(), spec.origin.name());
    if let Some(body) = body(own, &spec.body) {
        let _ = write!(line, " takes {body}");
    }
    if let Some(answer) = answer(own, &spec.answer) {
        let _ = write!(line, " gives {answer}");
    }
    if !spec.query.is_empty() {
        let _ = write!(line, " ?{}", options::notation(&spec.query, &spec.limits).join(","));
    }
    for (what, options) in [("option", &spec.options), ("header", &spec.headers)] {
        for CustomOption { name, required } in options {
            let _ = write!(line, " {what} {name}{}", if *required { " (required)" } else { "" });
        }
    }
    line
}

fn body(own: &str, body: &Body) -> Option<String> {
    Some(match body {
        Body::None => return None,
        Body::Value(ty) => type_name(own, ty),
        Body::Values(ty) => format!("array of {} under value", type_name(own, ty)),
        Body::Parameters(_) => "parameters".to_owned(),
        Body::Reference => "reference".to_owned(),
        Body::Bytes => "bytes".to_owned(),
    })
}

fn answer(own: &str, answer: &Answer) -> Option<String> {
    Some(match answer {
        Answer::None => return None,
        Answer::Value(ty) => type_name(own, ty),
        Answer::Optional(ty) => format!("{} or nothing", type_name(own, ty)),
        Answer::Scalar(ty) => format!("scalar {}", type_name(own, ty)),
        Answer::Page(ty) => format!("page of {}", type_name(own, ty)),
        Answer::Count => "number".to_owned(),
        Answer::Reference => "reference".to_owned(),
        Answer::References => "page of references".to_owned(),
        Answer::Bytes => "bytes".to_owned(),
    })
}

fn type_name(own: &str, ty: &TypeRef) -> String {
    let name = String::from(ty.clone());
    let short =
        name.strip_prefix(own).and_then(|rest| rest.strip_prefix('.')).filter(|rest| !rest.contains('.'));
    short.unwrap_or(&name).to_owned()
}

/// The names: types with their fields and members, request builders with their accessors and methods.
pub fn names(plan: &Plan<'_>) -> String {
    let mut text = String::new();
    for planned in &plan.types.structs {
        structure(&mut text, planned);
        planned.parameters.iter().for_each(|parameters| structure(&mut text, parameters));
    }
    for planned in &plan.types.enums {
        let _ = writeln!(text, "{} = {}", planned.graph, planned.rust.path());
        for (json, rust) in &planned.members {
            let _ = writeln!(text, "  {json} = {rust}");
        }
    }
    plan.modules.iter().for_each(|planned| module(&mut text, plan, planned));
    text
}

fn structure(text: &mut String, planned: &Struct) {
    let _ =
        writeln!(text, "{} = {}, file {}", planned.graph, planned.rust.path(), planned.rust.module_path());
    for field in &planned.fields {
        let _ = writeln!(text, "  {} = {}: {}", field.json, field.rust, value_type(&field.ty));
    }
}

fn value_type(ty: &ValueType) -> String {
    let element = element(&ty.element);
    match (ty.is_collection, ty.is_boxed) {
        (true, _) => format!("Vec<{element}>"),
        (false, true) => format!("Box<{element}>"),
        (false, false) => element,
    }
}

fn element(element: &Element) -> String {
    match element {
        Element::Primitive(name) => (*name).to_owned(),
        Element::Structured(rust) | Element::Enum(rust) => rust.path(),
        Element::Flags(rust) => format!("Flags<{}>", rust.path()),
    }
}

fn module(text: &mut String, plan: &Plan<'_>, planned: &Module) {
    for Builder { name, template, methods, accessors } in &planned.builders {
        let _ = writeln!(text, "{template} = {}::{name}", planned.path.join("::"));
        for accessor in accessors {
            let arguments = arguments(&accessor.step);
            let _ = writeln!(text, "  {}({arguments}) -> {}", accessor.name, accessor.target);
        }
        for method in methods {
            let PlannedOperation { spec, path, .. } = &plan.operations[method.operation];
            let _ =
                writeln!(text, "  {}({}) = {} {path}", method.name, method_arguments(method), spec.method);
        }
    }
    planned.modules.iter().for_each(|below| module(text, plan, below));
}

fn method_arguments(method: &MethodPlan) -> String {
    let options = method.options.iter().chain(&method.headers).map(|(_, rust)| rust.clone());
    let path = Some(arguments(&method.step)).filter(|text| !text.is_empty());
    path.into_iter().chain(options).collect::<Vec<_>>().join(", ")
}

fn arguments(step: &Step) -> String {
    let list = match step {
        Step::Key(argument) => std::slice::from_ref(argument),
        Step::CompositeKey(list) | Step::AlternateKey(list) | Step::Function(_, list) => list,
        _ => &[],
    };
    let argument = |argument: &Argument| {
        let ty = element(&argument.ty);
        let ty = if argument.is_collection { format!("[{ty}]") } else { ty };
        let ty = if argument.is_optional { format!("Option<{ty}>") } else { ty };
        format!("{}: {ty}", argument.rust)
    };
    list.iter().map(argument).collect::<Vec<_>>().join(", ")
}
