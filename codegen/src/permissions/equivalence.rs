//! Paths that take the same permissions as another path, which the table documents instead of them.

use super::Method;
use super::path::Segment;

/// Why the permissions of one path are those of another.
///
/// Inheriting from a parent path is *not* among the rules: the sets are the same in only half of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AliasRule {
    /// `/me/…` is `/users/{}/…` of the signed-in user; only delegated schemes have one.
    Me,
    /// A user's, group's or site's drive is `/drives/{}`, and its `root` or a file path is an `items/{}`.
    Drive,
    /// The table leaves off `/$ref` and `/$value`.
    Reference,
    /// `x/$count` takes the permissions of `GET x`.
    Count,
    /// `x/graph.T` takes the permissions of `GET x`.
    Cast,
}

impl AliasRule {
    /// The name of a rule that concludes from one path to another that is about something else: less than all that
    /// the table says of the other need hold. The paths of the other rules lead to the same thing.
    pub const fn inference(self) -> Option<&'static str> {
        match self {
            Self::Me | Self::Drive => None,
            Self::Reference => Some("reference"),
            Self::Count => Some("count"),
            Self::Cast => Some("cast"),
        }
    }
}

/// Takes off a last segment that the table leaves off, if the path has one, and says by which rule.
pub(super) fn take_off_last(segments: &mut Vec<Segment>, method: Method) -> Option<AliasRule> {
    let rule = match segments.last()? {
        Segment { text, .. } if text == "$ref" || text == "$value" => AliasRule::Reference,
        Segment { text, .. } if text == "$count" && method == Method::Get => AliasRule::Count,
        Segment { cast: true, .. } if method == Method::Get => AliasRule::Cast,
        _ => return None,
    };
    segments.pop();
    Some(rule)
}

/// Whether the path is the signed-in user's.
pub(super) fn is_me(path: &str) -> bool {
    path.strip_prefix("/me").is_some_and(is_segment_end)
}

/// `/users/{}/…` for `/me/…` and the other way round.
pub(super) fn other_user_path(path: &str) -> Option<String> {
    let swap = |from: &str, to: &str| {
        path.strip_prefix(from).filter(|rest| is_segment_end(rest)).map(|rest| format!("{to}{rest}"))
    };
    swap("/me", "/users/{}").or_else(|| swap("/users/{}", "/me"))
}

/// The path below `/drives/{}`, items by id, if it is that of a drive or of something in a drive.
pub(super) fn drive_path(path: &str) -> Option<String> {
    let below_owner = ["/me", "/users/{}", "/groups/{}", "/sites/{}", ""]
        .into_iter()
        .filter_map(|owner| path.strip_prefix(owner))
        .find(|rest| rest.starts_with("/drive"))?;
    let single = below_owner.strip_prefix("/drive").filter(|_| below_owner.len() < path.len());
    let below = below_owner.strip_prefix("/drives/{}").or(single).filter(|rest| is_segment_end(rest))?;
    for item in ["/root:/{}:", "/root:/{}", "/items/{}:/{}:", "/root"] {
        if let Some(rest) = below.strip_prefix(item).filter(|rest| is_segment_end(rest)) {
            return Some(format!("/drives/{{}}/items/{{}}{rest}"));
        }
    }
    Some(format!("/drives/{{}}{below}"))
}

fn is_segment_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::super::path::{join, segments};
    use super::*;

    #[test]
    fn me_is_a_user_and_a_user_may_be_me() {
        assert_eq!(other_user_path("/me").as_deref(), Some("/users/{}"));
        assert_eq!(other_user_path("/me/messages").as_deref(), Some("/users/{}/messages"));
        assert_eq!(other_user_path("/users/{}/messages").as_deref(), Some("/me/messages"));
        for path in ["/meetings", "/users", "/users/delta", "/groups/{}/me"] {
            assert_eq!(other_user_path(path), None, "{path}");
        }
    }

    #[test]
    fn every_owners_drive_is_a_drive() {
        for drive in ["/me/drive", "/users/{}/drive", "/groups/{}/drives/{}", "/sites/{}/drive", "/drives/{}"]
        {
            assert_eq!(drive_path(drive).as_deref(), Some("/drives/{}"), "{drive}");
            let list = format!("{drive}/list");
            assert_eq!(drive_path(&list).as_deref(), Some("/drives/{}/list"), "{list}");
            for item in ["items/{}", "root", "root:/{}:", "root:/{}", "items/{}:/{}:"] {
                let content = format!("{drive}/{item}/content");
                assert_eq!(drive_path(&content).as_deref(), Some("/drives/{}/items/{}/content"), "{content}");
            }
        }
    }

    #[test]
    fn a_list_of_drives_is_no_drive() {
        for path in [
            "/drive",
            "/drives",
            "/me/drives",
            "/me/driveitems",
            "/users/{}",
            "/teams/{}/drive",
            "/me/drivesx/{}",
        ] {
            assert_eq!(drive_path(path), None, "{path}");
        }
    }

    #[test]
    fn the_last_segment_comes_off_where_the_table_leaves_it_off() {
        let take = |path: &str, method| {
            let mut segments = segments(path);
            take_off_last(&mut segments, method).map(|rule| (rule, join(&segments)))
        };
        let x = || "/x".to_owned();
        assert_eq!(take("/x/$ref", Method::Post), Some((AliasRule::Reference, x())));
        assert_eq!(take("/x/$value", Method::Put), Some((AliasRule::Reference, x())));
        assert_eq!(take("/x/$count", Method::Get), Some((AliasRule::Count, x())));
        assert_eq!(take("/x/graph.t", Method::Get), Some((AliasRule::Cast, x())));
        assert_eq!(take("/x/graph.action", Method::Post), None, "an action is no cast");
        assert_eq!(take("/x/graph.f()", Method::Get), None, "a function is no cast");
        assert_eq!(take("/x/y", Method::Get), None, "nothing is inherited from a parent path");
    }
}
