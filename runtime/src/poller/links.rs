//! Where the links lead that an operation gives.

use url::Url;

use crate::client::GraphClient;
use crate::error::{Error, LinkError};
use crate::pipeline::CallName;

/// The URL of a link that an answer from `base` gives, or why it is not followed. Teams gives paths below the
/// service's root without its version.
pub(super) fn locate(client: &GraphClient, base: &Url, link: &str, call: &CallName) -> Result<Url, Error> {
    let refuse = |problem: String| LinkError::new(call.clone(), link, problem);
    let root = client.base_url().path();
    let below_root =
        link.starts_with('/') && !link.starts_with("//") && !link.starts_with(&format!("{root}/"));
    let url = if below_root && client.is_own(base) {
        client.url(link)
    } else {
        base.join(link).map_err(|e| e.to_string())
    };
    let url = url.map_err(refuse)?;
    if !client.shared().is_secure(&url) {
        return Err(refuse("it does not begin with https://, or holds a user name".to_owned()).into());
    }
    Ok(url)
}

/// The path of the drive that a call works in (`/me/drive`), from its method and path.
pub(super) fn drive_of(call: &str) -> Option<String> {
    let (_, path) = call.split_once(' ')?;
    let end = ["/items/", "/root/", "/root:"].iter().filter_map(|behind| path.find(behind)).min()?;
    path[..end].contains("drive").then(|| path[..end].to_owned())
}

/// The path below the service's root of an item that a storage host gives a link to: the link names drive and item as
/// Graph does (`/_api/v2.0/drives/D/items/I`), or the operation has said the item's id, which is taken to be in the
/// drive that it worked in.
pub(super) fn through_graph(link: &Url, drive: Option<&str>, id: Option<&str>) -> Option<String> {
    let segments: Vec<_> = link.path_segments()?.collect();
    let named = segments.windows(4).find(|it| it[0] == "drives" && it[2] == "items" && !it[3].is_empty());
    match (named, drive.zip(id)) {
        (Some(named), _) => Some(format!("/{}", named.join("/"))),
        (None, Some((drive, id))) => {
            let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
            Some(format!("{drive}/items/{id}"))
        }
        (None, None) => None,
    }
}
