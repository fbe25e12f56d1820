//! `msgraph login`: signs a user or an app in, and remembers it for the other commands.

use std::sync::Arc;

use anyhow::anyhow;
use msgraph_runtime::TokenCredential;
use msgraph_runtime::auth::{BrowserSignIn, DeviceCodeSignIn, UserCredential};

use super::access::Variables;
use super::args::AccountArgs;
use super::logout::forget_token;
use super::remembered::{App, By, Folder, Login};
use super::session::{client, credential, key, registered, wrong};
use super::store::{FirstThatWorks, Preference, Store};
use super::token::Token;
use crate::exit::{Exit, Failure};
use crate::screen::{line, say};
use crate::service;

/// How to sign in.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// Sign in with a code on another device, not with this computer's browser
    #[arg(long)]
    device_code: bool,
    /// Print the address of the sign-in page, and open no browser
    #[arg(long, conflicts_with = "device_code")]
    no_browser: bool,
    /// Sign in for this permission; several times for several (default: all that the app is registered for)
    #[arg(long = "scope", value_name = "PERMISSION")]
    scopes: Vec<String>,
    /// The user who signs in, to save typing
    #[arg(long, value_name = "NAME", conflicts_with = "device_code")]
    login_hint: Option<String>,
    /// The redirect URI of the app registration, for sign-in with the browser
    #[arg(long, value_name = "URL", default_value = "http://localhost")]
    redirect_uri: String,
    /// Where the sign-in is kept
    #[arg(long, env = "GRAPH_TOKEN_STORE", hide_env_values = true, value_enum, default_value_t)]
    store: Preference,
    #[command(flatten)]
    account: AccountArgs,
}

/// Signs in. What there is to say goes to standard error.
pub fn run(args: &LoginArgs) -> Result<Exit, Failure> {
    let (folder, variables) = (Folder::find()?, Variables::of_process());
    let earlier = folder.load()?;
    service::run(args.account.debug, async {
        let login = match args.account.named() {
            Some((by, _)) => by_application(args, by, &variables, &folder).await?,
            None => by_user(args, &folder).await?,
        };
        folder.save(&login)?;
        if let Some(earlier) = earlier.filter(|earlier| is_elsewhere(earlier, &login)) {
            // The new sign-in stands, whatever becomes of the old one.
            let _ = forget_token(&earlier, &folder).await;
        }
        Ok(())
    })?;
    if let Some(variable) = variables.overriding() {
        say!("{variable} is set, and comes before this sign-in.");
    }
    Ok(Exit::Success)
}

/// Whether the refresh token of an earlier sign-in is not where the new one is. Apps in different clouds can share a
/// sign-in service, and so a place.
fn is_elsewhere(earlier: &Login, new: &Login) -> bool {
    let place = |login: &Login| match &login.by {
        By::User { store, .. } => registered(&login.app).and_then(|app| Ok((key(&app)?, *store))).ok(),
        _ => None,
    };
    place(earlier) != place(new)
}

async fn by_application(
    args: &LoginArgs,
    by: By,
    variables: &Variables,
    folder: &Folder,
) -> Result<Login, Failure> {
    let app = args.account.app(None, None)?;
    let credential = credential(&by.means(app.clone(), variables), folder).await?;
    let token = token(args, &app, credential).await?;
    say!("Signed in as {}. The file of its proof is remembered, not what is in it.", line(&token.who()));
    Ok(Login { app, base_url: args.account.base_url(None), by })
}

async fn by_user(args: &LoginArgs, folder: &Folder) -> Result<Login, Failure> {
    let app = args.account.app(None, Some("common"))?;
    let store = Arc::new(FirstThatWorks::new(folder.clone(), args.store));
    let builder = UserCredential::builder(registered(&app)?).scopes(args.scopes.iter().cloned());
    let builder = builder.cache(store.clone());
    let credential = if args.device_code {
        builder.device_code(DeviceCodeSignIn::new(|prompt| say!("{}", prompt.message)))
    } else {
        builder.browser(browser(args))
    };
    let token = token(args, &app, credential.map_err(wrong)?).await?;
    say!("Signed in as {}.", line(&token.who()));
    let kept = store.kept().transpose().map_err(|problem| {
        Failure::new(Exit::SignIn, anyhow!("the sign-in cannot be kept for other commands: {problem}"))
    })?;
    match &kept {
        None => say!(
            "There is no refresh token, so it lasts only as long as this command: add --scope offline_access."
        ),
        Some(kept) => {
            if let Some(problem) = &kept.problem {
                say!("There is no key store that can be used ({problem}).");
            }
            say!("The sign-in is kept in {}.", kept.store.describe(folder));
        }
    }
    let store = kept.map_or(Store::File, |kept| kept.store);
    let by = By::User { store, scopes: args.scopes.clone() };
    Ok(Login { app, base_url: args.account.base_url(None), by })
}

async fn token(
    args: &LoginArgs,
    app: &App,
    credential: impl TokenCredential + 'static,
) -> Result<Token, Failure> {
    let client = client(app.cloud, args.account.base_url(None).as_deref(), credential)?;
    Ok(Token::of(&client.token().await.map_err(service::failure)?))
}

fn browser(args: &LoginArgs) -> BrowserSignIn {
    let opens = !args.no_browser;
    let sign_in = BrowserSignIn::new().redirect_uri(&args.redirect_uri).open_with(move |url| {
        if opens {
            say!("Sign in with the browser; if none opens, the page is:\n{url}");
            open::that_detached(url.as_str())
        } else {
            say!("Open this page with a browser of this computer:\n{url}");
            Ok(())
        }
    });
    match &args.login_hint {
        Some(name) => sign_in.parameter("login_hint", name),
        // Somebody who signs in again may want another account.
        None => sign_in.parameter("prompt", "select_account"),
    }
}
