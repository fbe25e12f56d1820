//! `msgraph request METHOD PATH`: one call of the service, or all pages of a collection.
//!
//! Arguments become a request ([`build`], [`body`]); its answer is written as it came, or for people ([`output`],
//! [`json`]), while those who watch see how far it is ([`progress`]).

mod args;
mod body;
mod build;
mod deliver;
mod json;
mod output;
mod pages;
mod progress;

use std::io::Write;

pub use args::RequestArgs;

use crate::account::Session;
use crate::exit::{Exit, Failure};
use crate::service;
use output::Output;

/// Sends the request and writes its answer.
pub fn run(args: &RequestArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    // Whatever is wrong here is found before anybody is asked to sign in.
    let body = body::read(&args.body, build::media_type(&args.headers))?;
    let mut output = Output::open(args.answer.output.as_deref(), out)?;
    service::run(args.account.debug, async {
        let session = Session::open(&args.account).await?;
        let request = build::request(&session.client, args, body);
        let is_file = output.is_file();
        let work = async {
            if args.answer.all_pages {
                pages::write(request, &mut output).await
            } else {
                deliver::write(request, args, &mut output).await
            }
        };
        // Only a file has something beside it to be removed; elsewhere the system ends the command.
        if is_file { service::until_terminated(work).await } else { work.await }
    })?;
    output.finish()?;
    Ok(Exit::Success)
}
