//! Reads what a `WWW-Authenticate` header asks a new token for
//! ([claims challenge](https://learn.microsoft.com/entra/identity-platform/claims-challenge)).
//!
//! The header is read as Entra ID and the services write it, which is laxer than RFC 9110 allows: values that need
//! quotes have none, separators are missing. What is not understood is passed over.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use crate::edm::Json;

/// How long claims may be; real ones have about a hundred bytes.
const LIMIT: usize = 16 * 1024;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Which token the service would take in place of the one that it refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One that was asked for with these claims, as JSON.
    Claims(String),
    /// Any other: this one is expired, revoked or malformed (RFC 6750, section 3.1).
    Another,
}

/// What the `Bearer` challenges of a refusal want; `None` if no other token would help.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Wanted> {
    let mut another = false;
    for header in headers.get_all(WWW_AUTHENTICATE).iter().filter(|header| header.len() <= 2 * LIMIT) {
        // The description may be in any language and encoding.
        let header = String::from_utf8_lossy(header.as_bytes());
        for challenge in Bearer::all(&header) {
            let error = challenge.error.as_deref().unwrap_or_default();
            let invalid = error.eq_ignore_ascii_case("invalid_token");
            // A session that was revoked is told as an invalid token with claims.
            if (invalid || error.eq_ignore_ascii_case("insufficient_claims"))
                && let Some(claims) = challenge.claims.as_deref().and_then(decode)
            {
                return Some(Wanted::Claims(claims));
            }
            another |= invalid;
        }
    }
    another.then_some(Wanted::Another)
}

/// The parameters of a `Bearer` challenge that matter here.
#[derive(Default)]
struct Bearer<'a> {
    error: Option<Cow<'a, str>>,
    claims: Option<Cow<'a, str>>,
}

impl<'a> Bearer<'a> {
    /// All of a header, up to a quote that is never closed.
    fn all(header: &'a str) -> Vec<Self> {
        let (mut challenges, mut ours, mut rest) = (Vec::<Self>::new(), false, header);
        loop {
            let next = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            let separated = rest.len() == header.len() || rest[..rest.len() - next.len()].contains(',');
            if next.is_empty() {
                return challenges;
            }
            let end = next.find(|c: char| matches!(c, ',' | '=') || c.is_whitespace());
            let (name, after) = next.split_at(end.unwrap_or(next.len()));
            let Some(value) = after.trim_start().strip_prefix('=') else {
                // A word by itself begins a challenge, unless it stands in a sentence without quotes.
                if separated && is_token(name) {
                    ours = name.eq_ignore_ascii_case("Bearer");
                    challenges.extend(ours.then(Self::default));
                }
                rest = after;
                continue;
            };
            let Some((value, after)) = value_of(value.trim_start()) else { return challenges };
            rest = after;
            if let Some(challenge) = challenges.last_mut().filter(|_| ours) {
                challenge.keep(name, value);
            }
        }
    }

    /// The first of several with one name counts.
    fn keep(&mut self, name: &str, value: Cow<'a, str>) {
        let place = match name {
            _ if name.eq_ignore_ascii_case("error") => &mut self.error,
            _ if name.eq_ignore_ascii_case("claims") => &mut self.claims,
            _ => return,
        };
        place.get_or_insert(value);
    }
}

/// A value and what follows it: quoted, or else all that is neither comma nor space, as Graph writes addresses
/// (msgraph-sdk-dotnet#1416). `None` if a quote is not closed.
fn value_of(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
        return Some((text[..end].into(), &text[end..]));
    };
    let mut escaped = false;
    let end = quoted.find(|c| match c {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' => {
            escaped = true;
            false
        }
        c => c == '"',
    })?;
    Some((unescaped(&quoted[..end]), &quoted[end + 1..]))
}

/// The text without the backslashes that quote characters.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut characters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain.into()
}

fn is_token(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Claims are a JSON object, in Base64 of either alphabet, with or without padding, or as it is.
fn decode(text: &str) -> Option<String> {
    let claims = if text.starts_with('{') {
        text.to_owned()
    } else {
        let engines = [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];
        let bytes = engines.iter().find_map(|engine| engine.decode(text).ok())?;
        String::from_utf8(bytes).ok()?
    };
    let readable = claims.len() <= LIMIT && claims.trim_start().starts_with('{');
    (readable && claims.parse::<Json>().is_ok()).then_some(claims)
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use http::HeaderValue;

    use super::*;

    /// Its Base64 is padded, and has `=` at the end.
    const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true, "value":"1700000000"}}}"#;

    fn read(headers: &[&str]) -> Option<Wanted> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(header.as_bytes()).expect("a header"));
        }
        wanted(&map)
    }

    /// `CLAIMS` in a header stands for the claims in Base64, `BARE` for the same without padding.
    fn read_filled(headers: &[&str]) -> Option<Wanted> {
        let claims = BASE64_STANDARD.encode(CLAIMS);
        assert!(claims.ends_with('='));
        let fill =
            |header: &&str| header.replace("CLAIMS", &claims).replace("BARE", claims.trim_end_matches('='));
        let filled: Vec<String> = headers.iter().map(fill).collect();
        read(&filled.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Headers as Entra ID, Graph and others write them: each asks for the claims.
    const WITH_CLAIMS: [&[&str]; 20] = [
        // As documented.
        &[
            r#"Bearer realm="", authorization_uri="https://login.example/a", error="insufficient_claims", claims="CLAIMS""#,
        ],
        // msgraph-sdk-dotnet#1416: an address without quotes.
        &[
            r#"Bearer realm="", authorization_uri=https://login.example/a, client_id="1", error="insufficient_claims", claims="CLAIMS""#,
        ],
        &[
            r#"Bearer realm="", error="insufficient_claims", claims="CLAIMS", authorization_uri=https://login.example/a"#,
        ],
        &[
            r#"Bearer authorization_uri=https://login.example/a?b=c&d=e, error="insufficient_claims", claims="CLAIMS""#,
        ],
        // Claims without quotes, with and without padding, anywhere.
        &["Bearer error=insufficient_claims, claims=CLAIMS"],
        &["Bearer claims=CLAIMS, error=insufficient_claims"],
        &["Bearer error=insufficient_claims, claims=BARE"],
        &[r#"Bearer error="insufficient_claims", claims="BARE""#],
        // No spaces, no commas, spaces around the equals sign, names in other case.
        &[r#"Bearer realm="",error="insufficient_claims",claims="CLAIMS""#],
        &[r#"Bearer realm="" error="insufficient_claims" claims="CLAIMS""#],
        &[r#"Bearer error = "insufficient_claims" , claims = "CLAIMS""#],
        &[r#"bearer Error="insufficient_claims", Claims="CLAIMS""#],
        // Several challenges in a header, several headers.
        &[r#"Basic realm="x", Bearer realm="", error="insufficient_claims", claims="CLAIMS""#],
        &[r#"Negotiate, Bearer error="insufficient_claims", claims="CLAIMS", Basic realm="x""#],
        &[r#"Negotiate YWJj==, Bearer error="insufficient_claims", claims="CLAIMS""#],
        &[
            r#"PoP authorization_uri=https://login.example/a, nonce="n""#,
            r#"Bearer error="insufficient_claims", claims="CLAIMS""#,
        ],
        &[r#"Bearer error="invalid_token""#, r#"Bearer error="insufficient_claims", claims="CLAIMS""#],
        // Descriptions: with escaped quotes, without quotes, in another language.
        &[
            r#"Bearer error_description="say \"again\", please", error="insufficient_claims", claims="CLAIMS""#,
        ],
        &[
            r#"Bearer error_description=Zugriff für Nutzer verweigert, error="insufficient_claims", claims="CLAIMS""#,
        ],
        // A session that was revoked.
        &[
            r#"Bearer authorization_uri="https://login.example/", error="invalid_token", error_description="User session has been revoked", claims="CLAIMS""#,
        ],
    ];

    #[test]
    fn the_claims_of_a_challenge_are_read_as_services_write_them() {
        for headers in WITH_CLAIMS {
            assert_eq!(read_filled(headers), Some(Wanted::Claims(CLAIMS.to_owned())), "{headers:?}");
        }
    }

    #[test]
    fn claims_that_were_not_encoded_are_read_too() {
        let quoted = CLAIMS.replace('"', "\\\"");
        let header = format!(r#"Bearer error="insufficient_claims", claims="{quoted}""#);
        assert_eq!(read(&[&header]), Some(Wanted::Claims(CLAIMS.to_owned())));
    }

    #[test]
    fn an_invalid_token_without_claims_wants_another_token() {
        for header in [
            r#"Bearer error="invalid_token""#,
            r#"Bearer realm="", authorization_uri=https://login.example/a, error=invalid_token"#,
            r#"Bearer error="invalid_token", error_description="The token expired", claims="not base64!""#,
        ] {
            assert_eq!(read(&[header]), Some(Wanted::Another), "{header}");
        }
    }

    #[test]
    fn what_no_other_token_helps_against_wants_none() {
        let long = BASE64_STANDARD.encode(format!("{{{}}}", " ".repeat(LIMIT)));
        for header in [
            "",
            "Bearer",
            "Bearer error=\"insufficient_claims\"",
            r#"Bearer error="insufficient_scope", claims="CLAIMS""#,
            r#"Bearer claims="CLAIMS""#,
            r#"Basic error="insufficient_claims", claims="CLAIMS""#,
            r#"Bearer realm="", Basic error="insufficient_claims", claims="CLAIMS""#,
            r#"error="insufficient_claims", claims="CLAIMS""#,
            r#"Bearer error="insufficient_claims", claims="not base64!""#,
            r#"Bearer error="insufficient_claims", claims="WzFd""#,
            r#"Bearer error="insufficient_claims", claims="CLAIMS"#,
            r#"Bearer realm="error="insufficient_claims"#,
            "Bearer error=\"",
            "Bearer =,=,\\ \"",
            &format!(r#"Bearer error="insufficient_claims", claims="{long}""#),
            &format!("Bearer error=\"insufficient_claims\", {}", "a=b,".repeat(LIMIT)),
        ] {
            assert_eq!(read_filled(&[header]), None, "{}", &header[..header.len().min(100)]);
        }
    }
}
