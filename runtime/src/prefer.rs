//! Preferences of a request ([RFC 7240](https://www.rfc-editor.org/rfc/rfc7240)): the header `Prefer`.

use std::fmt::Write;

/// A preference for how the service does something. It may ignore it; what it honours it names in the answer's
/// `Preference-Applied`.
///
/// ```
/// use msgraph_runtime::{Error, Page, Path, Prefer};
///
/// const LIST: &str = "op:GET /me/events;;";
///
/// async fn events(events: &Path) -> Result<Page<String>, Error> {
///     let request = events.call::<Page<String>>(LIST).prefer(Prefer::ImmutableIds);
///     request.prefer(Prefer::OutlookTimeZone("Europe/Zurich".into())).await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prefer {
    /// Nothing is sent back (`return=minimal`).
    ReturnMinimal,
    /// What was written is sent back (`return=representation`).
    ReturnRepresentation,
    /// The request may be finished later (`respond-async`).
    RespondAsync,
    /// Identifiers of Outlook items that stay when an item is moved (`IdType="ImmutableId"`).
    ImmutableIds,
    /// The time zone of times in calendars, by its name in Windows or the IANA's database (`outlook.timezone`).
    OutlookTimeZone(String),
    /// Bodies of messages and events as text (`outlook.body-content-type="text"`).
    TextBodies,
    /// Bodies of messages and events as HTML (`outlook.body-content-type="html"`).
    HtmlBodies,
    /// Members of evolvable enumerations that were added later, instead of `unknownFutureValue`
    /// (`include-unknown-enum-members`).
    UnknownEnumMembers,
    /// The most items of a page (`odata.maxpagesize`).
    MaxPageSize(u32),
}

impl Prefer {
    fn name(&self) -> &'static str {
        match self {
            Self::ReturnMinimal | Self::ReturnRepresentation => "return",
            Self::RespondAsync => "respond-async",
            Self::ImmutableIds => "IdType",
            Self::OutlookTimeZone(_) => "outlook.timezone",
            Self::TextBodies | Self::HtmlBodies => "outlook.body-content-type",
            Self::UnknownEnumMembers => "include-unknown-enum-members",
            Self::MaxPageSize(_) => "odata.maxpagesize",
        }
    }

    fn value(&self) -> Option<String> {
        Some(match self {
            Self::ReturnMinimal => "minimal".to_owned(),
            Self::ReturnRepresentation => "representation".to_owned(),
            Self::RespondAsync | Self::UnknownEnumMembers => return None,
            Self::ImmutableIds => quoted("ImmutableId"),
            Self::OutlookTimeZone(zone) => quoted(zone),
            Self::TextBodies => quoted("text"),
            Self::HtmlBodies => quoted("html"),
            Self::MaxPageSize(size) => size.to_string(),
        })
    }

    /// The header's value with this preference added, in place of one of the same name.
    pub(crate) fn add_to(&self, header: &str) -> String {
        let name = self.name();
        let others = split(header)
            .filter(|other| !other.split('=').next().unwrap_or_default().trim().eq_ignore_ascii_case(name));
        let mut combined = String::new();
        for other in others {
            combined.push_str(other);
            combined.push_str(", ");
        }
        combined.push_str(name);
        if let Some(value) = self.value() {
            // Writing to a string cannot fail.
            let _ = write!(combined, "={value}");
        }
        combined
    }
}

/// A quoted string (RFC 9110, section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The preferences of a header: separated by commas, but for those in quotation marks.
fn split(header: &str) -> impl Iterator<Item = &str> {
    let (mut inside, mut escaped) = (false, false);
    let separates = move |c: char| {
        let literal = std::mem::replace(&mut escaped, false);
        match c {
            '\\' if inside && !literal => escaped = true,
            '"' if !literal => inside = !inside,
            _ => {}
        }
        c == ',' && !inside
    };
    header.split(separates).map(str::trim).filter(|preference| !preference.is_empty())
}
