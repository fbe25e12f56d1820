//! A very small Microsoft Graph on this machine, with one user, one mailbox and no memory.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Starts the service and returns its root, such as `http://127.0.0.1:50123/v1.0`.
pub async fn start() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let root = format!("http://{}/v1.0", listener.local_addr()?);
    let links = root.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let root = links.clone();
            let service = service_fn(move |request| {
                let response = answer(&request, &root);
                async move { Ok::<_, Infallible>(response) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(connection), service));
        }
    });
    Ok(root)
}

fn answer(request: &Request<Incoming>, root: &str) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_start_matches("/v1.0");
    let query = request.uri().query().unwrap_or_default();
    let (status, body) = match (request.method().as_str(), path) {
        ("GET", "/me") => (200, me()),
        ("GET", "/me/messages") => (200, messages(query, root)),
        ("POST", "/me/messages") => (201, json!({"id": "draft", "subject": "Lunch", "isDraft": true})),
        ("PATCH" | "GET", "/me/messages/draft") => {
            (200, json!({"id": "draft", "subject": "Lunch on Friday"}))
        }
        ("DELETE", "/me/messages/draft") => (204, Value::Null),
        ("GET", path) if path.starts_with("/me/reminderView(") => (200, json!({"value": [{}]})),
        _ => (403, refusal()),
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn me() -> Value {
    let manager = json!({"@odata.type": "#microsoft.graph.user", "id": "zoe", "displayName": "Zoë"});
    json!({"id": "adele", "displayName": "Adele", "jobTitle": null, "manager": manager})
}

/// Two pages, the first of which links to the second.
fn messages(query: &str, root: &str) -> Value {
    let message = |subject, received| json!({"subject": subject, "receivedDateTime": received});
    if query.contains("$skiptoken") {
        return json!({"value": [message("Third", "2026-01-03T09:00:00Z")]});
    }
    let first = [message("First", "2026-01-01T09:00:00Z"), message("Second", "2026-01-02T09:00:00Z")];
    json!({"value": first, "@odata.nextLink": format!("{root}/me/messages?$skiptoken=2")})
}

fn refusal() -> Value {
    let inner = json!({"date": "2026-01-01T09:00:00", "request-id": "00000000-0000-0000-0000-000000000001"});
    let message = "Insufficient privileges to complete the operation.";
    json!({"error": {"code": "Authorization_RequestDenied", "message": message, "innerError": inner}})
}
