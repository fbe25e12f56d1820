//! Sign-in on another device with a code
//! ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use oauth2::{
    DeviceAuthorizationResponse, DeviceAuthorizationUrl, DeviceCodeErrorResponseType,
    ExtraDeviceAuthorizationFields, RequestTokenError, Scope,
};
use serde::{Deserialize, Serialize};

use super::error::AuthError;
use super::exchange::{Exchange, Granted};
use super::refusal::Refusal;
use super::user::SignIn;

/// The longest that a code is waited for, whatever the service says.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// What the user must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCodePrompt {
    /// The page to open, on any device.
    pub verification_uri: String,
    /// The code to enter there.
    pub user_code: String,
    /// The page with the code in it, if the service has one: for a QR code.
    pub verification_uri_complete: Option<String>,
    /// A sentence that says all of it.
    pub message: String,
    /// How long the code can be entered.
    pub expires_in: Duration,
}

/// Signs a user in with a code that is entered on another device.
#[derive(Clone)]
pub struct DeviceCodeSignIn(Arc<dyn Fn(&DeviceCodePrompt) + Send + Sync>);

impl DeviceCodeSignIn {
    /// Hands what the user must be told to a function.
    pub fn new(tell: impl Fn(&DeviceCodePrompt) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Prints what the user must be told to standard error.
    pub fn printing() -> Self {
        Self::new(|prompt| eprintln!("{}", prompt.message))
    }
}

/// The sentence that Entra ID adds to the answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    message: Option<String>,
}

impl ExtraDeviceAuthorizationFields for Extra {}

impl SignIn for DeviceCodeSignIn {
    fn sign_in<'a>(
        &'a self,
        exchange: &'a Exchange<'a>,
        scopes: &'a [String],
    ) -> BoxFuture<'a, Result<Granted, AuthError>> {
        Box::pin(async move {
            let answer = start(exchange, scopes).await?;
            (self.0)(&prompt(&answer));
            poll(exchange, &answer).await
        })
    }
}

/// Section 3.1: asks for a code.
async fn start(
    exchange: &Exchange<'_>,
    scopes: &[String],
) -> Result<DeviceAuthorizationResponse<Extra>, AuthError> {
    let url = &exchange.endpoints.device_code;
    let client =
        exchange.client().set_device_authorization_url(DeviceAuthorizationUrl::from_url(url.clone()));
    let mut request = client.exchange_device_code().add_scopes(scopes.iter().cloned().map(Scope::new));
    for (name, value) in exchange.extra() {
        request = request.add_extra_param(name, value);
    }
    request.request_async(&exchange.wire).await.map_err(|error| exchange.wire.error(url, error))
}

fn prompt(answer: &DeviceAuthorizationResponse<Extra>) -> DeviceCodePrompt {
    let (uri, code) = (answer.verification_uri().to_string(), answer.user_code().secret().clone());
    let message = match &answer.extra_fields().message {
        Some(message) => message.clone(),
        None => format!("To sign in, open {uri} in a browser and enter the code {code}."),
    };
    DeviceCodePrompt {
        verification_uri: uri,
        user_code: code,
        verification_uri_complete: answer.verification_uri_complete().map(|uri| uri.secret().clone()),
        message,
        expires_in: answer.expires_in(),
    }
}

/// Section 3.4: asks until the user has signed in or declined, or the code has expired. The `oauth2` crate
/// keeps the interval and slows down when told to.
async fn poll(
    exchange: &Exchange<'_>,
    answer: &DeviceAuthorizationResponse<Extra>,
) -> Result<Granted, AuthError> {
    let network = exchange.network;
    let client = exchange.client();
    let mut request = client
        .exchange_device_access_token(answer)
        .set_time_fn(move || SystemTime::from(network.clock().now()).into())
        .add_extra_param("client_info", "1");
    for (name, value) in exchange.extra() {
        request = request.add_extra_param(name, value);
    }
    // A service that says "no interval" or "a year" is not taken at its word.
    let sleep = move |interval: Duration| {
        network.clock().sleep(interval.clamp(Duration::from_secs(1), Duration::from_secs(300)))
    };
    let longest = answer.expires_in().min(LONGEST);
    let issued = network.clock().now();
    match request.request_async(&exchange.wire, sleep, Some(longest)).await {
        // Found by the clock here, while the service's last word was that it is pending.
        Err(RequestTokenError::ServerResponse(error))
            if *error.error() == DeviceCodeErrorResponseType::ExpiredToken =>
        {
            let kept =
                exchange.wire.error(&exchange.endpoints.token, RequestTokenError::ServerResponse(error));
            Err(match kept {
                AuthError::Refused(refusal) if refusal.error() == "expired_token" => {
                    AuthError::Refused(refusal)
                }
                _ => AuthError::Refused(Refusal::new("expired_token".to_owned(), None).into()),
            })
        }
        answer => exchange.granted(answer, issued.max(network.clock().now())),
    }
}

impl fmt::Debug for DeviceCodeSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCodeSignIn")
    }
}
