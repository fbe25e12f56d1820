//! Which workload of the service a call burdens: each has limits of its own
//! ([service-specific limits](https://learn.microsoft.com/graph/throttling-limits)).

use std::borrow::Cow;

use crate::client::Shared;
use crate::pipeline::{Call, CallName};

/// Path segments and the workload that they belong to.
const WORKLOADS: [(&str, &[&str]); 7] = [
    (
        "outlook",
        &[
            "calendar",
            "calendarGroups",
            "calendarView",
            "calendars",
            "contactFolders",
            "contacts",
            "events",
            "findMeetingTimes",
            "inferenceClassification",
            "mailFolders",
            "mailboxSettings",
            "messages",
            "outlook",
            "people",
            "places",
            "reminderView",
            "sendMail",
            "getMailTips",
        ],
    ),
    ("files", &["drive", "drives", "followedSites", "shares", "sites", "storage"]),
    (
        "teams",
        &["appCatalogs", "channels", "chats", "joinedTeams", "team", "teams", "teamsTemplates", "teamwork"],
    ),
    ("onenote", &["onenote"]),
    ("planner", &["planner"]),
    ("intune", &["deviceAppManagement", "deviceManagement", "managedAppRegistrations", "managedDevices"]),
    ("to do", &["todo"]),
];

/// Root resources below which other workloads are.
const OWNERS: [&str; 3] = ["groups", "me", "users"];

/// What of a call decides which workload it burdens.
pub(crate) enum Burden {
    /// The path template of an operation on the client's own host.
    Template(&'static str),
    /// The path below the version on the client's own host.
    Path(String),
    /// Another host.
    Host(String),
}

impl Burden {
    pub(crate) fn of(call: &Call, client: &Shared) -> Self {
        match call.operation() {
            _ if !client.is_own(&call.url) => Self::Host(call.url.host_str().unwrap_or_default().to_owned()),
            Some(operation) => Self::Template(operation.template()),
            None => {
                let path = call.url.path();
                let root = client.base_url.path().trim_end_matches('/');
                let other = ["/v1.0/", "/beta/"].into_iter().find_map(|version| path.split_once(version));
                let below = path.strip_prefix(root).or(other.map(|(_, below)| below));
                Self::Path(below.unwrap_or(path).to_owned())
            }
        }
    }

    /// Of a call to the client's own host by its name.
    pub(crate) fn named(name: &CallName) -> Self {
        Self::Path(name.template().to_owned())
    }

    /// The service area of a path below users and groups, else that of its root, or the host.
    pub(super) fn workload(&self) -> Cow<'static, str> {
        match self {
            Self::Template(template) => Cow::Borrowed(of_path(template).unwrap_or_else(|root| root)),
            Self::Path(path) => of_path(path).map_or_else(|root| Cow::Owned(root.to_owned()), Cow::Borrowed),
            Self::Host(host) => Cow::Owned(host.clone()),
        }
    }
}

/// A workload of the table, or the root.
fn of_path(path: &str) -> Result<&'static str, &str> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let root = segments.next().unwrap_or_default();
    let area = if OWNERS.contains(&root) { segments.find_map(known) } else { known(root) };
    match area {
        Some(area) => Ok(area),
        None if OWNERS.contains(&root) => Ok("directory"),
        None => Err(root),
    }
}

fn known(segment: &str) -> Option<&'static str> {
    WORKLOADS.iter().find(|(_, segments)| segments.contains(&segment)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_follows_from_the_path() {
        for (path, expected) in [
            ("/users/{user-id}", Ok("directory")),
            ("/users/{user-id}/messages/{message-id}", Ok("outlook")),
            ("/me/mailFolders/{mailFolder-id}/messages", Ok("outlook")),
            ("/me/drive/root/children", Ok("files")),
            ("/groups/{group-id}/members", Ok("directory")),
            ("/groups/{group-id}/team/channels", Ok("teams")),
            ("/drives/{drive-id}/items", Ok("files")),
            ("/chats", Ok("teams")),
            ("/auditLogs/signIns", Err("auditLogs")),
            ("/", Err("")),
        ] {
            assert_eq!(of_path(path), expected, "{path}");
        }
    }
}
