//! Generates the `msgraph` crate: metadata in, Rust source text out.
//!
//! The generator is a row of stages, each a function from one value to the next:
//!
//! | stage | module | from → to |
//! |---|---|---|
//! | parse | [`csdl`], [`openapi`], [`permissions`] | text → what the document says |
//!
//! Nothing in this crate touches the disk; the `xtask` crate reads the inputs and writes the outputs.

pub mod clouds;
pub mod csdl;
pub mod diagnostics;
pub mod diff;
pub mod emit;
pub mod fixups;
pub mod inventory;
pub mod model;
pub mod openapi;
pub mod operations;
pub mod permissions;
pub mod plan;
