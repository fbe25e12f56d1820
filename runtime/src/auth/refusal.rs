//! The errors that the sign-in service answers with: OAuth's fields and those that Entra ID adds to them
//! ([error codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes)).

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::graph_error::one_line;

/// How much of a description is kept.
const LIMIT: usize = 2_000;

/// An error that the sign-in service answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    status: Option<StatusCode>,
    error: String,
    description: Option<String>,
    suberror: Option<String>,
    codes: Vec<u32>,
    correlation_id: Option<String>,
    trace_id: Option<String>,
    timestamp: Option<String>,
    claims: Option<String>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads the JSON body of a token request's answer; `None` if it is not an error of OAuth.
    pub(crate) fn from_json(status: StatusCode, body: &[u8]) -> Option<Self> {
        let body: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut refusal = Self::new(text("error")?, text("error_description"));
        refusal.status = Some(status);
        refusal.suberror = text("suberror");
        refusal.claims = text("claims");
        refusal.correlation_id = text("correlation_id").or(refusal.correlation_id);
        refusal.trace_id = text("trace_id").or(refusal.trace_id);
        refusal.timestamp = text("timestamp").or(refusal.timestamp);
        if let Some(codes) = body.get("error_codes").and_then(Value::as_array) {
            let codes = codes.iter().filter_map(Value::as_u64).filter_map(|code| u32::try_from(code).ok());
            let mut codes: Vec<u32> = codes.collect();
            codes.extend(std::mem::take(&mut refusal.codes));
            codes.iter().for_each(|code| push_new(&mut refusal.codes, *code));
        }
        Some(refusal)
    }

    /// The error of a redirect's query. Entra ID puts codes and identifiers into the description.
    pub(crate) fn new(error: String, description: Option<String>) -> Self {
        let text = description.as_deref().unwrap_or_default();
        let mut codes = Vec::new();
        for (start, _) in text.match_indices("AADSTS") {
            let digits = &text[start + "AADSTS".len()..];
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            if let Ok(code) = digits[..end].parse() {
                push_new(&mut codes, code);
            }
        }
        Self {
            codes,
            correlation_id: labelled(text, "Correlation ID:"),
            trace_id: labelled(text, "Trace ID:"),
            timestamp: labelled(text, "Timestamp:"),
            description,
            error,
            ..Self::default()
        }
    }

    /// An answer that says nothing but its status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self { status: Some(status), error: format!("HTTP {status}"), ..Self::default() }
    }

    /// The same without values that the request carried, should the service repeat them.
    pub(crate) fn without<'a>(mut self, secrets: impl Iterator<Item = &'a str> + Clone) -> Self {
        let texts = [&mut self.description, &mut self.suberror, &mut self.claims];
        let optional = texts.into_iter().filter_map(Option::as_mut);
        for text in optional.chain([&mut self.error]) {
            for secret in secrets.clone().filter(|secret| secret.len() >= 4) {
                if text.contains(secret) {
                    *text = text.replace(secret, "[redacted]");
                }
            }
        }
        self
    }

    pub(crate) fn retry_after_of(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The HTTP status, unless the error came with a redirect.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// OAuth's error, such as `invalid_client`.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// What the service says for people.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// A finer error, such as `bad_token` or `consent_required`.
    pub fn suberror(&self) -> Option<&str> {
        self.suberror.as_deref()
    }

    /// Entra ID's code, such as 7000215 for `AADSTS7000215`.
    pub fn code(&self) -> Option<u32> {
        self.codes.first().copied()
    }

    /// All of Entra ID's codes.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The identifier that this client gave the request.
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The identifier that the service gave the request.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// When the service answered, in its own words.
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    /// Claims that the next sign-in must ask for, as JSON.
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// How long the service asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the service is overloaded or out of order, so that the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.error == "temporarily_unavailable"
            || self.status.is_some_and(|status| status.as_u16() == 429 || status.is_server_error())
    }

    /// Whether the same request gets the same answer until somebody changes the registration or the program.
    pub(crate) fn is_for_good(&self) -> bool {
        matches!(
            self.error.as_str(),
            "invalid_client"
                | "invalid_request"
                | "invalid_resource"
                | "invalid_scope"
                | "invalid_target"
                | "unauthorized_client"
                | "unsupported_grant_type"
        )
    }

    /// Whether only a new sign-in of the user helps.
    pub(crate) fn needs_user(&self) -> bool {
        matches!(
            self.error.as_str(),
            "invalid_grant" | "interaction_required" | "login_required" | "consent_required"
        )
    }

    /// Whether a refresh token that was refused so is good for nothing any more, rather than for want of
    /// consent or of a second factor.
    pub(crate) fn ends_refresh_token(&self) -> bool {
        let wanting = ["consent_required", "basic_action", "additional_action", "message_only"];
        let more_is_needed = self.suberror.as_deref().is_some_and(|suberror| wanting.contains(&suberror))
            || self.codes.iter().any(|code| matches!(code, 65001 | 50076 | 50079 | 50158 | 53003));
        self.error == "invalid_grant" && !more_is_needed
    }

    /// What to do about the error, for those that are common.
    pub fn advice(&self) -> Option<&'static str> {
        self.codes.iter().find_map(|code| advice_on(*code)).or_else(|| advice_on_error(&self.error))
    }
}

/// What to do about Entra ID's codes.
fn advice_on(code: u32) -> Option<&'static str> {
    Some(match code {
        7000215 => "use the value of the client secret, not its ID, and check that it belongs to this app",
        7000222 => "the client secret has expired: create a new one in the app registration",
        700016 => "check the client ID, and that the app is registered or consented to in this tenant",
        700027 => {
            "upload this certificate's public part to the app registration, and check the computer's clock"
        }
        700024 => "the client assertion is expired or not yet valid: check the computer's clock",
        65001 => "nobody has consented: open the admin consent URL, or sign in interactively once",
        65004 => "the user declined to consent: sign in again and accept, or ask an administrator to",
        50076 | 50079 | 50158 => "the user must pass multi-factor authentication: sign in interactively",
        50105 => "assign the user to the app under Enterprise applications",
        50173 | 700082 | 70008 | 70043 | 50132 => "the sign-in has expired or was revoked: sign in again",
        53003 => "a conditional access policy blocks this sign-in: ask an administrator which one",
        90002 => "check the tenant's ID or domain name, and that the cloud is the one that the tenant is in",
        900023 => "the tenant must be a GUID, a verified domain name, or common, organizations or consumers",
        1002012 => {
            "client credentials take the resource's .default only, such as https://graph.microsoft.com/.default"
        }
        650053 => {
            "the scope does not exist on the resource: check its spelling, and that it is a delegated permission"
        }
        70011 => "a scope is misspelt, or .default is mixed with other scopes",
        500011 => "check the resource in the scope, and that its service principal exists in this tenant",
        50011 => "add this redirect URI to the app registration, under the right platform",
        7000218 => {
            "the app is confidential: give a secret or certificate, or allow public client flows in its registration"
        }
        50059 => "name the tenant: this grant does not work with common",
        50194 => "the app is for one tenant only: name that tenant in place of common",
        50013 => "the user's token must be meant for this app (audience), and must not have expired",
        54005 => "an authorization code can be exchanged once only: start a new sign-in",
        _ => return None,
    })
}

/// What to do where there is no code of Entra ID's.
fn advice_on_error(error: &str) -> Option<&'static str> {
    Some(match error {
        "invalid_client" => "check the client ID and its secret or certificate",
        "invalid_grant" => "what was exchanged is expired, used or revoked: sign in again",
        "access_denied" | "authorization_declined" => {
            "the user or an administrator declined: sign in again and accept"
        }
        "expired_token" => "the code was not entered in time: start again",
        "unauthorized_client" => "allow this grant in the app registration",
        "invalid_scope" => "check the scopes' spelling",
        "consent_required" => {
            "nobody has consented: open the admin consent URL, or sign in interactively once"
        }
        _ => return None,
    })
}

/// One line: error, what the service says, what to do, and what its support asks for.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.error, 100))?;
        if let Some(description) = &self.description {
            // Identifiers come at the end, where support looks for them.
            let text = description.split(" Trace ID:").next().unwrap_or_default();
            let text = text.split("\nTrace ID:").next().unwrap_or_default();
            write!(f, ": {}", one_line(text, LIMIT))?;
        } else if let Some(code) = self.code() {
            write!(f, " (AADSTS{code})")?;
        }
        if let Some(advice) = self.advice() {
            write!(f, " What to do: {advice}.")?;
        }
        let ids = [
            ("correlation id", &self.correlation_id),
            ("trace id", &self.trace_id),
            ("timestamp", &self.timestamp),
        ];
        let known: Vec<String> = ids
            .iter()
            .filter_map(|(name, id)| id.as_ref().map(|id| format!("{name} {}", one_line(id, 100))))
            .collect();
        if known.is_empty() { Ok(()) } else { write!(f, " ({})", known.join(", ")) }
    }
}

impl StdError for Refusal {}

fn push_new(codes: &mut Vec<u32>, code: u32) {
    if codes.len() < 16 && !codes.contains(&code) {
        codes.push(code);
    }
}

/// The word or words after a label, to the end of the line or the next label.
fn labelled(text: &str, label: &str) -> Option<String> {
    let rest = &text[text.find(label)? + label.len()..];
    let end = ["\r", "\n", " Correlation ID:", " Timestamp:", " Trace ID:"];
    let end = end.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    Some(rest[..end].trim().to_owned()).filter(|value| !value.is_empty() && value.len() <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body that Entra ID documents for its errors, with other identifiers.
    fn body(code: u32) -> String {
        format!(
            r#"{{"error":"invalid_client","error_description":"AADSTS{code}: Something.\r\nTrace ID: 11111111-1111-1111-1111-111111111111\r\nCorrelation ID: 22222222-2222-2222-2222-222222222222\r\nTimestamp: 2026-01-09 02:02:12Z","error_codes":[{code}],"timestamp":"2026-01-09 02:02:12Z","trace_id":"11111111-1111-1111-1111-111111111111","correlation_id":"22222222-2222-2222-2222-222222222222"}}"#
        )
    }

    #[test]
    fn every_field_of_entra_is_kept() {
        let refusal =
            Refusal::from_json(StatusCode::UNAUTHORIZED, body(7000215).as_bytes()).expect("an error");
        assert_eq!(refusal.error(), "invalid_client");
        assert_eq!(refusal.codes(), [7000215]);
        assert_eq!(refusal.trace_id(), Some("11111111-1111-1111-1111-111111111111"));
        assert_eq!(refusal.correlation_id(), Some("22222222-2222-2222-2222-222222222222"));
        assert_eq!(refusal.timestamp(), Some("2026-01-09 02:02:12Z"));
        assert_eq!(
            refusal.to_string(),
            "invalid_client: AADSTS7000215: Something. What to do: use the value of the client secret, not its ID, \
             and check that it belongs to this app. (correlation id 22222222-2222-2222-2222-222222222222, \
             trace id 11111111-1111-1111-1111-111111111111, timestamp 2026-01-09 02:02:12Z)"
        );
    }

    #[test]
    fn the_description_alone_gives_codes_and_identifiers() {
        let all: Map<String, Value> = serde_json::from_str(&body(65001)).expect("JSON");
        let description = all["error_description"].as_str().map(str::to_owned);
        let refusal = Refusal::new("consent_required".to_owned(), description);
        assert_eq!(refusal.code(), Some(65001));
        assert_eq!(refusal.correlation_id(), Some("22222222-2222-2222-2222-222222222222"));
        assert_eq!(refusal.trace_id(), Some("11111111-1111-1111-1111-111111111111"));
        assert_eq!(refusal.timestamp(), Some("2026-01-09 02:02:12Z"));
    }

    #[test]
    fn the_common_codes_say_what_to_do() {
        for code in [7000215, 700016, 65001, 50076, 90002, 1002012, 650053, 500011] {
            let refusal =
                Refusal::from_json(StatusCode::BAD_REQUEST, body(code).as_bytes()).expect("an error");
            assert!(refusal.to_string().contains("What to do: "), "{refusal}");
            assert!(refusal.advice().is_some_and(|advice| !advice.contains('\n')));
        }
    }

    #[test]
    fn hostile_bodies_are_no_errors_or_short_ones() {
        for body in ["", "null", "[]", "{}", r#"{"error":{"code":1}}"#, r#"{"error":7}"#, "<html>"] {
            assert_eq!(Refusal::from_json(StatusCode::BAD_REQUEST, body.as_bytes()), None, "{body}");
        }
        let long = format!(
            r#"{{"error":"x","error_description":"{}","error_codes":{:?}}}"#,
            "AADSTS1 y".repeat(20_000),
            (0..99).collect::<Vec<_>>()
        );
        let refusal = Refusal::from_json(StatusCode::BAD_REQUEST, long.as_bytes()).expect("an error");
        assert!(refusal.to_string().chars().count() < LIMIT + 200);
        assert_eq!(refusal.codes().len(), 16);
    }

    #[test]
    fn what_the_request_carried_is_not_repeated() {
        let refusal = Refusal::new("no".to_owned(), Some("your secret pa55word is wrong".to_owned()));
        assert_eq!(
            refusal.without(["pa55word"].into_iter()).description(),
            Some("your secret [redacted] is wrong")
        );
    }
}
