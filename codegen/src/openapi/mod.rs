//! What OpenAPI documents say, as the same values that CSDL gives.
//!
//! In: the texts of one or more documents of [OpenAPI 3.0](https://spec.openapis.org/oas/v3.0.3), in YAML or JSON,
//! as Microsoft's converter writes them (its `x-ms-*` extensions are read). Out: a [`Service`], whose [`Document`]
//! and operations the later stages take as if they came from CSDL.
//!
//! | module | from → to |
//! |---|---|
//! | [`yaml`] | text → values with their places |
//! | `api` | documents → paths and components by name |
//! | `types` | component schemas → types |
//! | `routes` | paths → what each segment stands for |
//! | `tree` | that → the tree of paths and its operations |
//!
//! What a document cannot say is derived from its paths or left unknown: keys come from the parameters that stand for
//! them, entity types are those that paths and navigation properties lead to, with all that they derive from or that
//! derives from them. Unknown stay containment, abstract and open types, the numbers of enumeration members (they are
//! numbered in their order), and whether null is allowed where a schema is only a reference.

mod api;
pub mod compare;
mod contents;
mod routes;
mod schema;
mod sources;
mod tree;
mod types;
pub mod yaml;

use crate::csdl::{self, Container, ContainerElement, Document};
use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::operations::spec::Spec;
use crate::operations::tree::Tree;
use api::Api;
use routes::{Route, Routes, Step};
use sources::{Problems, Sources};
use types::Types;

/// What OpenAPI documents say together.
#[derive(Debug)]
pub struct Service {
    /// The types, actions, functions and roots.
    pub document: Document,
    /// The paths.
    pub paths: Paths,
}

/// The paths of a service, and what can be done there.
#[derive(Debug)]
pub struct Paths {
    routes: Vec<Route>,
}

/// Reads documents, each given by its name and its text.
///
/// # Errors
/// All problems found: text that is not YAML, documents that are not OpenAPI 3.0 or that contradict each other,
/// references to what is in none of them, names that are no identifiers, types that are not sound.
pub fn parse(documents: &[(String, String)]) -> Result<Service, Diagnostics> {
    let mut sources = Sources::default();
    let mut problems = Problems::new();
    let mut roots = Vec::new();
    for (name, text) in documents {
        let first = sources.add(name, text);
        match yaml::parse(text, first) {
            Ok(root) => roots.push(root),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(sources.diagnostics(problems));
    }
    let api = Api::new(&sources, &roots);
    let service = service(&api);
    problems = api.into_problems();
    if problems.is_empty() {
        let found = csdl::check("", &service.document);
        problems.extend(found.sorted().into_iter().map(|found| (found.position, found.message.clone())));
    }
    if problems.is_empty() { Ok(service) } else { Err(sources.diagnostics(problems)) }
}

fn service(api: &Api<'_>) -> Service {
    let mut types = Types::new(api);
    let namespace = types.namespace();
    let Routes { routes, evidence } = routes::routes(api, &mut types, &namespace);
    let mut document = Document { container: container(&namespace, &routes), ..Document::default() };
    types.finish(&evidence, &mut document);
    for route in &routes {
        if let Step::Operation(operation) = &route.step {
            document.operations.push(operation.clone());
        }
    }
    document.sort();
    // The same operation is called on many paths.
    document.operations.dedup_by(|a, b| (&a.name, a.kind, &a.parameters) == (&b.name, b.kind, &b.parameters));
    let types = document.types.iter().map(|ty| &ty.name).chain(document.enums.iter().map(|ty| &ty.name));
    let mut namespaces: Vec<_> = types.filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned())).collect();
    namespaces.sort();
    namespaces.dedup();
    document.namespaces = namespaces;
    Service { document, paths: Paths { routes } }
}

/// The roots. Where no document says of which type one is, it is of any.
fn container(namespace: &str, routes: &[Route]) -> Container {
    let mut container = Container { name: format!("{namespace}.Container"), ..Container::default() };
    for route in routes {
        let Step::Root(name) = &route.step else { continue };
        let ty = route.ty.clone().unwrap_or_else(|| "Edm.EntityType".to_owned());
        let list = if route.is_collection { &mut container.entity_sets } else { &mut container.singletons };
        list.push(ContainerElement { name: name.clone(), ty, position: route.position });
    }
    container
}

impl Paths {
    /// All paths, or those below `roots` if there are any, and what can be done there. `model` is that of the
    /// service's document.
    pub fn operations<'d>(&'d self, model: &Model<'d>, roots: &[String]) -> (Tree<'d>, Vec<Spec>) {
        tree::operations(model, &self.routes, roots)
    }
}
