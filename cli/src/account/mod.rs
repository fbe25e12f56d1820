//! Who is signed in: `msgraph login`, `logout`, `whoami`, `test`, and the tokens of the other commands.
//!
//! [`HELP`] says where tokens come from. [`access`] decides which it is, from values alone; [`session`] does what was
//! decided.

mod access;
mod args;
mod connection;
mod login;
mod logout;
mod remembered;
mod session;
mod store;
mod token;
mod whoami;

/// Where tokens come from, as the help says it.
pub const HELP: &str = "\
Tokens come from the first of these that there is:
  --client-secret-file or --certificate
  GRAPH_TOKEN, an access token
  AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE
  the sign-in that `msgraph login` has kept in the folder GRAPH_CONFIG_DIR (default: the system's)";

pub use args::{AccountArgs, Cloud};
pub use connection::run as test;
pub use login::{LoginArgs, run as login};
pub use logout::run as logout;
pub use session::Session;
pub use whoami::run as whoami;
