//! What environment variables describe.

use std::collections::BTreeMap;

use msgraph_runtime::auth::EnvironmentCredential;

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, TENANT, provider, redirecting, token, transcript};

fn credential(variables: &[(&str, &str)]) -> Result<EnvironmentCredential, String> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    EnvironmentCredential::from_variables(|name| variables.get(name).map(|value| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn each_kind_of_proof_can_be_described() {
    let Some(provider) = provider() else { return };
    let server = Script::start(|_, _| Reply::token("env1ronment-token", 3600)).await;
    let endpoint = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    let network = redirecting(&endpoint, &format!("{}/token", server.base));
    let pem = provider.keys.join("both.pem");
    std::fs::write(&pem, provider.pem(&["certificate.pem", "key.pem"])).expect("a file");
    let file = std::env::temp_dir().join(format!("msgraph-environment-{}", std::process::id()));
    std::fs::write(&file, "env1ronment-assertion").expect("a file");
    let path = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    let (pem, p12, file) = (path(&pem), path(&provider.keys.join("both.p12")), path(&file));
    for (proof, field) in [
        (&[("AZURE_CLIENT_SECRET", "env1ronment-secret")][..], "client_secret"),
        (&[("AZURE_CLIENT_CERTIFICATE_PATH", &pem)], "client_assertion"),
        (
            &[("AZURE_CLIENT_CERTIFICATE_PATH", &p12), ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "p12-pa55word")],
            "client_assertion",
        ),
        (&[("AZURE_FEDERATED_TOKEN_FILE", &file)], "client_assertion"),
    ] {
        let mut variables = vec![("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "app")];
        variables.extend(proof);
        let credential = credential(&variables).expect("complete");
        transcript::shown(&credential);
        token(&credential, &[DEFAULT], &network).await.expect("a token");
        let request = server.received().pop().expect("a request");
        transcript::secret(&request.field(field).expect("the proof"));
    }
    std::fs::remove_file(file).expect("it was there");
}

#[test]
fn everything_that_is_missing_is_named() {
    let error = credential(&[("AZURE_TENANT_ID", "")]).expect_err("empty");
    for part in ["AZURE_TENANT_ID is not set", "AZURE_CLIENT_ID is not set", "none of AZURE_CLIENT_SECRET, "]
    {
        assert!(error.contains(part), "{part}: {error}");
    }
    let file = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere.pem"),
    ];
    assert!(credential(&file).expect_err("no file").contains("/nowhere.pem cannot be read"));
}
