//! Three operations with msgraph.

use msgraph::GraphClient;
use msgraph::models::{ItemBody, Message};
use msgraph::runtime::{self, StaticToken};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("GRAPH_TOKEN")?;
    let client = GraphClient::from(runtime::GraphClient::new(StaticToken::new(token)));

    let me = client.me().get().select(["id", "displayName"]).await?;
    println!("{}", me.display_name.as_deref().unwrap_or_default());

    let users = client.users().list().select(["id", "displayName", "mail"]).top(5).await?;
    for user in users.value {
        println!("{} {}", user.display_name.as_deref().unwrap_or_default(), user.mail.as_deref().unwrap_or_default());
    }

    let body = ItemBody { content: Some("A draft".to_owned()), ..ItemBody::default() };
    let draft = Message { subject: Some("Hello".to_owned()), body: Some(body), ..Message::default() };
    let draft = client.me().messages().create(&draft).await?;
    println!("{}", draft.id.as_deref().unwrap_or_default());
    Ok(())
}
