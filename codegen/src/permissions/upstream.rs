//! Microsoft's two documents to the permission table.
//!
//! The permission document (`permissions.json`) says which requests a permission allows, whether an administrator
//! has to consent and how much privilege it gives. The provisioning document (`provisioningInfo.json`) says where
//! a permission is deployed, under which id, and whether it is shown. Sentences and owners are left behind.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::{Source, guid, is_permission_name, path_sets};
use super::{Permission, PermissionTable, Scheme, SchemeFacts};
use crate::diagnostics::Diagnostics;

/// Reads Microsoft's permission document and provisioning document. The file names serve the report.
///
/// A permission that only the provisioning document knows is kept, without rows, if the public cloud has it.
///
/// # Errors
/// What does not fit in either document, all of it, with file, line and column.
pub fn parse_upstream(
    permissions_file: &str,
    permissions_text: &str,
    provisioning_file: &str,
    provisioning_text: &str,
) -> Result<PermissionTable, Diagnostics> {
    let mut documented = Source::new(permissions_file, permissions_text);
    let mut permissions = permissions(&mut documented);
    let mut provisioned = Source::new(provisioning_file, provisioning_text);
    for (name, deployments) in deployments(&mut provisioned) {
        if deployments.is_empty() && !permissions.contains_key(&name) {
            continue;
        }
        let permission = permissions
            .entry(name)
            .or_insert_with_key(|name| Permission { name: name.clone(), ..Permission::default() });
        add_deployments(permission, deployments);
    }
    let mut diagnostics = documented.into_diagnostics();
    diagnostics.extend(provisioned.into_diagnostics());
    diagnostics.into_result(PermissionTable { permissions: permissions.into_values().collect(), date: None })
}

/// How the document calls resource-specific consent.
const RESOURCE_SPECIFIC: &str = "RSC";

#[derive(Deserialize)]
struct PermissionsText<'a> {
    #[serde(borrow)]
    permissions: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionText<'a> {
    #[serde(default)]
    authorization_type: String,
    #[serde(borrow)]
    schemes: &'a RawValue,
    #[serde(borrow)]
    path_sets: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemeText {
    requires_admin_consent: Option<bool>,
    privilege_level: Option<u8>,
}

fn permissions(source: &mut Source<'_>) -> BTreeMap<String, Permission> {
    let Some(root) = source.root() else { return BTreeMap::new() };
    let Some(text) = source.decode::<PermissionsText<'_>>(root, "the permission document") else {
        return BTreeMap::new();
    };
    let mut permissions = BTreeMap::new();
    for (name, raw) in named(source, text.permissions) {
        let Some(text) = source.decode::<PermissionText<'_>>(raw, &format!("permission `{name}`")) else {
            continue;
        };
        let schemes = schemes(source, text.schemes, &name);
        let path_sets = path_sets(source, text.path_sets, &name);
        let resource_specific = text.authorization_type == RESOURCE_SPECIFIC;
        permissions.insert(name.clone(), Permission { name, resource_specific, schemes, path_sets });
    }
    permissions
}

fn schemes<'a>(source: &mut Source<'a>, raw: &'a RawValue, name: &str) -> BTreeMap<Scheme, SchemeFacts> {
    let what = format!("schemes of `{name}`");
    let mut schemes = BTreeMap::new();
    for (key, raw) in source.members(raw, &what) {
        let Some(text) = source.decode::<SchemeText>(raw, &what) else { continue };
        match key.parse::<Scheme>() {
            Ok(scheme) => {
                let SchemeText { requires_admin_consent: admin_consent, privilege_level } = text;
                schemes
                    .insert(scheme, SchemeFacts { admin_consent, privilege_level, ..SchemeFacts::default() });
            }
            Err(problem) => source.reject(raw, format!("{what}: `{key}`: {problem}")),
        }
    }
    schemes
}

/// The members of an object whose names are permissions' names.
fn named<'a>(source: &mut Source<'a>, raw: &'a RawValue) -> BTreeMap<String, &'a RawValue> {
    let mut members = source.members(raw, "the permissions");
    members.retain(|name, raw| {
        let good = is_permission_name(name);
        if !good {
            let rule = "a letter or `_` first, then letters, digits, `.`, `-` and `_`";
            source.reject(raw, format!("{name:?} is not a permission's name, which is {rule}"));
        }
        good
    });
    members
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProvisioningText<'a> {
    #[serde(borrow)]
    permission_deployments: &'a RawValue,
}

/// One deployment of one permission in one scheme.
///
/// `resourceAppId` is not read: it names the service behind Graph that owns the permission (SharePoint for
/// `Sites.Selected`), while the id is that of the scope or role on Graph's own service principal either way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentText {
    #[serde(default)]
    id: Option<String>,
    scheme: String,
    #[serde(default)]
    environment: String,
    is_hidden: bool,
    // Four deployments lack it. A permission that nobody calls enabled is not.
    #[serde(default)]
    is_enabled: bool,
}

impl DeploymentText {
    fn is_public(&self) -> bool {
        let mut environments = self.environment.split(';').map(str::trim);
        self.environment.trim().is_empty()
            || environments.any(|environment| environment.eq_ignore_ascii_case("public"))
    }

    /// The deployment with the smallest rank is the one that counts: named for the public cloud rather than for no
    /// cloud, enabled rather than not, shown rather than hidden, and then by id, so that the choice is the same
    /// whatever the order of the document.
    fn rank(&self) -> (bool, bool, bool, &Option<String>) {
        (self.environment.trim().is_empty(), !self.is_enabled, self.is_hidden, &self.id)
    }
}

/// The public deployments by permission; a permission that has none is there with an empty list.
fn deployments(source: &mut Source<'_>) -> BTreeMap<String, BTreeMap<Scheme, DeploymentText>> {
    let Some(root) = source.root() else { return BTreeMap::new() };
    let Some(text) = source.decode::<ProvisioningText<'_>>(root, "the provisioning document") else {
        return BTreeMap::new();
    };
    let mut deployments = BTreeMap::new();
    for (name, raw) in named(source, text.permission_deployments) {
        let what = format!("deployments of `{name}`");
        let mut chosen = BTreeMap::<Scheme, DeploymentText>::new();
        for raw in source.decode::<Vec<&RawValue>>(raw, &what).unwrap_or_default() {
            let Some((scheme, deployment)) = deployment(source, raw, &what) else { continue };
            let better = chosen.get(&scheme).is_none_or(|other| deployment.rank() < other.rank());
            if deployment.is_public() && better {
                chosen.insert(scheme, deployment);
            }
        }
        deployments.insert(name, chosen);
    }
    deployments
}

fn deployment<'a>(
    source: &mut Source<'a>,
    raw: &'a RawValue,
    what: &str,
) -> Option<(Scheme, DeploymentText)> {
    let deployment: DeploymentText = source.decode(raw, what)?;
    match deployment.scheme.parse() {
        Ok(scheme) => Some((scheme, deployment)),
        Err(problem) => {
            source.reject(raw, format!("{what}: `{}`: {problem}", deployment.scheme));
            None
        }
    }
}

fn add_deployments(permission: &mut Permission, mut deployments: BTreeMap<Scheme, DeploymentText>) {
    for (scheme, deployment) in &deployments {
        add_deployment(permission.schemes.entry(*scheme).or_default(), deployment);
    }
    // Graph's service principal has scopes and app roles, no scopes of their own for personal accounts; the few
    // personal deployments of the document are exceptions, and without one the scope is that of work accounts.
    if let Some(facts) = permission.schemes.get_mut(&Scheme::DelegatedPersonal)
        && !deployments.contains_key(&Scheme::DelegatedPersonal)
        && let Some(work) = deployments.remove(&Scheme::DelegatedWork)
    {
        add_deployment(facts, &work);
    }
}

fn add_deployment(facts: &mut SchemeFacts, deployment: &DeploymentText) {
    // An absent id is usual, and upstream has had malformed ones; neither can be asked for, so neither is kept.
    facts.id = deployment.id.as_deref().and_then(guid);
    facts.hidden = deployment.is_hidden;
    facts.enabled = deployment.is_enabled;
}
