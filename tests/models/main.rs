//! Every model of the generated crate, held against what the metadata says and against examples from Microsoft's
//! documentation.

mod examples;
mod findings;
mod inventory;
mod random;
mod registry;
mod routes;
