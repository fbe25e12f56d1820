//! A certificate with its private key, and the assertions that it signs
//! ([certificate credentials](https://learn.microsoft.com/entra/identity-platform/certificate-credentials)).

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use url::Url;

use super::error::AuthError;

/// How long an assertion is good for, in seconds.
const LIFETIME: i64 = 600;

/// A certificate with its private key, which signs client assertions.
pub struct ClientCertificate {
    key: RsaKeyPair,
    /// The certificate, and after it those that issued it.
    chain: Vec<CertificateDer<'static>>,
    signature: Signature,
    send_chain: bool,
}

/// How assertions are signed, and which thumbprint names the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signature {
    /// PS256 with the SHA-256 thumbprint (`x5t#S256`): what Entra ID recommends.
    #[default]
    Ps256,
    /// RS256 with the SHA-1 thumbprint (`x5t`), for authorities that know nothing newer, such as AD FS.
    Rs256,
}

/// The claims of a client assertion (RFC 7523, section 3).
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl ClientCertificate {
    /// Reads a PEM file with certificate and private key (PKCS#8 or PKCS#1), in any order; or the two files
    /// one after the other. The first certificate that fits the key is the app's, the others its issuers.
    ///
    /// # Errors
    /// If the text has no certificate or no usable RSA key, or they do not belong together.
    pub fn from_pem(pem: &[u8]) -> Result<Self, AuthError> {
        let wrong = |problem: &str| AuthError::configuration(format!("the certificate's PEM {problem}"));
        let pem = without_mark(pem);
        if ENCRYPTED.iter().any(|mark| contains(pem, mark)) {
            return Err(wrong(
                "has an encrypted private key: decrypt it (openssl pkey -in key.pem -out plain.pem), or use a PKCS#12 file",
            ));
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
            wrong("has no private key: add the PKCS#8 or PKCS#1 key that belongs to the certificate")
        })?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(wrong("has a private key that is not RSA, which Entra ID does not take")),
        };
        let key = key.map_err(|error| {
            wrong(&format!("has a private key that is no RSA key of 2048 to 4096 bits: {error}"))
        })?;
        Self::new(key, chain)
    }

    /// Reads a PKCS#12 file (`.pfx`, `.p12`), or its Base64 text, as the secrets of Key Vault hold it.
    ///
    /// # Errors
    /// If it is something else, if the password is wrong, or the file has no RSA key with its certificate.
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12(file: &[u8], password: &SecretString) -> Result<Self, AuthError> {
        use secrecy::ExposeSecret;

        let wrong = |problem: String| AuthError::configuration(format!("the PKCS#12 file {problem}"));
        let decoded = of_base64(file);
        let file = decoded.as_ref().map_or(file, |decoded| decoded.as_slice());
        if let Some(problem) = no_pkcs12(file) {
            return Err(AuthError::configuration(problem));
        }
        let archive = p12_keystore::Pkcs12Archive::from_pkcs12(file, password.expose_secret())
            .map_err(|error| wrong(format!("cannot be read; is the password right? {error}")))?;
        let chain: Vec<_> =
            archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect();
        let keys: Vec<_> =
            archive.keys.iter().filter_map(|bag| RsaKeyPair::from_pkcs8(bag.key.as_der()).ok()).collect();
        let [key] = <[RsaKeyPair; 1]>::try_from(keys).map_err(|keys| {
            wrong(format!("has {} RSA keys of 2048 to 4096 bits: it must have one", keys.len()))
        })?;
        Self::new(key, chain)
    }

    /// Reads a file with certificate and private key: PEM, or PKCS#12 with its password (feature `pkcs12`).
    ///
    /// # Errors
    /// If the file cannot be read, and those of [`from_pem`](Self::from_pem) and of `from_pkcs12`.
    pub fn from_file(path: impl AsRef<Path>, password: Option<&SecretString>) -> Result<Self, AuthError> {
        let path = path.as_ref();
        let file = std::fs::read(path).map_err(|error| {
            AuthError::source(format!("the certificate in {} cannot be read", path.display()), error)
        })?;
        let file = Zeroizing::new(file);
        #[cfg(feature = "pkcs12")]
        if !contains(&file, BEGIN) {
            return Self::from_pkcs12(&file, password.unwrap_or(&SecretString::default()));
        }
        let _ = password;
        Self::from_pem(&file)
    }

    fn new(key: RsaKeyPair, mut chain: Vec<CertificateDer<'static>>) -> Result<Self, AuthError> {
        // The public key is in the certificate as the same DER structure, within a bit string.
        let own: &[u8] = key.public().as_ref();
        let position =
            chain.iter().position(|certificate| certificate.windows(own.len()).any(|part| part == own));
        let Some(position) = position else {
            let count = chain.len();
            return Err(AuthError::configuration(format!(
                "none of the {count} certificates belongs to the private key: add the one that does"
            )));
        };
        chain.swap(0, position);
        Ok(Self { key, chain, signature: Signature::default(), send_chain: false })
    }

    /// How assertions are signed (default: PS256).
    #[must_use]
    pub fn signature(self, signature: Signature) -> Self {
        Self { signature, ..self }
    }

    /// Sends the certificate and its issuers with every assertion (`x5c`), for apps that are registered to
    /// trust a subject name and issuer instead of one certificate.
    #[must_use]
    pub fn send_certificate_chain(self, send: bool) -> Self {
        Self { send_chain: send, ..self }
    }

    /// The certificate's SHA-1 thumbprint in hexadecimal, as the app registration shows it.
    pub fn thumbprint(&self) -> String {
        use std::fmt::Write;

        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.chain[0]).as_ref().iter().fold(
            String::new(),
            |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02X}");
                text
            },
        )
    }

    /// A signed assertion for a token endpoint.
    pub(crate) fn assertion(
        &self,
        client_id: &str,
        token_url: &Url,
        now: Timestamp,
    ) -> Result<SecretString, AuthError> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        let unsigned = |_| AuthError::configuration("the certificate's key cannot sign the client assertion");
        random.fill(&mut id).map_err(unsigned)?;
        let now = now.as_second();
        let claims = Claims {
            aud: token_url.as_str(),
            iss: client_id,
            sub: client_id,
            jti: uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
        };
        let mut token = format!("{}.{}", part(&self.header())?, part(&claims)?);
        let encoding: &dyn RsaEncoding = match self.signature {
            Signature::Ps256 => &RSA_PSS_SHA256,
            Signature::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(encoding, &random, token.as_bytes(), &mut signature).map_err(unsigned)?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token.into())
    }

    fn header(&self) -> Header {
        let thumbprint = |algorithm| BASE64_URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &self.chain[0]));
        let mut header = match self.signature {
            Signature::Ps256 => {
                Header { x5t_s256: Some(thumbprint(&digest::SHA256)), ..Header::new(Algorithm::PS256) }
            }
            Signature::Rs256 => Header {
                x5t: Some(thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
                ..Header::new(Algorithm::RS256)
            },
        };
        if self.send_chain {
            header.x5c =
                Some(self.chain.iter().map(|certificate| BASE64_STANDARD.encode(certificate)).collect());
        }
        header
    }
}

/// What every PEM text has.
#[cfg(feature = "pkcs12")]
const BEGIN: &[u8] = b"-----BEGIN";

/// What a private key has that only a password opens: of PKCS#8, and of PKCS#1 as older tools write it.
const ENCRYPTED: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The text without the byte order mark that editors put before it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The bytes of a text that is nothing but Base64.
#[cfg(feature = "pkcs12")]
fn of_base64(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = without_mark(file).iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let text = Zeroizing::new(text.collect::<Vec<u8>>());
    let decoded = BASE64_STANDARD.decode(&*text).ok().filter(|decoded| !decoded.is_empty())?;
    Some(Zeroizing::new(decoded))
}

/// What a file is that cannot be PKCS#12, and what to do: that is a sequence (X.690) that begins with its version, a
/// certificate or a bare key one that does not, or has a zero there.
#[cfg(feature = "pkcs12")]
fn no_pkcs12(file: &[u8]) -> Option<String> {
    let length =
        match file {
            [0x30, length, ..] if *length < 0x80 => 0,
            [0x30, length, ..] => usize::from(length & 0x7f),
            _ => return Some(
                "the certificate's file is neither PEM nor PKCS#12: give one of these, with the private key"
                    .to_owned(),
            ),
        };
    match file.get(length + 2..)? {
        [0x30, ..] => Some("the certificate's file is a certificate without its private key (.cer, .crt): give the PKCS#12 file (.pfx) or the PEM file that has both".to_owned()),
        [0x02, 0x01, 0x00, ..] => Some("the certificate's file is a private key without its certificate: give the PKCS#12 file (.pfx) or the PEM file that has both".to_owned()),
        _ => None,
    }
}

/// A part of a JWT. `jsonwebtoken` can sign only by a provider that is chosen for the whole process, and
/// panics where two crates choose differently; so its header is used, and the signature is made here.
fn part(value: &impl Serialize) -> Result<String, AuthError> {
    let json = serde_json::to_vec(value).map_err(|error| AuthError::source("the client assertion", error))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

/// Shows which certificate it is.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({})", self.thumbprint())
    }
}
