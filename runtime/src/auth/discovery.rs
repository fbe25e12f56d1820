//! An authority's OpenID document ([OpenID Connect Discovery 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html)):
//! fetched, and believed only as far as it speaks of the authority itself.

use serde::Deserialize;
use url::Url;

use super::authority::{self, Endpoints};
use super::error::AuthError;
use super::wire;
use crate::network::Network;

/// The part of the document that is used.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
}

/// Fetches the document of an authority with its tenant, and checks it.
pub(crate) async fn discover(
    network: &Network,
    authority: &Url,
    tenant: &str,
) -> Result<Endpoints, AuthError> {
    let url = authority::below(authority, &["v2.0", ".well-known", "openid-configuration"]);
    let body = wire::get(network, &url).await?;
    let document: Document = serde_json::from_slice(&body).map_err(|error| {
        answer(
            &url,
            format!("it is not an OpenID document (line {}, column {})", error.line(), error.column()),
        )
    })?;
    check(&document, authority, tenant).map_err(|problems| answer(&url, problems.join("; ")))
}

fn answer(url: &Url, problem: String) -> AuthError {
    AuthError::Answer { endpoint: authority::without_query(url), problem }
}

/// The endpoints, if issuer and endpoints belong to the authority.
fn check(document: &Document, authority: &Url, tenant: &str) -> Result<Endpoints, Vec<String>> {
    let mut problems = Vec::new();
    let mut endpoint = |what: &str, text: &str| {
        let url = authority::parse(what, text).and_then(|url| {
            if authority::belongs(authority, &url) {
                return Ok(url);
            }
            let (place, own) = (authority::without_query(&url), authority.origin().ascii_serialization());
            Err(format!("the {what} {place} is not at the authority {own}"))
        });
        url.map_err(|problem| problems.push(problem)).ok()
    };
    let authorize = endpoint("authorization endpoint", &document.authorization_endpoint);
    let token = endpoint("token endpoint", &document.token_endpoint);
    let issuer = endpoint("issuer", &document.issuer);
    let device_code = match &document.device_authorization_endpoint {
        Some(text) => endpoint("device authorization endpoint", text),
        None => Some(Endpoints::of_entra(authority).device_code),
    };
    // Where the tenant is named by its GUID, the issuer must name the same one.
    let tenant_id = uuid::Uuid::try_parse(tenant).ok();
    if let (Some(_), Some(issuer)) = (tenant_id, &issuer)
        && !issuer.path().to_ascii_lowercase().contains(&tenant.to_ascii_lowercase())
    {
        problems.push(format!(
            "the issuer {} is of another tenant than {tenant}",
            authority::without_query(issuer)
        ));
    }
    match (authorize, token, device_code) {
        (Some(authorize), Some(token), Some(device_code)) if problems.is_empty() => {
            Ok(Endpoints { authorize, token, device_code })
        }
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn document(host: &str, issuer: &str) -> Document {
        Document {
            issuer: issuer.to_owned(),
            authorization_endpoint: format!("{host}/t/oauth2/v2.0/authorize"),
            token_endpoint: format!("{host}/t/oauth2/v2.0/token"),
            device_authorization_endpoint: None,
        }
    }

    fn checked(authority: &str, tenant: &str, document: Document) -> Result<Endpoints, String> {
        let authority = Url::parse(&format!("{authority}/{tenant}")).expect("a URL");
        check(&document, &authority, tenant).map_err(|problems| problems.join("; "))
    }

    #[test]
    fn a_document_that_speaks_of_its_authority_is_believed() {
        let host = "https://login.microsoftonline.com";
        let own = format!("{host}/{TENANT}/v2.0");
        assert!(checked(host, TENANT, document(host, &own)).is_ok());
        assert!(checked(host, "common", document(host, &format!("{host}/{{tenantid}}/v2.0"))).is_ok());
        let china = "https://login.chinacloudapi.cn";
        let issuer = "https://login.partner.microsoftonline.cn/x/v2.0";
        assert!(checked(china, "x", document(china, issuer)).is_ok());
    }

    #[test]
    fn a_document_that_leads_elsewhere_is_not_believed_and_every_place_is_named() {
        let host = "https://login.microsoftonline.com";
        let other = "https://login.example";
        let error =
            checked(host, TENANT, document(other, &format!("{other}/{TENANT}"))).expect_err("elsewhere");
        for part in ["the authorization endpoint https://login.example/t", "the token endpoint", "the issuer"]
        {
            assert!(error.contains(part), "{error}");
        }
        let wrong_tenant = document(host, &format!("{host}/00000000-0000-0000-0000-000000000000/v2.0"));
        let error = checked(host, TENANT, wrong_tenant).expect_err("another tenant");
        assert!(error.contains("of another tenant"), "{error}");
        let plain = document("http://login.microsoftonline.com", &format!("{host}/{TENANT}/v2.0"));
        assert!(checked(host, TENANT, plain).expect_err("no TLS").contains("not protected by TLS"));
    }
}
