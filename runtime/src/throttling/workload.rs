//! Which workload of the service a call burdens: each has limits of its own
//! ([service-specific limits](https://learn.microsoft.com/graph/throttling-limits)).

use std::borrow::Cow;

use crate::client::Shared;
use crate::pipeline::{Call, CallName};

/// The workload whose limits are counted by app and mailbox.
const OUTLOOK: &str = "outlook";

/// Path segments and the workload that they belong to.
const WORKLOADS: [(&str, &[&str]); 7] = [
    (
        OUTLOOK,
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

/// What a call burdens: calls that burden the same wait together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Workload {
    /// The service area of a path below users and groups, else that of its root, or the host.
    pub(super) area: Cow<'static, str>,
    /// Whose mailbox it is, where limits are those of each mailbox: Outlook's, unless the path doesn't tell.
    pub(super) mailbox: Option<String>,
}

impl Workload {
    pub(crate) fn of(call: &Call, client: &Shared) -> Self {
        if !client.is_own(&call.url) {
            let host = call.url.host_str().unwrap_or_default().to_owned();
            return Self { area: Cow::Owned(host), mailbox: None };
        }
        let path = call.url.path();
        let root = client.base_url.path().trim_end_matches('/');
        let other = ["/v1.0/", "/beta/"].into_iter().find_map(|version| path.split_once(version));
        let below = path.strip_prefix(root).or(other.map(|(_, below)| below)).unwrap_or(path);
        let area = match call.operation() {
            Some(operation) => Cow::Borrowed(of_path(operation.template()).unwrap_or_else(|root| root)),
            None => area_of(below),
        };
        Self::new(area, below)
    }

    /// Of a call to the client's own host by its name.
    pub(crate) fn named(name: &CallName) -> Self {
        Self::new(area_of(name.template()), name.template())
    }

    fn new(area: Cow<'static, str>, path: &str) -> Self {
        let mailbox = if area == OUTLOOK { mailbox_of(path) } else { None };
        Self { area, mailbox }
    }

    /// The same for all mailboxes.
    pub(super) fn of_all(&self) -> Self {
        Self { area: self.area.clone(), mailbox: None }
    }
}

fn area_of(path: &str) -> Cow<'static, str> {
    of_path(path).map_or_else(|root| Cow::Owned(root.to_owned()), Cow::Borrowed)
}

/// Whose mailbox a path leads to: `me`, or the id of a user or a group; none if it only holds a place for that.
fn mailbox_of(path: &str) -> Option<String> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let owner = segments.next().filter(|owner| OWNERS.contains(owner))?;
    let id = if owner == "me" { owner } else { segments.next()? };
    (!id.starts_with('{')).then(|| id.to_ascii_lowercase())
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

    #[test]
    fn a_mailbox_is_that_of_a_user_a_group_or_the_one_who_signed_in() {
        for (path, expected) in [
            ("/users/A@b.example/messages", Some("a@b.example")),
            ("/groups/7/calendar", Some("7")),
            ("/me/messages", Some("me")),
            ("/users/{user-id}/messages", None),
            ("/places/microsoft.graph.room", None),
            ("/users", None),
        ] {
            assert_eq!(mailbox_of(path).as_deref(), expected, "{path}");
        }
    }
}
