//! Where an application signs in: the authority of a cloud or of its own, a tenant, and the endpoints there.

use url::Url;

use super::error::AuthError;
use crate::client::is_loopback;
use crate::cloud::Cloud;

/// The hosts that stand for one authority each: the documents of one name the others.
const ALIASES: [&[&str]; 3] = [
    &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
];

/// The endpoints of an authority for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where a user's browser goes.
    pub authorize: Url,
    /// Where tokens are asked for.
    pub token: Url,
    /// Where device codes are asked for.
    pub device_code: Url,
}

impl Endpoints {
    /// The endpoints that Entra ID has below an authority and tenant.
    pub(crate) fn of_entra(authority: &Url) -> Self {
        let endpoint = |name: &str| below(authority, &["oauth2", "v2.0", name]);
        Self {
            authorize: endpoint("authorize"),
            token: endpoint("token"),
            device_code: endpoint("devicecode"),
        }
    }
}

/// A URL with further segments.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The root of a cloud's authority.
pub(crate) fn of_cloud(cloud: Cloud) -> Result<Url, AuthError> {
    Url::parse(cloud.authority()).map_err(|error| AuthError::configuration(error.to_string()))
}

/// A URL that secrets may be sent to: over TLS, unless it is this machine.
pub(crate) fn parse(what: &str, text: &str) -> Result<Url, String> {
    // What stands before an @ may be a password.
    let shown = text.rsplit('@').next().unwrap_or_default();
    let url = Url::parse(text).map_err(|error| format!("the {what} {shown:?} is not a URL: {error}"))?;
    check(what, &url)?;
    Ok(url)
}

/// Fails for a URL that secrets must not be sent to.
pub(crate) fn check(what: &str, url: &Url) -> Result<(), String> {
    let shown = without_query(url);
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        "http" => return Err(format!("the {what} {shown} is not protected by TLS: write https://")),
        _ => return Err(format!("the {what} {shown} must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("the {what} must not hold a user name or password"));
    }
    if url.fragment().is_some() {
        return Err(format!("the {what} {shown} must not have a fragment"));
    }
    Ok(())
}

/// A URL as it is shown: a query can hold codes and names, a user name a password.
pub(crate) fn without_query(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// Whether a URL that an authority's document names is at that authority: the same origin, or another name of it.
pub(crate) fn belongs(authority: &Url, url: &Url) -> bool {
    let known =
        |url: &Url| ALIASES.iter().position(|hosts| url.host_str().is_some_and(|host| hosts.contains(&host)));
    let alias = known(authority).is_some_and(|at| known(url) == Some(at));
    authority.origin() == url.origin() || (alias && url.scheme() == "https" && url.port().is_none())
}

/// Fails for what cannot be a tenant: neither a GUID, nor a domain name, nor `common`, `organizations` or `consumers`.
pub(crate) fn check_tenant(tenant: &str) -> Result<(), String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let odd = tenant.starts_with(['.', '-']) || tenant.contains("..") || tenant.len() > 255;
    if tenant.is_empty() || odd || !tenant.chars().all(fit) {
        return Err(format!(
            "{tenant:?} is not a tenant: give its GUID, one of its domain names, or common, organizations or consumers"
        ));
    }
    Ok(())
}

/// Whether a tenant stands for any of many, so that only users can sign in there.
pub(crate) fn is_for_users_only(tenant: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|name| tenant.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn only_this_machine_is_talked_to_without_tls() {
        for right in ["https://login.example", "http://127.0.0.1:8", "http://localhost/x", "http://[::1]:9/"]
        {
            assert!(parse("authority", right).is_ok(), "{right}");
        }
        for wrong in [
            "http://login.microsoftonline.com",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "ftp://localhost",
            "https://me:secret@login.example",
            "https://me:secret@login example",
            "https://login.example/#x",
            "login.example",
            "",
        ] {
            let error = parse("authority", wrong).expect_err(wrong);
            assert!(error.starts_with("the authority"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_authority_has_only_its_own_names() {
        let global = url("https://login.microsoftonline.com/x");
        for (own, other) in [
            (true, "https://login.windows.net/y"),
            (true, "https://login.microsoftonline.com/z"),
            (false, "https://login.microsoftonline.us/x"),
            (false, "https://login.microsoftonline.com.example/x"),
            (false, "http://login.windows.net/x"),
            (false, "https://login.windows.net:8443/x"),
            (false, "https://example/x"),
        ] {
            assert_eq!(belongs(&global, &url(other)), own, "{other}");
        }
        let china = url(Cloud::China.authority());
        assert!(belongs(&china, &url("https://login.partner.microsoftonline.cn/x/v2.0")));
        let own = url("http://127.0.0.1:8401/x");
        assert!(belongs(&own, &url("http://127.0.0.1:8401/token")));
        assert!(!belongs(&own, &url("http://127.0.0.1:8402/token")));
    }

    #[test]
    fn a_tenant_cannot_lead_elsewhere() {
        for tenant in ["common", "contoso.onmicrosoft.com", "72f988bf-86f1-41af-91ab-2d7cd011db47"] {
            assert_eq!(check_tenant(tenant), Ok(()));
        }
        for tenant in ["", "..", "a/b", "a?b", "a#b", "a b", "../common", ".x", "a%2fb", "é"] {
            assert!(check_tenant(tenant).is_err(), "{tenant}");
        }
    }
}
