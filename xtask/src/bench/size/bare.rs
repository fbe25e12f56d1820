//! The same three operations with reqwest and serde_json.

use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use serde::{Deserialize, Serialize};

const ROOT: &str = "https://graph.microsoft.com/v1.0";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    display_name: Option<String>,
    mail: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<User>,
}

#[derive(Default, Deserialize, Serialize)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    subject: Option<String>,
    body: Option<ItemBody>,
}

#[derive(Default, Deserialize, Serialize)]
struct ItemBody {
    content: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("GRAPH_TOKEN")?;
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls()?).build()?;

    let me = client.get(format!("{ROOT}/me?$select=id,displayName")).bearer_auth(&token).send().await?;
    let me: User = serde_json::from_slice(&me.error_for_status()?.bytes().await?)?;
    println!("{}", me.display_name.as_deref().unwrap_or_default());

    let users = format!("{ROOT}/users?$select=id,displayName,mail&$top=5");
    let users = client.get(users).bearer_auth(&token).send().await?;
    let users: Page = serde_json::from_slice(&users.error_for_status()?.bytes().await?)?;
    for user in users.value {
        println!("{} {}", user.display_name.as_deref().unwrap_or_default(), user.mail.as_deref().unwrap_or_default());
    }

    let body = ItemBody { content: Some("A draft".to_owned()) };
    let draft = Message { subject: Some("Hello".to_owned()), body: Some(body), ..Message::default() };
    let request = client.post(format!("{ROOT}/me/messages")).bearer_auth(&token);
    let request = request.header("content-type", "application/json").body(serde_json::to_vec(&draft)?);
    let draft = request.send().await?.error_for_status()?.bytes().await?;
    let draft: Message = serde_json::from_slice(&draft)?;
    println!("{}", draft.id.as_deref().unwrap_or_default());
    Ok(())
}

/// What msgraph does for TLS.
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
