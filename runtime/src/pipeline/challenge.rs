//! Reads the claims that a `WWW-Authenticate` header asks a new token for
//! ([claims challenge](https://learn.microsoft.com/entra/identity-platform/claims-challenge)).

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use http_auth::parser::ChallengeParser;

use crate::edm::Json;

/// How long claims may be; real ones have about a hundred bytes.
const LIMIT: usize = 16 * 1024;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The claims of a `Bearer` challenge, as JSON; `None` if the response has none that can be used.
pub(crate) fn claims_challenge(headers: &HeaderMap) -> Option<String> {
    let headers = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    headers.filter(|header| header.len() <= 2 * LIMIT).find_map(|header| {
        let challenges = ChallengeParser::new(header).collect::<Result<Vec<_>, _>>().ok()?;
        challenges.iter().filter(|challenge| challenge.scheme.eq_ignore_ascii_case("Bearer")).find_map(
            |challenge| {
                let parameter = |name: &str| {
                    let found = challenge.params.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                (parameter("error")? == "insufficient_claims")
                    .then(|| decode(&parameter("claims")?))
                    .flatten()
            },
        )
    })
}

/// Claims are a JSON object in Base64 of either alphabet, with or without padding.
fn decode(text: &str) -> Option<String> {
    let engines = [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];
    let bytes = engines.iter().find_map(|engine| engine.decode(text).ok())?;
    let claims = String::from_utf8(bytes).ok().filter(|claims| claims.len() <= LIMIT)?;
    claims.parse::<Json>().is_ok_and(|_| claims.trim_start().starts_with('{')).then_some(claims)
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use http::HeaderValue;

    use super::*;

    const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}"#;

    fn read(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(header).expect("a header"));
        claims_challenge(&headers)
    }

    #[test]
    fn the_claims_of_a_challenge_are_decoded() {
        let claims = BASE64_STANDARD.encode(CLAIMS);
        let header = format!(
            r#"Basic realm="x", Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{claims}""#
        );
        assert_eq!(read(&header).as_deref(), Some(CLAIMS));
        assert_eq!(read(&header.replace(&claims, claims.trim_end_matches('='))).as_deref(), Some(CLAIMS));
    }

    #[test]
    fn what_is_not_a_claims_challenge_is_none() {
        let claims = BASE64_STANDARD.encode(CLAIMS);
        for header in [
            "Bearer".to_owned(),
            "Bearer error=\"insufficient_claims\"".to_owned(),
            format!(r#"Bearer error="invalid_token", claims="{claims}""#),
            format!(r#"Basic error="insufficient_claims", claims="{claims}""#),
            r#"Bearer error="insufficient_claims", claims="not base64!""#.to_owned(),
            format!(r#"Bearer error="insufficient_claims", claims="{}""#, BASE64_STANDARD.encode("[1]")),
            format!(r#"Bearer error="insufficient_claims", claims="{claims}"#),
            format!(r#"Bearer error="insufficient_claims", claims="{}""#, "e30=".repeat(20_000)),
        ] {
            assert_eq!(read(&header), None, "{}", &header[..header.len().min(100)]);
        }
    }
}
