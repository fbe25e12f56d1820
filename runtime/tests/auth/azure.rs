//! Credentials of the Azure SDK through the adapter. Some read variables of the process, so these tests run in
//! a process of their own.

use std::process::Command;
use std::sync::Arc;

use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    AzureCliCredential, ClientAssertionCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use msgraph_runtime::auth::{AzureCredential, AzureHttpClient};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, TENANT, auth_error, network, redirecting, text, token, transcript};

/// Says that this process was started for one test.
const CHILD: &str = "AUTH_AZURE_CHILD";

fn options(network: msgraph_runtime::Network) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(AzureHttpClient::new(network)))),
        ..Default::default()
    }
}

/// Runs one test of this program again, with variables.
async fn run_alone(name: &'static str, variables: Vec<(&'static str, String)>) {
    let run = move || {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", name, "--nocapture"]).env(CHILD, "yes").envs(variables);
        command.output().expect("it runs")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{name} exists");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[tokio::test]
async fn managed_identity_gets_tokens_over_the_clients_network() {
    let expires = jiff::Timestamp::now().as_second() + 86_400;
    let server = Script::start(move |request, _| {
        assert_eq!(request.headers["x-identity-header"], "m4naged-header");
        assert!(request.query.contains("resource=https"), "{}", request.query);
        transcript::secret("m4naged-token");
        Reply::json(200, format!(r#"{{"access_token":"m4naged-token","expires_on":"{expires}","token_type":"Bearer","resource":"x"}}"#))
    })
    .await;
    let variables = vec![
        ("IDENTITY_ENDPOINT", format!("{}/msi/token", server.base)),
        ("IDENTITY_HEADER", "m4naged-header".to_owned()),
    ];
    run_alone("azure::child_of_managed_identity", variables).await;
    assert_eq!(server.received().len(), 1, "the second token comes from memory");
}

#[tokio::test]
async fn child_of_managed_identity() {
    if !is_child() {
        return;
    }
    let network = network();
    let options =
        ManagedIdentityCredentialOptions { client_options: options(network.clone()), ..Default::default() };
    let credential =
        AzureCredential::new(ManagedIdentityCredential::new(Some(options)).expect("a credential"));
    transcript::shown(&credential);
    for _ in 0..2 {
        let given = token(&credential, &[DEFAULT], &network).await.expect("a token");
        assert_eq!(text(&given), "m4naged-token");
        assert!(given.expiry().is_some_and(|expiry| expiry > jiff::Timestamp::now()));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_azure_cli_gives_tokens() {
    use std::os::unix::fs::PermissionsExt;
    let directory = std::env::temp_dir().join(format!("msgraph-az-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let az = directory.join("az");
    let script = "#!/bin/sh\necho '{\"accessToken\":\"cl1-token\",\"expires_on\":4000000000,\"tokenType\":\"Bearer\"}'\n";
    std::fs::write(&az, script).expect("a file");
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap_or_default());
    transcript::secret("cl1-token");
    run_alone("azure::child_of_the_azure_cli", vec![("PATH", path)]).await;
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[tokio::test]
async fn child_of_the_azure_cli() {
    if !is_child() {
        return;
    }
    let credential = AzureCredential::new(AzureCliCredential::new(None).expect("a credential"));
    assert_eq!(text(&token(&credential, &[DEFAULT], &network()).await.expect("a token")), "cl1-token");
}

#[tokio::test]
async fn workload_identity_exchanges_its_file_and_its_refusals_are_errors() {
    let server = Script::start(|request, before| {
        assert_eq!(request.field("client_assertion").as_deref(), Some("k8s-assertion"));
        match before {
            0 => Reply::token("w0rkload-token", 3600),
            _ => {
                Reply::json(400, r#"{"error":"invalid_client","error_description":"AADSTS700024: Too old."}"#)
            }
        }
    })
    .await;
    transcript::secret("k8s-assertion");
    let file = std::env::temp_dir().join(format!("msgraph-workload-{}", std::process::id()));
    std::fs::write(&file, "k8s-assertion").expect("a file");
    let endpoint = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    let network = redirecting(&endpoint, &format!("{}/token", server.base));
    let credential = || {
        let options = WorkloadIdentityCredentialOptions {
            client_id: Some("app".to_owned()),
            tenant_id: Some(TENANT.to_owned()),
            token_file_path: Some(file.clone()),
            credential_options: ClientAssertionCredentialOptions { client_options: options(network.clone()) },
        };
        AzureCredential::new(WorkloadIdentityCredential::new(Some(options)).expect("a credential"))
    };
    assert_eq!(text(&token(&credential(), &[DEFAULT], &network).await.expect("a token")), "w0rkload-token");
    let error = auth_error(token(&credential(), &[DEFAULT], &network).await);
    assert!(
        error.to_string().contains("the Azure SDK gave no token")
            && error.to_string().contains("AADSTS700024"),
        "{error}"
    );
    std::fs::remove_file(file).expect("it was there");
}
