//! The program on reqwest and serde_json, as somebody writes it who needs only this: no retry, no limits on time, no
//! identifiers of requests, and only the properties that come.

use anyhow::Result;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Task;

/// As long as tokens of the service are.
pub const TOKEN: &str = const {
    const TEXT: [u8; 1600] = [b'a'; 1600];
    match std::str::from_utf8(&TEXT) {
        Ok(text) => text,
        Err(_) => "",
    }
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is decoded is not looked at, there as here")]
struct User {
    id: Option<String>,
    business_phones: Option<Vec<String>>,
    display_name: Option<String>,
    given_name: Option<String>,
    job_title: Option<String>,
    mail: Option<String>,
    mobile_phone: Option<String>,
    office_location: Option<String>,
    preferred_language: Option<String>,
    surname: Option<String>,
    user_principal_name: Option<String>,
    account_enabled: Option<bool>,
    created_date_time: Option<Timestamp>,
    department: Option<String>,
    usage_location: Option<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_date_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_all_day: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<ItemBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<DateTimeTimeZone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<DateTimeTimeZone>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct DateTimeTimeZone {
    date_time: String,
    time_zone: String,
}

pub struct Contestant {
    server: String,
    http: reqwest::Client,
}

impl Contestant {
    pub fn new(server: &str, http: reqwest::Client) -> Self {
        Self { server: server.to_owned(), http }
    }

    /// Does a task, and tells how many values came.
    pub fn send(&self, task: Task) -> BoxFuture<'static, Result<usize>> {
        let (server, http) = (self.server.clone(), self.http.clone());
        Box::pin(async move {
            Ok(match task {
                Task::User => {
                    let request = http.get(format!("{server}/v1.0/users/17"));
                    answer::<User>(request).await?.id.map_or(0, |id| id.len())
                }
                Task::Page => {
                    let request = http.get(format!("{server}/v1.0/users?$top=100"));
                    answer::<Page<User>>(request).await?.value.len()
                }
                Task::Event => {
                    let request = http.post(format!("{server}/v1.0/users/17/events"));
                    let request = request.header(CONTENT_TYPE, "application/json");
                    let request = request.body(serde_json::to_vec(&event())?);
                    answer::<Event>(request).await?.id.map_or(0, |id| id.len())
                }
            })
        })
    }
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T> {
    let response = request.bearer_auth(TOKEN).header(ACCEPT, "application/json").send().await?;
    Ok(serde_json::from_slice(&response.error_for_status()?.bytes().await?)?)
}

fn event() -> Event {
    let at = |time: &str| Some(DateTimeTimeZone { date_time: time.to_owned(), time_zone: "UTC".to_owned() });
    let content = Some("Bring your own pencils.".to_owned());
    Event {
        subject: Some("Stocktaking".to_owned()),
        body: Some(ItemBody { content_type: None, content }),
        start: at("2026-03-15T09:00:00"),
        end: at("2026-03-15T10:00:00"),
        ..Event::default()
    }
}
