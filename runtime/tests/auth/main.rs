//! Signing in, against a real OpenID provider where it has the grant, and against a scripted server where it
//! has not. `tests/oidc/setup` installs the provider; without Node.js, npm or openssl those tests say loudly that
//! they were skipped.

mod support;

mod applications;
mod azure;
mod browser;
mod caches;
mod chain;
mod challenge;
mod connection;
mod device_code;
mod discovery;
mod environment;
mod faults;
mod msal;
mod on_behalf_of;
mod refusals;
mod secrets;
mod tokens;
mod users;
