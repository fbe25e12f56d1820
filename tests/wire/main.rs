//! The generated crate against a server on loopback, over the real transport: what goes out for each kind of
//! operation, and what becomes of the answers.

mod faults;
mod proxies;
mod reading;
mod refusals;
mod server;
mod writing;
