//! What the client costs at run time, against programs that do the same without it, and whether it endures.
//!
//! Everything that links this library has its allocations counted: see [`memory`].

#![forbid(unsafe_code)]

pub mod decode;
pub mod memory;
pub mod runtime;
pub mod server;
pub mod soak;
