//! `cargo xtask metadata fetch`: upstream's documents from where they are published, and their import.
//!
//! In: the addresses of the documents, and what is noted of the last import. Out: the same files as an import of
//! these documents writes, or nothing. Downloads wait in a folder of their own until all are complete and imported;
//! one that was interrupted is resumed by the next run.

mod download;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use msgraph_codegen::clouds::Cloud;
use reqwest::blocking::Client;
use rustls_platform_verifier::BuilderVerifierExt;

use super::sources::{DocumentKind, Key, Origin, Sources};
use super::{CloudDocument, ImportArgs, import, plan};
use download::{Download, Shape, download};

/// Where Microsoft's repositories can be read.
const UPSTREAM: &str = "https://raw.githubusercontent.com";

/// What to fetch, and from where.
#[derive(Clone, Debug, clap::Args)]
pub struct FetchArgs {
    /// API versions
    #[arg(long, value_name = "VERSION", default_value = "v1.0", value_parser = plan::api_version)]
    pub api: Vec<String>,
    /// A copy of upstream's repositories: below it stand owner, repository, revision and path
    #[arg(long, value_name = "URL", default_value = UPSTREAM)]
    pub from: String,
}

impl Default for FetchArgs {
    fn default() -> Self {
        Self { api: vec!["v1.0".to_owned()], from: UPSTREAM.to_owned() }
    }
}

/// A document to fetch.
struct Wanted {
    key: Key,
    /// Documents of one group are imported together or not at all.
    group: String,
    path: String,
    shape: Shape,
}

/// A document that is there.
struct Fetched {
    key: Key,
    file: PathBuf,
    origin: Origin,
}

/// Fetches what has changed upstream and imports it into the folder `metadata`. Downloads are kept in `cache` until
/// they are imported. Returns whether there was anything new.
///
/// # Errors
/// If a document cannot be had whole, is not what it should be, or cannot be imported. Nothing is imported then.
pub fn fetch(args: &FetchArgs, metadata: &Path, cache: &Path, out: &mut impl Write) -> Result<bool> {
    fetch_with(&client()?, args, metadata, cache, out)
}

fn fetch_with(
    client: &Client,
    args: &FetchArgs,
    metadata: &Path,
    cache: &Path,
    out: &mut impl Write,
) -> Result<bool> {
    let sources = Sources::read(metadata)?;
    let mut groups = BTreeMap::<String, Vec<Wanted>>::new();
    for wanted in wanted(&args.api) {
        groups.entry(wanted.group.clone()).or_default().push(wanted);
    }
    let base = args.from.trim_end_matches('/');
    let mut fetched = Vec::new();
    for group in groups.values() {
        fetched.extend(fetch_group(client, base, group, &sources, cache)?);
    }
    for Fetched { file, origin, .. } in &fetched {
        let size = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
        writeln!(out, "fetched {} ({size} bytes)", origin.url.as_deref().unwrap_or_default())?;
    }
    if fetched.is_empty() {
        writeln!(out, "upstream has nothing new")?;
        return Ok(false);
    }
    import(&import_args(&fetched), metadata, out)?;
    for Fetched { file, .. } in &fetched {
        std::fs::remove_file(file).with_context(|| format!("cannot delete {}", file.display()))?;
    }
    Ok(true)
}

/// The documents of a group, or none if all are as they were imported last.
fn fetch_group(
    client: &Client,
    base: &str,
    group: &[Wanted],
    sources: &Sources,
    cache: &Path,
) -> Result<Vec<Fetched>> {
    let mut fetched = Vec::new();
    let mut unchanged = Vec::new();
    for wanted in group {
        let url = format!("{base}/{}", wanted.path);
        let known = sources.origin(&wanted.key).filter(|origin| origin.url.as_deref() == Some(&url));
        let etag = known.and_then(|origin| origin.etag.as_deref());
        match get(client, wanted, &url, etag, cache)? {
            Some(document) => fetched.push(document),
            None => unchanged.push((wanted, url)),
        }
    }
    if !fetched.is_empty() {
        // The others were not downloaded, but an import needs the whole group.
        for (wanted, url) in unchanged {
            fetched.extend(get(client, wanted, &url, None, cache)?);
        }
    }
    Ok(fetched)
}

fn get(
    client: &Client,
    wanted: &Wanted,
    url: &str,
    etag: Option<&str>,
    cache: &Path,
) -> Result<Option<Fetched>> {
    let folder = cache.join(folder(&wanted.key));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(wanted.path.rsplit('/').next().unwrap_or(&wanted.path));
    let request = Download { url, file: &file, shape: wanted.shape, etag, limit: plan::SIZE_LIMIT };
    let origin = download(client, &request).with_context(|| format!("cannot fetch {url}"))?;
    Ok(origin.map(|origin| Fetched { key: wanted.key.clone(), file, origin }))
}

/// A folder for the download that no other document has.
fn folder(key: &Key) -> String {
    let parts = [Some(key.document.as_str()), key.api.as_deref(), key.cloud.map(Cloud::as_str)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

/// Where upstream keeps its documents: owner, repository, revision, path.
fn wanted(apis: &[String]) -> Vec<Wanted> {
    let mut list = Vec::new();
    for api in apis.iter().collect::<BTreeSet<_>>() {
        let key = |document, cloud| Key { document, api: Some(api.clone()), cloud };
        let folder = api.replace('.', "");
        list.push(Wanted {
            key: key(DocumentKind::Csdl, None),
            group: format!("{api} csdl"),
            path: format!("microsoftgraph/msgraph-metadata/HEAD/clean_{folder}_metadata/cleanMetadata.xml"),
            shape: Shape::Csdl,
        });
        list.extend(Cloud::ALL.map(|cloud| Wanted {
            key: key(DocumentKind::Cloud, Some(cloud)),
            group: format!("{api} clouds"),
            path: format!("microsoftgraph/msgraph-metadata/HEAD/schemas/{api}-{}.csdl", cloud.upstream()),
            shape: Shape::Csdl,
        }));
    }
    for (document, file) in [
        (DocumentKind::Permissions, "permissions.json"),
        (DocumentKind::Provisioning, "provisioningInfo.json"),
    ] {
        list.push(Wanted {
            key: Key { document, api: None, cloud: None },
            group: "permissions".to_owned(),
            path: format!("microsoftgraph/microsoft-graph-devx-content/HEAD/permissions/new/{file}"),
            shape: Shape::Json,
        });
    }
    list
}

fn import_args(fetched: &[Fetched]) -> ImportArgs {
    let mut args = ImportArgs::default();
    for Fetched { key, file, origin } in fetched {
        let api = key.api.clone().unwrap_or_default();
        match (key.document, key.cloud) {
            (DocumentKind::Csdl, _) => {
                args.api.push(api);
                args.csdl.push(file.clone());
            }
            (DocumentKind::Permissions, _) => args.permissions = Some(file.clone()),
            (DocumentKind::Provisioning, _) => args.provisioning = Some(file.clone()),
            (DocumentKind::Cloud, cloud) => args.cloud.push(CloudDocument {
                api,
                cloud: cloud.unwrap_or(Cloud::Global),
                file: file.clone(),
            }),
        }
        args.origins.insert(file.clone(), origin.clone());
    }
    args
}

/// A client that obeys the environment's proxies.
fn client() -> Result<Client> {
    let client = Client::builder().tls_backend_preconfigured(tls()?);
    // The timeout is for each read: a document takes as long as the line needs.
    let client = client.connect_timeout(Duration::from_secs(10)).timeout(Duration::from_secs(60));
    client.build().context("the HTTP client cannot be set up")
}

/// TLS that trusts what the platform trusts, as the runtime's does.
fn tls() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().context("TLS cannot be set up")?;
    Ok(tls.with_platform_verifier().context("TLS cannot be set up")?.with_no_client_auth())
}
