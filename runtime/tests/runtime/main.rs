//! The runtime from outside, as generated code and users see it.

mod batch;
mod changes;
mod checkpoints;
mod clouds;
mod derived;
mod download;
mod download_proofs;
mod edm;
mod errors;
#[cfg(feature = "hyper")]
mod faults;
mod forbidden;
mod headers;
#[cfg(feature = "hyper")]
mod hosts;
mod json;
mod least_privileges;
mod middleware;
mod operations;
mod paging;
mod patch;
mod permissions;
mod query;
mod raw;
#[cfg(feature = "hyper")]
mod reports;
mod requests;
mod retry;
mod spellings;
mod support;
mod throttling;
mod timeouts;
#[cfg(feature = "hyper")]
mod transport;
mod upload;
mod upload_proofs;
#[cfg(feature = "hyper")]
mod wire;
