//! Throttling: what the service says about it, and how all calls of an app slow down together.

mod governor;
mod lane;
mod signal;
mod workload;

pub(crate) use governor::Wish;
pub use governor::{Governor, WaitReason, Waiting};
pub(crate) use lane::later;
pub(crate) use signal::retry_after;
