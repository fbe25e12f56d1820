//! Which cloud has what: Microsoft Graph is not the same everywhere.
//!
//! In: the CSDL document of each cloud, as published. Out: [`Clouds`], which says of every element of the public
//! cloud's document in which other clouds it is absent. What the generator's own document has and the public cloud's
//! raw one has not (Microsoft's preprocessing adds to it) is taken to be everywhere.

mod elements;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::csdl::Document;
use crate::diagnostics::{Diagnostics, Position};

pub use elements::call;
pub use paths::without_path;

/// A deployment of the service, as far as Microsoft publishes documents of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide service.
    Global,
    /// US Government, L4 (GCC High) and L5 (DoD): one document, *Fairfax*, stands for both.
    UsGovernment,
    /// China, operated by 21Vianet: *Mooncake*.
    China,
}

impl Cloud {
    /// All clouds, in their order.
    pub const ALL: [Self; 3] = [Self::Global, Self::UsGovernment, Self::China];

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::UsGovernment => "US Government",
            Self::China => "China",
        }
    }

    /// The name in inventories, files and arguments.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGovernment => "us-government",
            Self::China => "china",
        }
    }

    /// The name in the names of Microsoft's documents: `v1.0-Fairfax.csdl`.
    pub const fn upstream(self) -> &'static str {
        match self {
            Self::Global => "Prod",
            Self::UsGovernment => "Fairfax",
            Self::China => "Mooncake",
        }
    }
}

impl FromStr for Cloud {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|cloud| cloud.as_str() == name);
        found.ok_or_else(|| format!("`{name}` is no cloud: use {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// What each cloud lacks. By default nothing is known, and so everything is taken to be everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Clouds {
    /// The names of elements: `Ns.Type`, `Ns.Type/member`, `Ns.Container/root`, and of operations what
    /// [`call`] gives.
    absent: BTreeMap<Cloud, BTreeSet<String>>,
}

impl Clouds {
    /// Compares the documents of other clouds with that of the public cloud.
    pub fn compare<'d>(global: &Document, others: impl IntoIterator<Item = (Cloud, &'d Document)>) -> Self {
        let declared = elements::declared(global);
        let absent = others.into_iter().map(|(cloud, document)| {
            let there = elements::available(document);
            let names = declared.iter().filter(|name| !there.contains(*name));
            // The members of what is absent need not be told.
            let owner = |name: &str| name.split_once('/').is_some_and(|(owner, _)| !there.contains(owner));
            (cloud, names.filter(|name| !owner(name)).cloned().collect())
        });
        Self { absent: absent.collect() }
    }

    /// Reads what [`Clouds::write`] wrote. `file` names it in problems.
    ///
    /// # Errors
    /// Text that is not of that form.
    pub fn read(file: &str, text: &str) -> Result<Self, Diagnostics> {
        serde_json::from_str(text).map_err(|error| {
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let mut diagnostics = Diagnostics::new();
            let position = Position::new(count(error.line()), count(error.column()));
            diagnostics.push(file, position, format!("{error}: import the documents of the clouds again"));
            diagnostics
        })
    }

    /// JSON: for each cloud what it lacks, sorted, one name on a line.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names are text");
        text.push('\n');
        text
    }

    /// How many elements a cloud lacks; nothing if nothing is known of that cloud.
    pub fn count(&self, cloud: Cloud) -> Option<usize> {
        self.absent.get(&cloud).map(BTreeSet::len)
    }

    /// The clouds that lack an element, or the type that it is a member of.
    pub fn without(&self, name: &str) -> BTreeSet<Cloud> {
        let owner = name.split_once('/').map(|(owner, _)| owner);
        let lacks = |names: &BTreeSet<String>| {
            names.contains(name) || owner.is_some_and(|owner| names.contains(owner))
        };
        self.absent.iter().filter(|(_, names)| lacks(names)).map(|(cloud, _)| *cloud).collect()
    }
}
