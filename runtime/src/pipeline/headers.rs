//! Sets the headers that every request has, unless the caller has set them.

use futures_util::future::BoxFuture;
use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue};

use super::{Call, Next, Policy};
use crate::body::Body;
use crate::error::Error;

pub(crate) struct Headers;

impl Policy for Headers {
    fn send<'a>(
        &'a self,
        mut call: Call,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        let client = next.client();
        call.headers.entry(USER_AGENT).or_insert_with(|| client.user_agent.clone());
        call.headers.entry(HeaderName::from_static("client-request-id")).or_insert_with(|| {
            let bits = u128::from(client.randomness.next()) << 64 | u128::from(client.randomness.next());
            let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
            let mut buffer = uuid::Uuid::encode_buffer();
            // Hexadecimal digits and hyphens are fit for a header.
            HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer))
                .unwrap_or_else(|_| HeaderValue::from_static(""))
        });
        next.send(call)
    }
}
