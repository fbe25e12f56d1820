//! The program on the typed client.

use anyhow::Result;
use futures_util::future::BoxFuture;
use msgraph::GraphClient;
use msgraph::models::{DateTimeTimeZone, Event, ItemBody};
use msgraph::runtime::{self, HyperTransport, StaticToken};

use super::Task;

pub struct Contestant(GraphClient);

impl Contestant {
    pub fn new(server: &str, transport: HyperTransport) -> Result<Self> {
        let builder = runtime::GraphClient::builder().base_url(&format!("{server}/v1.0"));
        let builder = builder.credential(StaticToken::new(super::bare::TOKEN));
        Ok(Self(builder.transport(transport).build()?.into()))
    }

    /// Does a task, and tells how many values came.
    pub fn send(&self, task: Task) -> BoxFuture<'static, Result<usize>> {
        let client = self.0.clone();
        Box::pin(async move {
            Ok(match task {
                Task::User => client.users().by_id("17").get().await?.id.map_or(0, |id| id.len()),
                Task::Page => client.users().list().top(100).await?.value.len(),
                Task::Event => {
                    let event = client.users().by_id("17").events().create(&event()).await?;
                    event.id.as_ref().map_or(0, |id| id.len())
                }
            })
        })
    }
}

fn event() -> Event {
    let at = |time: &str| {
        let (date_time, time_zone) = (Some(time.to_owned()), Some("UTC".to_owned()));
        Some(DateTimeTimeZone { date_time, time_zone, ..Default::default() })
    };
    let content = Some("Bring your own pencils.".to_owned());
    Event {
        subject: Some("Stocktaking".to_owned()),
        body: Some(ItemBody { content, ..Default::default() }),
        start: at("2026-03-15T09:00:00"),
        end: at("2026-03-15T10:00:00"),
        ..Default::default()
    }
}
