//! The answers of the server: as long, and with as many properties, as those of the service.

use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request};
use serde_json::{Value, json};

use crate::server::{self, Answer, Failure};

static USER: LazyLock<Bytes> = LazyLock::new(|| user(17).to_string().into());
static EVENT: LazyLock<Bytes> = LazyLock::new(|| event().to_string().into());
static PAGE: LazyLock<Bytes> = LazyLock::new(|| {
    let users: Vec<Value> = (0..100).map(user).collect();
    let page = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users", "value": users});
    page.to_string().into()
});

/// Answers by method and path.
pub async fn answer(request: Request<Incoming>) -> Result<Answer, Failure> {
    let (head, body) = request.into_parts();
    body.collect().await?;
    let path = head.uri.path();
    let mut answer = match head.method {
        Method::POST => server::json(201, EVENT.clone()),
        _ if path.ends_with("/users") => server::json(200, PAGE.clone()),
        _ => server::json(200, USER.clone()),
    };
    // What the service sends besides.
    for (name, value) in [
        ("request-id", "37f9dcb4-79c8-4a1c-a2a7-8d4ae1a4ac3e"),
        ("client-request-id", "37f9dcb4-79c8-4a1c-a2a7-8d4ae1a4ac3e"),
        ("cache-control", "no-cache"),
        ("strict-transport-security", "max-age=31536000"),
        ("odata-version", "4.0"),
        ("vary", "Accept-Encoding"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(answer)
}

fn user(number: u32) -> Value {
    json!({
        "id": format!("87d349ed-44d7-43e1-9a83-{number:012}"),
        "businessPhones": ["+1 425 555 0109"],
        "displayName": format!("Adele Vance {number}"),
        "givenName": "Adele",
        "jobTitle": "Retail Manager",
        "mail": format!("adele{number}@contoso.com"),
        "mobilePhone": "+1 425 555 0109",
        "officeLocation": "18/2111",
        "preferredLanguage": "en-US",
        "surname": "Vance",
        "userPrincipalName": format!("adele{number}@contoso.com"),
        "accountEnabled": true,
        "createdDateTime": "2026-03-14T09:26:53Z",
        "department": "Retail",
        "usageLocation": "US",
    })
}

fn event() -> Value {
    json!({
        "id": "AAMkAGI1AAAt9AHjAAA=",
        "createdDateTime": "2026-03-14T09:26:53.1234567Z",
        "subject": "Stocktaking",
        "bodyPreview": "Bring your own pencils.",
        "importance": "normal",
        "isAllDay": false,
        "body": {"contentType": "html", "content": "<html><body>Bring your own pencils.</body></html>"},
        "start": {"dateTime": "2026-03-15T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-15T10:00:00.0000000", "timeZone": "UTC"},
    })
}
