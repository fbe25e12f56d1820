//! The hand-written part of `msgraph`: what the generated models and request builders stand on.
//!
//! - [`GraphClient`] holds the settings: credential, transport, clock. Every request of every kind goes
//!   through its one [`pipeline`].
//! - [`Path`] grows segment by segment into a [`Request`], a future that yields a value.
//! - [`Model`]s are read and written by one concrete JSON [`Reader`] and
//!   [`Writer`], and lose nothing: what has no field is kept in [`Extra`].
//! - [`Error`] says what happened, to which operation, and what to tell the service's support.
//!
//! A transport is a parameter, so a program that uses a client can be tested without a network:
//!
//! ```
//! use http::{Request, Response};
//! use msgraph_runtime::{Body, GraphClient, Page, StaticToken};
//!
//! // Generated request builders make such calls: an operation as one text, see `Operation`.
//! const LIST: &str = "op:GET /me/messages;select top;";
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let client = GraphClient::builder()
//!     .credential(StaticToken::new("token"))
//!     .transport(|request: Request<Body>| async move {
//!         assert_eq!(request.uri(), "https://graph.microsoft.com/v1.0/me/messages?$top=2");
//!         Ok(Response::new(Body::from(r#"{"value": ["first", "second"]}"#)))
//!     })
//!     .build()?;
//! let page = client.root("me").segment("messages").call::<Page<String>>(LIST).top(2).await?;
//! assert_eq!(page.value, ["first", "second"]);
//! # Ok::<(), msgraph_runtime::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Connections
//!
//! Requests go over HTTP/1.1 or HTTP/2 as the service chooses, with TLS by rustls and the platform's roots, and through the
//! proxy that the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) or the system names. [`HyperTransport`] has settings
//! for another proxy, other roots or client certificates; one transport serves requests for tokens as well. With the
//! feature `reqwest` a [`ReqwestTransport`] takes a client that the program has.
//!
//! # Without async
//!
//! A program that has no async code of its own makes a runtime once and lets it complete each request:
//!
//! ```
//! # use http::{Request, Response};
//! # use msgraph_runtime::{Body, GraphClient, Page, StaticToken};
//! # const LIST: &str = "op:GET /me/messages;select top;";
//! # let client = GraphClient::builder()
//! #     .credential(StaticToken::new("token"))
//! #     .transport(|_| async { Ok(Response::new(Body::from(r#"{"value": ["first", "second"]}"#))) })
//! #     .build()?;
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//!
//! let list = client.root("me").segment("messages").call::<Page<String>>(LIST);
//! let page = runtime.block_on(list.into_future())?;
//! # assert_eq!(page.value, ["first", "second"]);
//!
//! let mut items = client.root("me").segment("messages").call::<Page<String>>(LIST).stream();
//! while let Some(item) = runtime.block_on(futures_util::TryStreamExt::try_next(&mut items))? {
//!     println!("{item}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can be relied on
//!
//! `Ok` means that the service has said so in a form that can mean nothing else; [`Error::outcome`] says of every error
//! whether something was done. What Graph was seen to answer beyond its documentation is listed in [`undocumented`].
//!
//! # What can be seen
//!
//! Calls and tries are spans of [`tracing`](https://docs.rs/tracing), target `msgraph`, with OpenTelemetry's names:
//! `graph.call` at level INFO, inside it `graph.try` at DEBUG, and events where a call waits or is sent again. They
//! have path templates, but no keys, queries, headers or bodies. [`Request::debug`] shows one request in full, but
//! for its secrets. [`Governor::waiting`] says who waits while the service throttles.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "auth")]
pub mod auth;
pub mod batch;
mod body;
mod classify;
mod client;
mod client_builder;
mod clock;
mod cloud;
mod credential;
mod delta;
mod download;
pub mod edm;
mod effect;
mod enumeration;
pub mod error;
mod expanded;
mod extra;
mod graph_error;
pub mod json;
mod literal;
mod model;
mod multipart;
mod network;
mod nulls;
mod one_of;
mod operation;
mod options;
mod paging;
mod patch;
mod path;
mod permission;
pub mod permissions;
pub mod pipeline;
mod poller;
mod prefer;
pub mod query;
mod raw;
mod request;
mod response;
mod retry;
mod telemetry;
mod throttling;
mod transfer;
mod transport;
pub mod undocumented;
pub mod upload;

pub use batch::{Batch, BatchAnswers, Part};
pub use body::{Body, ByteStream};
pub use client::GraphClient;
pub use client_builder::GraphClientBuilder;
#[cfg(feature = "hyper")]
pub use clock::SystemClock;
pub use clock::{Clock, Randomness, SystemRandomness};
pub use cloud::Cloud;
pub use credential::{AccessToken, ClaimsChallenge, StaticToken, TokenCredential, TokenRequest};
pub use delta::{Change, Changes, DeltaToken};
pub use download::Download;
pub use effect::Effect;
pub use enumeration::{Enumeration, EnumerationInfo, Flags, UnknownMember};
pub use error::{Error, Outcome};
pub use expanded::Expanded;
pub use extra::Extra;
pub use literal::ToLiteral;
pub use model::{Model, TypeInfo};
pub use multipart::Multipart;
pub use network::Network;
pub use operation::Operation;
pub use options::CallOptions;
pub use paging::{Checkpoint, FailedItem, Items, Page, Pages};
pub use patch::{Patch, Update};
pub use path::Path;
pub use permission::{ApplicationPermission, DelegatedPermission};
pub use permissions::{Alternatives, Inference, Permissions, Provenance, Requirement, Scheme};
pub use poller::{Monitor, OperationState, OperationStatus, Poller};
pub use prefer::Prefer;
pub use query::Property;
pub use request::{Receiving, Request, Sending};
pub use response::{Answer, Content, Count, Decode, Reference, Response, Wrapped};
pub use retry::RetryPolicy;
pub use throttling::{Governor, WaitReason, Waiting};
pub use transfer::Progress;
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
#[cfg(feature = "hyper")]
pub use transport::{HyperTransport, HyperTransportBuilder};
pub use transport::{Phase, Transport, TransportError};
pub use upload::{Upload, UploadSession};

/// The traits and values that generated code uses, under short names.
pub use json::{ReadError, Reader, Value, Writer};

/// What the macros expand to.
#[doc(hidden)]
pub mod __private {
    pub use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

    pub use crate::enumeration::{member, read_member, write_member};
    pub use crate::json::serde::{deserialize, serialize};
    pub use crate::model::{clone, debug, equal};
}
