//! Requests by method and path, for what the typed requests do not have: the same pipeline, tokens, retries and errors.

use http::Method;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::body::Body;
use crate::client::GraphClient;
use crate::json::{self, Value};
use crate::multipart::Multipart;
use crate::request::{Draft, Request};
use crate::response::Answer;

impl GraphClient {
    /// A request to a path below the service's root, or to a URL.
    ///
    /// The path begins behind the version and may have a query: `/me/messages?$top=5`. What it holds from outside must
    /// be percent-encoded; one that leads out of the root is an error. A URL on another host must be
    /// [allowed](Request::allow_other_host), and gets no token.
    ///
    /// ```
    /// use http::Method;
    /// use msgraph_runtime::{Error, GraphClient};
    ///
    /// async fn teams(client: &GraphClient) -> Result<serde_json::Value, Error> {
    ///     let answer = client.request(Method::GET, "/me/joinedTeams").query("$select", "id").beta().await?;
    ///     println!("{}, {:?}", answer.status(), answer.header("request-id"));
    ///     answer.json()
    /// }
    /// ```
    pub fn request(&self, method: Method, path_or_url: &str) -> Request<Answer> {
        Request::new(Draft::raw(self.clone(), method, path_or_url))
    }
}

/// What a request by method and path has beyond others.
impl Request<Answer> {
    /// Asks v1.0 of the service, whatever version the client's root has.
    pub fn v1(self) -> Self {
        self.with(|draft| draft.version("v1.0"))
    }

    /// Asks the service's beta, whatever version the client's root has.
    pub fn beta(self) -> Self {
        self.with(|draft| draft.version("beta"))
    }

    /// Lets the request go to a host that is not the client's, over TLS. It gets all headers and the body that are set
    /// here, but no token.
    pub fn allow_other_host(self) -> Self {
        self.with(Draft::allow_other_host)
    }

    /// Sends a model as JSON.
    pub fn model(self, value: &impl Value) -> Self {
        let json = json::to_vec(value);
        self.with(|draft| draft.content("application/json", Body::from(json)))
    }

    /// Sends a value as JSON: a [`serde_json::Value`], or whatever serializes.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        let json = serde_json::to_vec(value);
        self.with(|draft| match json {
            Ok(json) => draft.content("application/json", Body::from(json)),
            Err(error) => draft.problem(format!("its body cannot be written as JSON: {error}")),
        })
    }

    /// Sends bytes, of type `application/octet-stream` unless a header says otherwise.
    pub fn bytes(self, body: impl Into<Body>) -> Self {
        let body = body.into();
        self.with(|draft| draft.content("application/octet-stream", body))
    }

    /// Sends names and values as a form (`application/x-www-form-urlencoded`).
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.with(|draft| draft.content("application/x-www-form-urlencoded", Body::from(form)))
    }

    /// Sends several parts, such as the page and the pictures of a note.
    pub fn multipart(self, parts: Multipart) -> Self {
        self.with(|draft| {
            let network = draft.client().network();
            let boundary =
                format!("{:016x}{:016x}", network.randomness().next(), network.randomness().next());
            match parts.into_body(&boundary) {
                Ok(body) => {
                    draft.remove_header(&CONTENT_TYPE);
                    draft.content(&format!("multipart/form-data; boundary={boundary}"), body);
                }
                Err(problem) => draft.problem(problem),
            }
        })
    }

    /// The request with an answer of a type: a model, a page of them, which can then be streamed, or
    /// [`Content`](crate::Content), which is not read into memory.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use http::Method;
    /// use msgraph_runtime::{Error, GraphClient, Page, edm::Json};
    ///
    /// async fn all(client: &GraphClient) -> Result<Vec<Json>, Error> {
    ///     client.request(Method::GET, "/solutions").beta().typed::<Page<Json>>().stream().try_collect().await
    /// }
    /// ```
    pub fn typed<T>(self) -> Request<T> {
        Request::new(self.into_draft())
    }

    fn with(self, change: impl FnOnce(&mut Draft)) -> Self {
        let mut draft = self.into_draft();
        change(&mut draft);
        Self::new(draft)
    }
}
