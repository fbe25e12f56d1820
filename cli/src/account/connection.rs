//! `msgraph test`: whether a token can be had, what it is good for, and whether the service takes it.

use std::io::Write;

use msgraph_runtime::auth::{ConnectionReport, ConnectionStep};
use serde::Serialize;

use super::args::AccountArgs;
use super::session::Session;
use super::token::Token;
use crate::exit::{Exit, Failure};
use crate::screen::{self, line};
use crate::service;

/// What was found, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    works: bool,
    source: &'static str,
    #[serde(flatten)]
    token: Token,
    /// The name that the service answered with.
    display_name: Option<&'a str>,
    /// `token` or `call`.
    failed_step: Option<&'static str>,
    problem: Option<String>,
}

/// Tests the connection: lines on a terminal, JSON elsewhere. The exit code says what failed.
pub fn run(args: &AccountArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (mut report, source) = service::run(args.debug, async {
        let session = Session::open(args).await?;
        Ok((session.client.test_connection().await, session.access.source))
    })?;
    if screen::is_terminal() {
        in_lines(&mut report);
        writeln!(out, "tokens come from: {source}\n{report}")?;
        if let Some(advice) = advice(&report) {
            writeln!(out, "{advice}")?;
        }
    } else {
        serde_json::to_writer(&mut *out, &Found::new(&report, source))?;
        writeln!(out)?;
    }
    Ok(report.failure.as_ref().map_or(Exit::Success, |(_, error)| service::exit(error)))
}

/// The report with no line breaks in what others have named.
fn in_lines(report: &mut ConnectionReport) {
    report.display_name = report.display_name.as_deref().map(line);
    if let Some(claims) = &mut report.claims {
        for text in [&mut claims.user_name, &mut claims.tenant_id, &mut claims.app_id, &mut claims.app_name] {
            *text = text.as_deref().map(line);
        }
        claims.permissions.iter_mut().for_each(|name| *name = line(name));
    }
}

/// What a refusal of the call means.
fn advice(report: &ConnectionReport) -> Option<&'static str> {
    let (step, error) = report.failure.as_ref()?;
    let refused = *step == ConnectionStep::Call && error.status().is_some_and(|status| status == 403);
    refused.then_some(
        "the service knows the token, but the permissions in it do not allow this one call: with `msgraph request` try one that they do allow",
    )
}

impl<'a> Found<'a> {
    fn new(report: &'a ConnectionReport, source: &'static str) -> Self {
        let step = |step: ConnectionStep| match step {
            ConnectionStep::Token => "token",
            _ => "call",
        };
        Self {
            works: report.is_success(),
            source,
            token: report.claims.clone().map_or_else(Token::default, |claims| Token::default().with(claims)),
            display_name: report.display_name.as_deref(),
            failed_step: report.failure.as_ref().map(|(failed, _)| step(*failed)),
            problem: report.failure.as_ref().map(|(_, error)| error.to_string()),
        }
    }
}
