//! Arguments to a request.

use std::time::Duration;

use msgraph_runtime::{Answer, GraphClient, Request, RetryPolicy};

use super::args::{Backoff, QueryArgs, RequestArgs, RetryArgs};
use super::body::{self, Content};

/// The longest wait between two tries, unless the first is longer.
const LONGEST: Duration = Duration::from_secs(30);

/// The media type that a header gives.
pub fn media_type(headers: &[(String, String)]) -> Option<&str> {
    let header = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    header.map(|(_, value)| value.as_str())
}

/// The request that the arguments describe.
pub fn request(client: &GraphClient, args: &RequestArgs, content: Content) -> Request<Answer> {
    let mut request = client.request(args.method.clone(), &args.path).retry(policy(&args.retry));
    if args.beta {
        request = request.beta();
    }
    if let Some(limit) = args.retry.timeout {
        request = request.timeout(limit);
    }
    if args.account.debug {
        request = request.debug();
    }
    request = query(request, &args.query);
    for (name, value) in &args.headers {
        request = request.header(name, value);
    }
    body::add(content, request, media_type(&args.headers).is_some())
}

fn query(mut request: Request<Answer>, args: &QueryArgs) -> Request<Answer> {
    for (name, value) in &args.others {
        request = request.query(name, value);
    }
    if !args.select.is_empty() {
        request = request.select(args.select.as_slice());
    }
    if !args.expand.is_empty() {
        request = request.expand(args.expand.as_slice());
    }
    if let Some(condition) = &args.filter {
        request = request.filter(condition);
    }
    if !args.orderby.is_empty() {
        request = request.order_by(args.orderby.as_slice());
    }
    if let Some(terms) = &args.search {
        request = request.search(terms);
    }
    if let Some(count) = args.top {
        request = request.top(count);
    }
    if let Some(count) = args.skip {
        request = request.skip(count);
    }
    if args.count { request.count() } else { request }
}

fn policy(args: &RetryArgs) -> RetryPolicy {
    let policy = RetryPolicy::default().max_tries(args.max_retries.saturating_add(1));
    let policy = match args.backoff {
        Backoff::Fixed => policy.fixed(args.retry_delay),
        Backoff::Exponential => policy.exponential(args.retry_delay, LONGEST.max(args.retry_delay)),
    };
    if args.retry_all_errors { policy.all_errors() } else { policy }
}
