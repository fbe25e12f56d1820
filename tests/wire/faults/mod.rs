//! Every fault that a network and a service can have, against every kind of request, over HTTP/1.1 and HTTP/2 with
//! TLS: every item comes exactly once, every upload is the same byte by byte, nothing that must not be is done
//! twice, and no token goes to another host.

mod server;
mod service;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use hyper::Method;
use msgraph::GraphClient;
use msgraph::models::drive_item::CreateUploadSessionParameters;
use msgraph::models::{DriveItem, Event, User};
use msgraph::runtime::{
    self, Download, Error, GraphClientBuilder, HyperTransport, ReqwestTransport, RetryPolicy, StaticToken,
    Upload,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use server::{Fault, Host, Seen, World};
use service::{ITEMS, content};

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Get,
    Pages,
    Post,
    Patch,
    Delete,
    Batch,
    Upload,
    Download,
}

const KINDS: [Kind; 8] = [
    Kind::Get,
    Kind::Pages,
    Kind::Post,
    Kind::Patch,
    Kind::Delete,
    Kind::Batch,
    Kind::Upload,
    Kind::Download,
];

impl Kind {
    /// Whether a request of this kind succeeds in spite of a fault.
    fn survives(self, fault: Fault) -> bool {
        match self {
            Self::Get | Self::Pages => true,
            // It is longer than it is said to be, or shorter: only the service can know.
            Self::Download => fault != Fault::LengthTooLong,
            // A redirect of what is not safe is not followed.
            Self::Upload => fault != Fault::RedirectElsewhere,
            // That there is no body says that it was done, and there is none that could break off.
            Self::Post | Self::Patch if fault == Fault::Empty => true,
            Self::Delete if matches!(fault, Fault::Empty | Fault::Truncated) => true,
            Self::Post | Self::Patch | Self::Delete | Self::Batch => fault.is_harmless(),
        }
    }

    /// Whether a fault can happen to requests of this kind.
    fn meets(self, fault: Fault) -> bool {
        match fault {
            Fault::WithoutProof => self == Self::Upload,
            _ => self != Self::Download || !fault.is_of_json(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_doubles_anything_over_http_1() {
    matrix("http/1.1", Tls::hyper).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_doubles_anything_over_http_2() {
    matrix("h2", Tls::hyper).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_doubles_anything_over_reqwest() {
    matrix("h2", Tls::reqwest).await;
}

/// Gives a client a transport that trusts the server.
type SetTransport = fn(&Tls, GraphClientBuilder) -> GraphClientBuilder;

async fn matrix(protocol: &'static str, transport: SetTransport) {
    let tls = Tls::new(protocol);
    let cells = Fault::ALL.into_iter().flat_map(|fault| KINDS.map(|kind| (fault, kind)));
    let cells = cells.filter(|(fault, kind)| kind.meets(*fault));
    let results = futures_util::stream::iter(cells).map(|(fault, kind)| {
        let tls = &tls;
        async move {
            cell(fault, kind, tls, transport)
                .await
                .map_err(|problem| format!("{fault:?} × {kind:?}: {problem}"))
        }
    });
    let problems: Vec<String> =
        results.buffer_unordered(16).filter_map(|result| async { result.err() }).collect().await;
    assert!(problems.is_empty(), "over {protocol}:\n{}", problems.join("\n"));
}

/// One fault against one kind of request; what is wrong with the outcome.
async fn cell(fault: Fault, kind: Kind, tls: &Tls, transport: SetTransport) -> Result<(), String> {
    let world = World::start(fault, tls.server.clone()).await;
    let client = client(&world, |builder| transport(tls, builder));
    let result = tokio::time::timeout(Duration::from_secs(60), run(kind, &client, &world)).await;
    match result.map_err(|_| "it hangs")? {
        Err(Outcome::Failed(error)) if kind.survives(fault) => return Err(format!("it failed: {error}")),
        Err(Outcome::Wrong(problem)) => return Err(problem),
        _ => {}
    }
    if let Some((what, times)) = world.done().iter().find(|(_, times)| **times > 1) {
        return Err(format!("{what} was done {times} times"));
    }
    let seen = world.seen();
    if seen.iter().all(|seen| seen.fault.is_none()) {
        return Err("the fault did not occur".to_owned());
    }
    if let Some(seen) = seen.iter().find(|seen| seen.has_token != (seen.host == Host::Graph)) {
        return Err(format!("a token is where it should not be, or is not where it should: {seen:?}"));
    }
    // A batch of reads is sent with POST and may well be sent again.
    let counts = |seen: &&Seen| seen.host == Host::Graph && !seen.method.is_safe() && !seen.was_refused();
    if kind != Kind::Batch && seen.iter().filter(counts).count() > 1 {
        return Err(format!("what is not safe was sent more than once: {seen:?}"));
    }
    if seen.iter().any(|seen| seen.host == Host::Elsewhere && seen.method != Method::GET) {
        return Err("what is not safe was led elsewhere".to_owned());
    }
    Ok(())
}

/// How a request did not succeed.
enum Outcome {
    /// It says so.
    Failed(Error),
    /// It says something else.
    Wrong(String),
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn expect(right: bool, problem: impl FnOnce() -> String) -> Result<(), Outcome> {
    if right { Ok(()) } else { Err(Outcome::Wrong(problem())) }
}

async fn run(kind: Kind, client: &GraphClient, world: &World) -> Result<(), Outcome> {
    match kind {
        Kind::Get => {
            let user = client.me().get().await?;
            expect(user.id.as_deref() == Some("me"), || format!("{user:?}"))
        }
        Kind::Pages => {
            let items: Vec<_> = client.me().messages().list().stream().try_collect().await?;
            let ids: Vec<String> = items.into_iter().filter_map(|item| item.id).collect();
            let all: Vec<String> = (0..ITEMS).map(|id| id.to_string()).collect();
            expect(ids == all, || format!("{ids:?}"))
        }
        Kind::Post => {
            client.me().events().create(&Event::default()).await?;
            expect_done(world, "POST /me/events")
        }
        Kind::Patch => {
            client.me().update(&User::default()).await?;
            expect_done(world, "PATCH /me")
        }
        Kind::Delete => {
            client.me().messages().by_id("1").delete().await?;
            expect_done(world, "DELETE /me/messages/1")
        }
        Kind::Batch => batch(client, world).await,
        Kind::Upload => upload(client, world).await,
        Kind::Download => download(client).await,
    }
}

fn expect_done(world: &World, what: &str) -> Result<(), Outcome> {
    expect(world.done().get(what) == Some(&1), || format!("it succeeded, but {:?}", world.done()))
}

/// Twenty reads in a call of their own, and twenty that write in another: the reads succeed whatever happens.
async fn batch(client: &GraphClient, world: &World) -> Result<(), Outcome> {
    let mut batch = client.batch();
    let user = |at: usize| client.users().by_id(&at.to_string());
    let reads: Vec<_> = (0..20).map(|at| batch.add(user(at).get())).collect();
    let writes: Vec<_> = (20..40).map(|at| batch.add(user(at).events().create(&Event::default()))).collect();
    let mut answers = batch.send().await?;
    for (at, read) in reads.into_iter().enumerate() {
        match answers.take(read) {
            Ok(user) => expect(user.id == Some(format!("/users/{at}")), || format!("{user:?}"))?,
            Err(error) if world.fault == Fault::RedirectElsewhere => return Err(error.into()),
            Err(error) => return Err(Outcome::Wrong(format!("a read failed: {error}"))),
        }
    }
    for (at, write) in writes.into_iter().enumerate() {
        answers.take(write)?;
        expect_done(world, &format!("POST /users/{}/events", at + 20))?;
    }
    Ok(())
}

async fn upload(client: &GraphClient, world: &World) -> Result<(), Outcome> {
    let item = client.drives().by_id("d").items().by_id("i");
    let request = item.create_upload_session(&CreateUploadSessionParameters::default());
    let mut upload = Upload::from_bytes(request, content()).slice_size(runtime::upload::SLICE_UNIT);
    let item = upload.send::<DriveItem>().await?;
    // The status says that it is there, also where the item is not given.
    let id = item.value().and_then(|item| item.id.as_deref());
    expect(id == Some("item") || (id.is_none() && world.fault.is_of_json()), || format!("{item:?}"))?;
    expect(world.uploaded() == content(), || format!("{} other bytes arrived", world.uploaded().len()))
}

async fn download(client: &GraphClient) -> Result<(), Outcome> {
    let request = client.drives().by_id("d").items().by_id("i").get_content();
    let mut received = Vec::new();
    Download::new(request).write_to(&mut received).await?;
    expect(received == content(), || format!("{} other bytes arrived", received.len()))
}

/// A certificate for this machine, and who trusts it.
pub struct Tls {
    pub certificate: CertificateDer<'static>,
    pub server: Arc<ServerConfig>,
    client: ClientConfig,
}

impl Tls {
    pub fn new(protocol: &str) -> Self {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = CertificateDer::from(issued.cert);
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider);
        let server =
            server.with_safe_default_protocol_versions().expect("ring knows them").with_no_client_auth();
        let mut server = server.with_single_cert(vec![certificate.clone()], key).expect("they match");
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("a root");
        let mut client = Self::trusting(roots);
        server.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        client.alpn_protocols = server.alpn_protocols.clone();
        Self { certificate, server: Arc::new(server), client }
    }

    /// The settings of a client that trusts these and nobody else.
    pub fn trusting(roots: RootCertStore) -> ClientConfig {
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let client = client.with_safe_default_protocol_versions().expect("ring knows them");
        client.with_root_certificates(roots).with_no_client_auth()
    }

    fn hyper(&self, builder: GraphClientBuilder) -> GraphClientBuilder {
        let transport = HyperTransport::builder().tls(self.client.clone()).no_proxy().build();
        builder.transport(transport.expect("nothing is wrong with it"))
    }

    fn reqwest(&self, builder: GraphClientBuilder) -> GraphClientBuilder {
        let http = reqwest::Client::builder().tls_backend_preconfigured(self.client.clone());
        let http = http.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never()).no_proxy();
        builder.transport(ReqwestTransport::from_client(http.build().expect("a client")))
    }
}

fn client(
    world: &World,
    set_transport: impl FnOnce(GraphClientBuilder) -> GraphClientBuilder,
) -> GraphClient {
    let (first, longest) = (Duration::from_millis(5), Duration::from_millis(50));
    let builder = runtime::GraphClient::builder()
        .base_url(&(world.url(Host::Graph) + "/v1.0"))
        .credential(StaticToken::new("the-token"))
        .retry(RetryPolicy::default().exponential(first, longest))
        .try_timeout(world.fault.patience());
    set_transport(builder).build().expect("the settings are complete").into()
}
