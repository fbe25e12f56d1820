//! Applications that sign in as themselves.

use msgraph_runtime::auth::{
    AuthError, ClientAssertionCredential, ClientAuthentication, ClientCertificate,
    ClientCertificateCredential, ClientSecretCredential, Identity, Signature, TokenClaims,
};
use secrecy::{ExposeSecret, SecretString};

use crate::support::{DEFAULT, TENANT, application, auth_error, network, provider, text, token, transcript};

const SECRET: &str = "d4emon~secret+value";

#[tokio::test]
async fn a_client_secret_gives_a_token_and_a_wrong_one_an_error() {
    let Some(provider) = provider() else { return };
    let network = network();
    transcript::secret(SECRET);
    let right = application(&provider.base, "daemon-secret");
    let credential = ClientSecretCredential::for_application(right.clone(), SECRET).expect("right");
    let given = token(&credential, &[DEFAULT], &network).await.expect("a token");
    let claims = TokenClaims::read(&given).expect("a JWT");
    assert_eq!(claims.identity, Identity::Application);
    assert_eq!(claims.permissions, ["User.Read.All"]);
    assert_eq!(claims.audience.as_deref(), Some("https://graph.microsoft.com"));
    let life = given.expiry().expect("an expiry").duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3590..=3600).contains(&life), "{life}");
    let again = token(&credential, &[DEFAULT], &network).await.expect("a token");
    assert_eq!(text(&given), text(&again), "the second comes from memory");
    transcript::shown(&credential);

    transcript::secret("wr0ng-secret");
    let credential = ClientSecretCredential::for_application(right, "wr0ng-secret").expect("possible");
    let error = auth_error(token(&credential, &[DEFAULT], &network).await);
    let refusal = error.refusal().expect("a refusal");
    assert_eq!(
        (refusal.error(), refusal.status().map(|status| status.as_u16())),
        ("invalid_client", Some(401))
    );
    assert!(error.to_string().contains("check the client ID and its secret"), "{error}");
    let unknown = ClientSecretCredential::for_application(application(&provider.base, "nobody"), SECRET);
    let error = auth_error(token(&unknown.expect("possible"), &[DEFAULT], &network).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_client"));
}

#[tokio::test]
async fn a_certificate_in_every_file_format_signs_by_both_algorithms() {
    let Some(provider) = provider() else { return };
    let network = network();
    let password = SecretString::from("p12-pa55word");
    transcript::secret(password.expose_secret());
    let pkcs12 = |name: &str| ClientCertificate::from_pkcs12(&provider.pem(&[name]), &password);
    let pem = |names: &[&str]| ClientCertificate::from_pem(&provider.pem(names));
    for (name, certificate) in [
        ("PS256", pem(&["key.pem", "certificate.pem"])),
        ("RS256", pem(&["certificate.pem", "key.pem"]).map(|own| own.signature(Signature::Rs256))),
        ("PKCS#1", pem(&["pkcs1.pem", "certificate.pem"])),
        (
            "with chain",
            pem(&["key.pem", "other.pem", "certificate.pem"]).map(|own| own.send_certificate_chain(true)),
        ),
        ("PKCS#12", pkcs12("both.p12")),
        ("old PKCS#12", pkcs12("legacy.p12")),
    ] {
        let certificate = certificate.unwrap_or_else(|error| panic!("{name}: {error}"));
        transcript::shown(&certificate);
        let application = application(&provider.base, "daemon-certificate");
        let credential =
            ClientCertificateCredential::for_application(application, certificate).expect("right");
        transcript::shown(&credential);
        let given = token(&credential, &[DEFAULT], &network).await;
        assert!(given.is_ok(), "{name}: {given:?}");
    }
}

#[test]
fn a_byte_order_mark_and_the_base64_text_of_key_vault_are_read() {
    use base64::prelude::*;
    let Some(provider) = provider() else { return };
    let right = ClientCertificate::from_pem(&provider.pem(&["key.pem", "certificate.pem"])).expect("right");
    let marked = [b"\xef\xbb\xbf".as_slice(), &provider.pem(&["key.pem", "certificate.pem"])].concat();
    assert_eq!(ClientCertificate::from_pem(&marked).expect("right").thumbprint(), right.thumbprint());
    let text = BASE64_STANDARD.encode(provider.pem(&["both.p12"]));
    let lines = text.as_bytes().chunks(64).collect::<Vec<_>>().join(b"\r\n".as_slice());
    let password = "p12-pa55word".into();
    for text in [text.clone().into_bytes(), lines, format!("\u{feff}{text}\n").into_bytes()] {
        let read = ClientCertificate::from_pkcs12(&text, &password).expect("right");
        assert_eq!(read.thumbprint(), right.thumbprint());
    }
    let path = provider.keys.join("vault.txt");
    for content in [&marked, text.as_bytes()] {
        std::fs::write(&path, content).expect("it is ours");
        let read = ClientCertificate::from_file(&path, Some(&password)).expect("right");
        assert_eq!(read.thumbprint(), right.thumbprint());
    }
}

#[test]
fn files_that_are_something_else_say_what_they_are_and_what_to_do() {
    use rustls_pki_types::pem::PemObject;
    let Some(provider) = provider() else { return };
    let certificate = rustls_pki_types::CertificateDer::from_pem_slice(&provider.pem(&["certificate.pem"]));
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from_pem_slice(&provider.pem(&["key.pem"]));
    let (certificate, key) = (certificate.expect("one"), key.expect("one"));
    for (file, part) in [
        (&*certificate, "a certificate without its private key (.cer, .crt): give the PKCS#12 file"),
        (key.secret_pkcs8_der(), "a private key without its certificate: give the PKCS#12 file"),
        (b"nonsense".as_slice(), "neither PEM nor PKCS#12"),
        (b"", "neither PEM nor PKCS#12"),
        (b"\x30\x82", "is the password right?"),
    ] {
        let error = ClientCertificate::from_pkcs12(file, &"".into()).expect_err("wrong").to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
    let older = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let error = ClientCertificate::from_pem(older).expect_err("encrypted").to_string();
    assert!(error.contains("has an encrypted private key: decrypt it"), "{error}");
}

#[test]
fn files_that_are_no_certificate_with_its_key_say_what_is_missing() {
    let Some(provider) = provider() else { return };
    for (names, part) in [
        (&["certificate.pem"][..], "has no private key"),
        (&["key.pem"], "none of the 0 certificates belongs to the private key"),
        (&["key.pem", "other.pem"], "none of the 1 certificates belongs to the private key"),
        (&["encrypted.pem", "certificate.pem"], "is encrypted: decrypt it"),
        (&["ec.pem", "certificate.pem"], "is not RSA"),
        (&["both.p12"], "has no private key"),
    ] {
        let error = ClientCertificate::from_pem(&provider.pem(names)).expect_err("wrong").to_string();
        assert!(
            error.contains(part)
                || (part.starts_with("is encrypted") && error.contains("encrypted private key: decrypt it")),
            "{names:?}: {error}"
        );
    }
    let wrong = ClientCertificate::from_pkcs12(&provider.pem(&["both.p12"]), &"wr0ng-pa55word".into());
    let error = wrong.expect_err("the password is wrong").to_string();
    assert!(error.contains("is the password right?") && !error.contains("pa55word"), "{error}");
}

#[tokio::test]
async fn the_assertion_of_a_certificate_states_what_entra_asks_for() {
    let Some(provider) = provider() else { return };
    let network = network();
    let headers = [Signature::Ps256, Signature::Rs256].map(|signature| {
        let certificate =
            ClientCertificate::from_pem(&provider.pem(&["key.pem", "certificate.pem"])).expect("right");
        (signature, certificate.signature(signature).send_certificate_chain(signature == Signature::Rs256))
    });
    for (signature, certificate) in headers {
        let thumbprint = certificate.thumbprint();
        let server = crate::support::script::Script::start(|_, _| {
            crate::support::script::Reply::token("t-0ken", 3600)
        })
        .await;
        let credential =
            ClientCertificateCredential::for_application(application(&server.base, "app"), certificate)
                .expect("right");
        token(&credential, &[DEFAULT], &network).await.expect("a token");
        let request = &server.received()[0];
        let assertion = request.field("client_assertion").expect("an assertion");
        transcript::secret(&assertion);
        let header = jsonwebtoken::decode_header(&assertion).expect("a header");
        let claims: serde_json::Value =
            jsonwebtoken::dangerous::insecure_decode_claims(&assertion).expect("claims");
        assert_eq!((&claims["iss"], &claims["sub"]), (&"app".into(), &"app".into()));
        assert_eq!(claims["aud"], format!("{}/{TENANT}/oauth2/v2.0/token", server.base));
        assert_eq!(claims["exp"].as_i64().expect("a time") - claims["nbf"].as_i64().expect("a time"), 600);
        assert!(claims["jti"].as_str().is_some_and(|id| id.len() == 36));
        match signature {
            Signature::Rs256 => {
                assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256);
                let sha1 = base64::Engine::decode(
                    &base64::prelude::BASE64_URL_SAFE_NO_PAD,
                    header.x5t.expect("x5t"),
                );
                let hex: String = sha1.expect("Base64").iter().map(|byte| format!("{byte:02X}")).collect();
                assert_eq!(hex, thumbprint);
                assert_eq!(header.x5c.expect("x5c").len(), 1);
            }
            _ => {
                assert_eq!(header.alg, jsonwebtoken::Algorithm::PS256);
                assert!(header.x5t_s256.is_some() && header.x5t.is_none() && header.x5c.is_none());
            }
        }
    }
}

/// An assertion as another identity provider would make it: made here by the certificate's own credential.
async fn assertion(provider: &crate::support::provider::Provider) -> String {
    let certificate =
        ClientCertificate::from_pem(&provider.pem(&["key.pem", "certificate.pem"])).expect("right");
    let token_url = format!("{}/{TENANT}/oauth2/v2.0/token", provider.base);
    let server =
        crate::support::script::Script::start(|_, _| crate::support::script::Reply::token("t-0ken", 3600))
            .await;
    // The assertion's audience is the token endpoint that the request goes to, so the request is taken aside.
    let target = server.base.clone();
    let network = crate::support::redirecting(&token_url, &format!("{target}/token"));
    let application = application(&provider.base, "daemon-certificate");
    let credential = ClientCertificateCredential::for_application(application, certificate).expect("right");
    token(&credential, &[DEFAULT], &network).await.expect("a token");
    server.received()[0].field("client_assertion").expect("an assertion")
}

#[tokio::test]
async fn an_assertion_from_a_callback_or_a_file_works_once() {
    let Some(provider) = provider() else { return };
    let network = network();
    let own = assertion(provider).await;
    transcript::secret(&own);
    let callback = {
        let own = own.clone();
        ClientAuthentication::assertion(move || std::future::ready(Ok(SecretString::from(own.clone()))))
    };
    let application = application(&provider.base, "daemon-certificate");
    let credential =
        ClientAssertionCredential::for_application(application.clone(), callback.clone()).expect("right");
    transcript::shown(&credential);
    token(&credential, &[DEFAULT], &network).await.expect("a token");
    let again = ClientAssertionCredential::for_application(application.clone(), callback).expect("right");
    let error = auth_error(token(&again, &[DEFAULT], &network).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_client"), "replayed: {error}");

    let file = std::env::temp_dir().join(format!("msgraph-assertion-{}", std::process::id()));
    let from_file = ClientAuthentication::assertion_file(&file);
    let credential = ClientAssertionCredential::for_application(application, from_file).expect("right");
    let error = auth_error(token(&credential, &[DEFAULT], &network).await);
    assert!(error.to_string().contains("cannot be read"), "{error}");
    std::fs::write(&file, format!("{}\n", assertion(provider).await)).expect("a file");
    token(&credential, &[DEFAULT], &network).await.expect("the file is read anew");
    std::fs::remove_file(&file).expect("it was there");
}

#[tokio::test]
async fn what_cannot_be_right_is_found_before_any_request() {
    let server = crate::support::script::Script::start(|_, _| unreachable!("nothing is sent")).await;
    let network = network();
    let credential =
        ClientSecretCredential::for_application(application(&server.base, "app"), "s").expect("right");
    for (scopes, part) in [
        (&["User.Read.All"][..], "ask for https://graph.microsoft.com/.default"),
        (&[DEFAULT, "User.Read.All"], "cannot ask for"),
        (&[DEFAULT, "offline_access"], "leave it out"),
    ] {
        let error = auth_error(token(&credential, scopes, &network).await);
        assert!(matches!(error, AuthError::Configuration(_)) && error.to_string().contains(part), "{error}");
    }
    assert!(server.received().is_empty());
    let error = ClientSecretCredential::new("common", "app", "s").expect_err("for users only").to_string();
    assert!(error.contains("in place of \"common\""), "{error}");
    let error = ClientSecretCredential::new(TENANT, "app", " ").expect_err("empty").to_string();
    assert!(error.contains("the client secret is empty"), "{error}");
}
