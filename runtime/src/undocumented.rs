//! What Graph, its storage hosts and those on the way to them answer that the documentation does not say, and what this
//! client makes of it.
//!
//! Each row was reported in public (repository#number) for some client, in some language, and was tried on this one in
//! November 2026; rows without a report were found by attacking it. The rule behind all of them: `Ok` means that the
//! service has said so in a form that can mean nothing else, and what was done is never told as not done.
//! [`Error::outcome`](crate::Error::outcome) says of every error what is known of the effect.
//!
//! # A success that is an error
//!
//! | what comes | reported | what it becomes |
//! |---|---|---|
//! | 200 with `{"error": {"code": "UnknownError", …}}` and nothing else | | [`Error::Graph`](crate::Error::Graph) with code and message; reads are tried again if the code is one that passes |
//! | `"error": null` beside other members, or a type that declares `error` | msgraph-sdk-java#2386 | the value |
//! | a page whose text ends in `{"error": {"code": "ApplicationThrottled", …}}` | msgraph-sdk-dotnet#1701, #2328 | tried again; then an error with that code |
//! | 200 whose JSON ends in the middle, its length being complete | msgraph-sdk-dotnet#1048 | tried again, as after a lost connection |
//! | 400 with `details` | msgraph-sdk-python#691 | [`GraphError::details`](crate::error::GraphError::details) |
//! | 200 with an HTML page and no `request-id`: a proxy, or a network's sign-in page | | [`Error::Decode`](crate::Error::Decode), also where no answer was expected |
//!
//! # Bodies that are not there, or come in other clothes
//!
//! | what comes | reported | what it becomes |
//! |---|---|---|
//! | `POST /teams`: 202 without a body, with `Location` | graph-rs-sdk#364, softeria#94 | an [`Effect`](crate::Effect) whose value is not given, with its location |
//! | 201, 202 or 204 without a body for something that was made or changed | msgraph-sdk-python#448, core#155773 | the same; `None` for updates |
//! | a byte order mark before JSON | microsoft-graph-docs#679 | it is skipped |
//! | control characters, or bytes that are no UTF-8, in a string of a page | | the page, with what was [repaired](crate::json::repairs); a [strict](crate::GraphClientBuilder::strict) client refuses it |
//! | the body of a batch's part as a string with JSON in it, or as Base64 | msgraph-sdk-php-core#103, docs#4754 | the JSON |
//! | a photo in a batch, labelled as JSON | docs-contrib#4098, msgraph-sdk-dotnet#728 | its bytes |
//! | identifiers of parts as numbers, their status as a string | | matched |
//! | a batch whose answer breaks off | | the parts that were answered; of the others the outcome is unknown |
//!
//! # Uploads and downloads
//!
//! | what comes | reported | what it becomes |
//! |---|---|---|
//! | 200 `{}`, or 202 without ranges, for a slice | onedrive-api-docs#14, #41 | the session is asked what it misses |
//! | `nextExpectedRanges: []` while bytes were never sent | onedrive-api-docs#71 | not finished: an error with the session, to go on with |
//! | the item's JSON in the middle of the file | inbox-zero#3256 | an item counts after the last byte, and with the file's size |
//! | the last slice answered without an `id` | core#146605 | the item is looked at |
//! | the first slice: 404 in a session that is new | abraunegg/onedrive#3859, rclone#9767 | begin a new session, which a second `send` does |
//! | `Retry-After` of an hour or a year | | no wait is longer than the policy's total |
//!
//! # Operations that take long
//!
//! | what comes | reported | what it becomes |
//! |---|---|---|
//! | HTML, `{}` or `{"status": null}` from the monitor | | asked again with the policy's patience, then an error: never a success |
//! | `completedWithErrors` and other ends that the metadata names | | ended, told as it is |
//! | 303 to an item on another host, where the token is refused | onedrive-api-docs#545, #762 | the item is read through Graph |
//! | the operation 404 at first, or the team right after its success | msgraph-sdk-java#2575, terraform-provider-azuread#1802 | a bounded wait; for other reads [`retry_not_found`](crate::Request::retry_not_found) |
//! | `Retry-After: 0` | | a second at least between two questions |
//!
//! # Links, changes, tokens
//!
//! | what comes | reported | what it becomes |
//! |---|---|---|
//! | a token for changes: 410 with `Location` on another host, 400 `SyncStateInvalid`, 404 `SyncStateNotFound` | onedrive-api-docs#249, abraunegg/onedrive#1175 | [`Change::Resync`](crate::Change::Resync), then all anew |
//! | a relative `@odata.nextLink` or `@odata.deltaLink` | | resolved against its page, then held to the own host |
//! | an empty page whose next link is the request itself | msgraph-sdk-javascript#1656, docs#4897 | the end; with items it is an error |
//! | 307 or 308 for a change, with `Location` on the own host | onedrive-api-docs#1895, docs#8326 | sent again there |
//! | a redirect whose `Location` has raw UTF-8 or Latin-1 | | followed |
//! | 401 whose `WWW-Authenticate` has values without quotation marks | msgraph-sdk-dotnet#1416 | read as Entra ID writes it: one new token with the claims |
//! | 429 for one mailbox | | only calls for that mailbox wait |
