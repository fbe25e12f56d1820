//! What the tests share.

pub mod drive;
pub mod fake;
pub mod models;
pub mod paused;
#[cfg(feature = "hyper")]
pub mod server;
pub mod skip;
