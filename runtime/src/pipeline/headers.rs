//! Sets the headers that every request has, unless the caller has set them.

use http::header::{ACCEPT_ENCODING, RANGE, USER_AGENT};
use http::{HeaderName, HeaderValue};

use super::Call;
use crate::client::Shared;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

pub(super) fn set(call: &mut Call, client: &Shared) {
    if call.headers.contains_key(RANGE) {
        // Ranges of a compressed answer would be of the bytes before they are decompressed.
        call.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    }
    call.headers.entry(USER_AGENT).or_insert_with(|| client.user_agent.clone());
    call.headers.entry(CLIENT_REQUEST_ID).or_insert_with(|| {
        let bits = u128::from(client.randomness.next()) << 64 | u128::from(client.randomness.next());
        let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
        let mut buffer = uuid::Uuid::encode_buffer();
        // Hexadecimal digits and hyphens are fit for a header.
        HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer))
            .unwrap_or_else(|_| HeaderValue::from_static(""))
    });
}
