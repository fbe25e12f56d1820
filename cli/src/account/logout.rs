//! `msgraph logout`: forgets what `msgraph login` has kept.

use anyhow::anyhow;

use super::access::Variables;
use super::remembered::{By, Folder, Login};
use super::session::{key, registered};
use crate::exit::{Exit, Failure};
use crate::screen::say;
use crate::service;

/// Removes the refresh token and what is remembered of the sign-in.
pub fn run() -> Result<Exit, Failure> {
    let folder = Folder::find()?;
    match folder.load()? {
        None => say!("Nobody was signed in."),
        Some(login) => {
            service::run(false, forget_token(&login, &folder))?;
            folder.forget()?;
            say!("Signed out. Access tokens that were given out stay good until they expire.");
        }
    }
    if let Some(variable) = Variables::of_process().overriding() {
        say!("{variable} is set, so that other commands still sign in by it.");
    }
    Ok(Exit::Success)
}

/// Removes the refresh token of a sign-in, if it has one.
pub async fn forget_token(login: &Login, folder: &Folder) -> Result<(), Failure> {
    let By::User { store, .. } = &login.by else { return Ok(()) };
    let key = key(&registered(&login.app)?)?;
    let removed = store.open(folder).remove(&key).await;
    removed.map_err(|error| Failure::new(Exit::Failure, anyhow!("the sign-in cannot be forgotten: {error}")))
}
