//! The arguments of `msgraph request`.

use std::path::PathBuf;
use std::time::Duration;

use http::Method;

use crate::account::AccountArgs;

/// What is sent, and what becomes of the answer.
#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// HTTP method
    #[arg(value_parser = method)]
    pub method: Method,
    /// Path below the version, such as /me/messages, or a URL of the service
    pub path: String,
    /// Ask the beta version of the service
    #[arg(long)]
    pub beta: bool,
    /// Send a header; several times for several
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,
    #[command(flatten)]
    pub query: QueryArgs,
    #[command(flatten)]
    pub body: BodyArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
    #[command(flatten)]
    pub retry: RetryArgs,
    #[command(flatten)]
    pub account: AccountArgs,
}

/// The query of the URL.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Query options")]
pub struct QueryArgs {
    /// Add any option; several times for several
    #[arg(long = "query", value_name = "NAME=VALUE", value_parser = pair)]
    pub others: Vec<(String, String)>,
    /// Ask for these properties only ($select)
    #[arg(long, value_name = "NAMES")]
    pub select: Vec<String>,
    /// Include related values ($expand)
    #[arg(long, value_name = "NAMES")]
    pub expand: Vec<String>,
    /// Ask for what satisfies a condition ($filter)
    #[arg(long, value_name = "CONDITION")]
    pub filter: Option<String>,
    /// Order ($orderby)
    #[arg(long, value_name = "NAMES")]
    pub orderby: Vec<String>,
    /// Search ($search), such as '"displayName:adele"'
    #[arg(long, value_name = "TERMS")]
    pub search: Option<String>,
    /// Ask for at most so many items at a time ($top)
    #[arg(long, value_name = "NUMBER")]
    pub top: Option<u32>,
    /// Leave out so many items ($skip)
    #[arg(long, value_name = "NUMBER")]
    pub skip: Option<u32>,
    /// Ask for the number of all items ($count)
    #[arg(long)]
    pub count: bool,
}

/// The body.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Body")]
pub struct BodyArgs {
    /// Send this text: JSON, unless a header gives another Content-Type
    #[arg(short, long, value_name = "TEXT", conflicts_with_all = ["data_file", "form", "file"])]
    pub data: Option<String>,
    /// Send a file, or standard input for -; its name tells the Content-Type, unless a header does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["form", "file"])]
    pub data_file: Option<PathBuf>,
    /// Send a field of a form; several times for several
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub form: Vec<(String, String)>,
    /// Send a file in a form of several parts; several times for several
    #[arg(long, value_name = "NAME=@FILE[;type=TYPE]", value_parser = file)]
    pub file: Vec<FilePart>,
}

/// A file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    pub name: String,
    pub path: PathBuf,
    pub media_type: Option<String>,
}

/// What becomes of the answer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Answer")]
pub struct AnswerArgs {
    /// What the answer must be (default: whatever it says that it is)
    #[arg(long, value_enum, value_name = "KIND")]
    pub response: Option<Kind>,
    /// Write the answer to a file, which is there only when the answer is complete
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fetch all pages of a collection, and write them as one
    #[arg(long, conflicts_with = "response")]
    pub all_pages: bool,
}

/// Kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// JSON; anything else is an error
    Json,
    /// Text, shown as it is
    Text,
    /// Bytes, written as they come
    Binary,
}

/// How long it may take, and when it is sent again.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Time and further tries")]
pub struct RetryArgs {
    /// How long the whole call may take, with all tries (default: no limit)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// How often a call that failed is sent again at most, if that cannot do anything twice
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub max_retries: u32,
    /// How long to wait before the second try, if the service does not say
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.5")]
    pub retry_delay: Duration,
    /// Whether the waits grow
    #[arg(long, value_enum, default_value_t)]
    pub backoff: Backoff,
    /// Send again after every error, also what may then be done twice
    #[arg(long)]
    pub retry_all_errors: bool,
}

/// How the waits between tries grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Backoff {
    /// All waits are equally long
    Fixed,
    /// Each wait is drawn from twice the range of the one before
    #[default]
    Exponential,
}

fn method(text: &str) -> Result<Method, String> {
    let upper = text.to_ascii_uppercase();
    let known = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    match Method::from_bytes(upper.as_bytes()) {
        Ok(method) if known.contains(&upper.as_str()) => Ok(method),
        _ => Err(format!("it is none of {}", known.join(", "))),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').filter(|(name, _)| !name.is_empty()).ok_or("write NAME:VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn file(text: &str) -> Result<FilePart, String> {
    let (name, rest) = pair(text).map_err(|_| "write NAME=@FILE")?;
    let rest = rest.strip_prefix('@').ok_or("write NAME=@FILE, with the @")?;
    let (path, media_type) = match rest.split_once(";type=") {
        Some((path, media_type)) => (path, Some(media_type.to_owned())),
        None => (rest, None),
    };
    if path.is_empty() {
        return Err("write NAME=@FILE".to_owned());
    }
    Ok(FilePart { name, path: path.into(), media_type })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "write a number of seconds, such as 30 or 0.5")?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_the_separator() {
        assert_eq!(pair("$filter=a eq 'b=c'"), Ok(("$filter".to_owned(), "a eq 'b=c'".to_owned())));
        assert_eq!(header("Prefer: a:b "), Ok(("Prefer".to_owned(), "a:b".to_owned())));
        for wrong in ["", "=value", "name"] {
            assert!(pair(wrong).is_err() && header(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_needs_its_at_sign_and_may_have_a_type() {
        let part = file("photo=@a;b.png;type=image/png").expect("right");
        let expected = FilePart {
            name: "photo".to_owned(),
            path: "a;b.png".into(),
            media_type: Some("image/png".to_owned()),
        };
        assert_eq!(part, expected);
        for wrong in ["photo=a.png", "photo=@", "@a.png", "photo"] {
            assert!(file(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_of_time_are_numbers_that_are_not_negative() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["-1", "NaN", "inf", "1e300", "5s", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
