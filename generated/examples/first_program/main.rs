//! A first program: it reads, writes, calls a function, follows pages and handles an error.
//!
//! `cargo run --package msgraph --example first_program` talks to a small service that it starts itself, so it needs
//! neither network nor account. With an access token in the environment it talks to Microsoft Graph:
//!
//! `GRAPH_TOKEN=… cargo run --package msgraph --example first_program`
//!
//! The token must be a signed-in user's and allow `User.Read`, `Mail.ReadWrite` and `Calendars.Read`. The program
//! deletes the one draft that it makes.

mod service;

use std::error::Error;

use futures_util::TryStreamExt;
use msgraph::GraphClient;
use msgraph::models::{BodyType, ItemBody, Message};
use msgraph::runtime::{self, Model, StaticToken};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = connect().await?;
    who_am_i(&client).await?;
    unread_messages(&client).await?;
    a_draft(&client).await?;
    reminders(&client).await?;
    permissions(&client);
    an_error(&client).await;
    Ok(())
}

/// A client is made of a credential, and of what differs from the defaults. It is cheap to clone.
async fn connect() -> Result<GraphClient, Box<dyn Error>> {
    if let Ok(token) = std::env::var("GRAPH_TOKEN") {
        return Ok(runtime::GraphClient::new(StaticToken::new(token)).into());
    }
    let url = service::start().await?;
    let builder = runtime::GraphClient::builder().base_url(&url).credential(StaticToken::new("a token"));
    Ok(builder.build()?.into())
}

/// A request is a future: nothing is sent before it is awaited.
async fn who_am_i(client: &GraphClient) -> Result<(), Box<dyn Error>> {
    let request = client.me().get().select(["id", "displayName", "jobTitle"]);
    let me = request.expand(["manager($select=id,displayName)"]).await?;

    // Every property may be absent. `null` is told apart from that.
    println!("I am {}.", me.display_name.as_deref().unwrap_or("nameless"));
    if me.is_null("jobTitle") {
        println!("I have no job title.");
    }
    // What was expanded is decoded when it is asked for.
    if let Some(manager) = &me.manager {
        let manager = manager.get()?;
        println!("My manager is {}.", manager.id.as_deref().unwrap_or("unknown"));
    }
    Ok(())
}

/// A list is one stream of all pages, each fetched when the items before it are used up.
async fn unread_messages(client: &GraphClient) -> Result<(), Box<dyn Error>> {
    let request = client.me().messages().list();
    let request = request.filter("isRead eq false").select(["subject", "receivedDateTime"]).top(2);
    let mut messages = request.stream();
    while let Some(message) = messages.try_next().await? {
        let received = message.received_date_time.map(|time| time.to_string()).unwrap_or_default();
        println!("unread: {received} {}", message.subject.unwrap_or_default());
    }
    Ok(())
}

/// What is sent is a model with the properties that matter; the others are left as they are.
async fn a_draft(client: &GraphClient) -> Result<(), Box<dyn Error>> {
    let body = ItemBody {
        content_type: Some(BodyType::Text),
        content: Some("Shall we?".to_owned()),
        ..Default::default()
    };
    let draft = Message { subject: Some("Lunch".to_owned()), body: Some(body), ..Default::default() };
    let draft = client.me().messages().create(&draft).await?;
    let id = draft.given().and_then(|draft| draft.id).ok_or("the service gave the draft no id")?;

    let mut changes = Message { subject: Some("Lunch on Friday".to_owned()), ..Default::default() };
    changes.set_null("replyTo", true);
    let message = client.me().messages().by_id(&id);
    message.update(&changes).await?;
    println!("The draft is called {:?} now.", message.get().await?.subject.unwrap_or_default());
    message.delete().await?;
    Ok(())
}

/// Functions and actions have their own names and typed parameters.
async fn reminders(client: &GraphClient) -> Result<(), Box<dyn Error>> {
    let page = client.me().reminder_view("2026-01-01T00:00:00", "2026-01-08T00:00:00").await?;
    println!("There are {} reminders in the first week of the year.", page.value.len());
    Ok(())
}

/// Every operation knows the permissions that allow it, the least privileged first.
fn permissions(client: &GraphClient) {
    let operation = client.me().messages().list().operation();
    let permissions = operation.permissions();
    println!("{operation} can be called by a user with:");
    for requirement in permissions.work() {
        println!("  {requirement}");
    }
}

/// An error says what failed and why; its code is for the program, its text for people.
async fn an_error(client: &GraphClient) {
    match client.users().by_id("nobody@contoso.example").get().await {
        Ok(user) => println!("found {user:?}"),
        Err(error) if error.code() == Some("Request_ResourceNotFound") => println!("There is nobody."),
        Err(error) => println!("{error}"),
    }
}
