//! OData's primitive types that Rust has no equal for (OData CSDL 4.01, section 4.4), each of which writes
//! back exactly the text that it was read from.

mod binary;
mod decimal;
mod duration;
mod guid;
mod json;
mod spelled;
mod text;
mod time;

pub use binary::{Binary, BinaryError};
pub use decimal::Decimal;
pub use duration::Duration;
pub use guid::Guid;
pub use json::Json;
pub use text::ParseEdmError;
pub use time::{Date, DateTimeOffset, TimeOfDay};
