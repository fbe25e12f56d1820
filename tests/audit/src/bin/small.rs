//! Calls four operations and prints them; with the argument `send` it sends two of them. What it never calls must not
//! be found in it.

use futures_util::TryStreamExt;
use msgraph::GraphClient;
use msgraph::runtime::{self, StaticToken};

fn main() -> Result<(), runtime::Error> {
    let client = GraphClient::from(runtime::GraphClient::new(StaticToken::new("token")));
    let list = client.users().list().top(5);
    let message = client.me().messages().by_id("1");
    let called = [
        list.operation(),
        client.users().by_id("1").get().operation(),
        message.get().operation(),
        message.delete().operation(),
    ];
    for operation in called {
        println!("{operation}");
    }
    if std::env::args().nth(1).as_deref() == Some("send") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let first = list.stream().try_next().await?;
            message.delete().await?;
            println!("{}", first.and_then(|user| user.display_name).unwrap_or_default());
            Ok::<(), runtime::Error>(())
        })?;
    }
    Ok(())
}

#[allow(dead_code, reason = "an audit must not find what is never called")]
fn never(client: &GraphClient) {
    println!("{}", client.me().get().operation());
    println!("{}", client.users().by_id("1").delete().operation());
}
