//! `metadata/sources.toml`: which upstream documents the metadata was made of.

use std::path::Path;

use anyhow::{Context, Result};
use msgraph_codegen::clouds::Cloud;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::value::Date;

/// The documents that the metadata was made of, sorted by kind and API version.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sources {
    #[serde(default, rename = "source")]
    list: Vec<Source>,
}

/// What a document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum DocumentKind {
    /// CSDL XML of one API version.
    Csdl,
    /// The permission document.
    Permissions,
    /// The provisioning document.
    Provisioning,
    /// CSDL XML of one API version in one cloud, as it is there.
    Cloud,
}

/// One upstream document.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Source {
    document: DocumentKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cloud: Option<Cloud>,
    file: String,
    #[serde(flatten)]
    origin: Origin,
    size: u64,
    sha256: String,
}

/// Where a document comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Origin {
    /// The address, at best with the commit.
    #[serde(default, rename = "origin", skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// The server's name for this state of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// The day on which it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<Date>,
    /// The day on which it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fetched: Option<Date>,
}

/// What a document is: there is one of each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) document: DocumentKind,
    pub(super) api: Option<String>,
    pub(super) cloud: Option<Cloud>,
}

impl DocumentKind {
    /// The name in `sources.toml`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Csdl => "csdl",
            Self::Permissions => "permissions",
            Self::Provisioning => "provisioning",
            Self::Cloud => "cloud",
        }
    }
}

impl Sources {
    /// Its path under the metadata folder.
    pub(super) const FILE: &'static str = "sources.toml";

    /// Reads what earlier imports noted; nothing if there was none.
    pub(super) fn read(metadata: &Path) -> Result<Self> {
        let path = metadata.join(Self::FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).with_context(|| {
                format!("{} is not as an import wrote it: restore or delete it", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The day of the permission table, as the notes of the imports tell it.
    pub(super) fn permissions_date(text: &str) -> Result<Option<String>> {
        let sources: Self = toml::from_str(text).with_context(|| format!("{} cannot be read", Self::FILE))?;
        let key = Key { document: DocumentKind::Permissions, api: None, cloud: None };
        Ok(sources.origin(&key).and_then(|origin| origin.date).map(|date| date.to_string()))
    }

    /// Notes a document in place of the one of the same kind and API version.
    pub(super) fn put(&mut self, source: Source) {
        self.list.retain(|known| known.key() != source.key());
        self.list.push(source);
        self.list.sort_by_key(Source::key);
    }

    /// Where the document came from, if there is one.
    pub(super) fn origin(&self, key: &Key) -> Option<&Origin> {
        self.list.iter().find(|source| source.key() == *key).map(|source| &source.origin)
    }

    /// When the newest document was published, or else fetched.
    pub(super) fn newest(&self) -> Option<Date> {
        let days = self.list.iter().filter_map(|source| source.origin.date.or(source.origin.fetched));
        days.max_by_key(|day| (day.year, day.month, day.day))
    }

    /// The text to be kept.
    pub(super) fn write(&self) -> String {
        toml::to_string(self).expect("names, texts, days and sizes are TOML")
    }
}

impl Source {
    pub(super) fn new(key: Key, file: String, origin: Origin, text: &str) -> Self {
        let digest = Sha256::digest(text);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let Key { document, api, cloud } = key;
        Self { document, api, cloud, file, origin, size: text.len() as u64, sha256 }
    }

    fn key(&self) -> Key {
        Key { document: self.document, api: self.api.clone(), cloud: self.cloud }
    }
}
