//! A person with a browser: follows links, keeps cookies, fills in the provider's forms.

use std::collections::BTreeMap;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use url::{Url, form_urlencoded};

use super::{Page, fetch};

#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Opens a page and follows redirects, up to one that leads away from the host: to the program that waits.
    pub async fn open(&mut self, url: &Url) -> Result<Url, String> {
        let page = self.send(url, None).await;
        self.follow(url.clone(), page).await
    }

    /// Enters a device code on its page, or declines there.
    pub async fn enter(&mut self, page: &Url, accept: bool) -> Result<Url, String> {
        let html = self.send(page, None).await.body;
        let xsrf = between(&html, "name=\"xsrf\" value=\"", "\"").expect("the form's field");
        let code = page.query_pairs().find(|(name, _)| name == "user_code").expect("a code").1.into_owned();
        let answer = if accept { "confirm" } else { "abort" };
        let form = [("xsrf", xsrf), ("user_code", &code), (answer, "yes")];
        let mut target = page.clone();
        target.set_query(None);
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let answer = self.send(&target, Some(form)).await;
        self.follow(target, answer).await
    }

    /// Where it ends: the URL of another place, or an error with the text of the last page.
    async fn follow(&mut self, start: Url, mut page: Page) -> Result<Url, String> {
        let mut url = start;
        for _ in 0..20 {
            let Some(location) = page.headers.get(LOCATION) else { return Err(page.body) };
            let next = url.join(location.to_str().expect("a URL")).expect("a URL");
            if next.origin() != url.origin() {
                return Ok(next);
            }
            url = next;
            page = self.send(&url, None).await;
        }
        panic!("redirected in circles");
    }

    async fn send(&mut self, url: &Url, form: Option<String>) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page = fetch(url, form, &[(COOKIE, cookies.join("; "))]).await;
        for cookie in page.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("a cookie").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("name and value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}
