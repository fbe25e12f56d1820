//! `msgraph whoami`: who is signed in, by what, and with which permissions.

use std::io::Write;

use serde::Serialize;

use super::access::Means;
use super::args::{AccountArgs, Cloud};
use super::remembered::Folder;
use super::session::Session;
use super::token::Token;
use crate::exit::{Exit, Failure};
use crate::screen::{self, line};
use crate::service;

/// Everything that is said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(flatten)]
    token: Token,
    /// The option, variable or command that gave the token.
    source: &'static str,
    /// Where the sign-in of a user is kept.
    kept_in: Option<String>,
    cloud: Cloud,
    service: String,
}

/// Gets a token and says what is in it: lines on a terminal, JSON elsewhere.
pub fn run(args: &AccountArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let answer = service::run(args.debug, async {
        let session = Session::open(args).await?;
        let token = session.client.token().await.map_err(service::failure)?;
        let kept_in = match &session.access.by {
            Means::User { store, .. } => Some(store.describe(&Folder::find()?)),
            _ => None,
        };
        Ok(Answer {
            token: Token::of(&token),
            source: session.access.source,
            kept_in,
            cloud: session.access.cloud,
            service: session.client.base_url().to_string(),
        })
    })?;
    if screen::is_terminal() {
        answer.lines(out)?;
    } else {
        serde_json::to_writer(&mut *out, &answer)?;
        writeln!(out)?;
    }
    Ok(Exit::Success)
}

impl Answer {
    fn lines(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let token = &self.token;
        writeln!(out, "signed in:    {}", line(&token.who()))?;
        writeln!(out, "by:           {}", self.source)?;
        for (label, value) in [
            ("kept in:      ", &self.kept_in),
            ("tenant:       ", &token.tenant_id),
            ("app:          ", &token.app_name.clone().or(token.app_id.clone())),
            ("valid until:  ", &token.expires_on),
        ] {
            if let Some(value) = value {
                writeln!(out, "{label}{}", line(value))?;
            }
        }
        writeln!(out, "service:      {}", self.service)?;
        if token.identity.is_some() {
            let none = token.permissions.is_empty();
            let permissions = if none { "none".to_owned() } else { line(&token.permissions.join(", ")) };
            writeln!(out, "permissions:  {permissions}")?;
        }
        Ok(())
    }
}
