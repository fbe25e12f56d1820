//! Which names have secret values: the one list for everything that is shown.
//!
//! A value is secret if whoever has it can do what its owner can: passwords, tokens, keys, codes, and URLs that need no
//! sign-in. A test goes through all properties that the
//! service declares, so that one that is new is seen.

/// A name that ends so has a secret value, whatever has it.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accountkey",
    "apikey",
    "appkey",
    "assertion",
    "authorizationcode",
    "azurestorageuri",
    "bypasscode",
    "callbackuri",
    "clientstate",
    "connectionstring",
    "consumerkey",
    "containeruri",
    "cookie",
    "credential",
    "credentials",
    "decryptionkey",
    "downloaduri",
    "downloadurl",
    "encryptionkey",
    "inviteredeemurl",
    "joininformation",
    "joinurl",
    "joinweburl",
    "keyvalue",
    "mackey",
    "monitorurl",
    "notificationurl",
    "onlinemeetingurl",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwordbase64",
    "pkcs12value",
    "privatekey",
    "productkey",
    "recoverykey",
    "remoteassistancesessionurl",
    "sasuri",
    "sasurl",
    "secret",
    "secretkey",
    "secrets",
    "secrettext",
    "secretvalue",
    "securitykey",
    "sharedkey",
    "symmetrickey",
    "temporaryaccesspass",
    "token",
    "tokenkey",
    "unlockcode",
    "unlockpin",
    "uploaduri",
    "uploadurl",
    "validationtokens",
    "workspacekey",
];

/// A name that is one of these has, too; as endings they would be those of harmless names.
const NAMES: &[&str] = &["geturl", "postparameters", "posturl", "proof", "pwd"];

/// Names that end like a secret and have none: what they hold is public, or a description.
const PUBLIC: &[&str] = &["federatedidentitycredentials", "publickeycredential", "usesavedcredentials"];

/// Names that say nothing by themselves, with the type, or the member around them, in which they have a secret value.
const PAIRS: &[(&str, &str)] = &[
    ("bitlockerrecoverykey", "key"),
    ("image", "binaryvalue"),
    ("keycredential", "key"),
    ("link", "webhtml"),
    ("link", "weburl"),
    ("omasettingbase64", "value"),
    ("omasettings", "value"),
    ("omasettingstring", "value"),
    ("pin", "code"),
    ("qrcodeimagedetails", "binaryvalue"),
    ("qrpin", "code"),
    ("recoverykeys", "key"),
    ("selfsignedcertificate", "key"),
    ("sharinglink", "webhtml"),
    ("sharinglink", "weburl"),
    ("synchronizationsecretkeystringvaluepair", "value"),
];

/// Names of pairs that are taken for secret where nothing tells what has them.
const UNTOLD: &[&str] = &["key", "pin"];

/// Parts of the names of headers and query options that make their values secret: these belong to no type, and anybody
/// makes up more of them.
const PARTS: &[&str] =
    &["assertion", "auth", "cookie", "credential", "passphrase", "password", "secret", "signature", "token"];

/// Query options that are secret and do not say so: the signatures and codes of links that need no sign-in.
const OPTIONS: &[&str] = &["code", "sig", "skey"];

/// Whether a property has a secret value. `kind` is the type that has it, or the member that the object with it is the
/// value of, without namespace; nothing if neither is known.
pub(crate) fn is_secret(kind: Option<&str>, name: &str) -> bool {
    let mut name = name.to_ascii_lowercase();
    // `x-api-key` and `api_key` are `apiKey`.
    name.retain(|c| !matches!(c, '-' | '_'));
    if ENDINGS.iter().any(|ending| name.ends_with(ending)) || NAMES.contains(&name.as_str()) {
        return !PUBLIC.contains(&name.as_str());
    }
    match kind {
        Some(kind) => {
            PAIRS.iter().any(|(other, property)| *property == name && other.eq_ignore_ascii_case(kind))
        }
        None => UNTOLD.contains(&name.as_str()),
    }
}

/// Whether a header or a query option has a secret value.
pub(super) fn is_secret_field(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_secret(None, &lower)
        || OPTIONS.contains(&lower.as_str())
        || PARTS.iter().any(|part| lower.contains(part))
}
