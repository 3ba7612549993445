//! One page, with its words filled in.

use std::fmt::Write as _;

use crate::config::Config;
use crate::http::pages::embedded;
use crate::http::pages::texts::{Words, words};

/// Where a page finds what it loads.
pub(super) struct Place<'a> {
    /// The digest of all assets.
    pub(super) digest: &'a str,
    /// The logo's path.
    pub(super) logo: &'a str,
    /// Whether there is an asset of this path.
    pub(super) has: &'a dyn Fn(&str) -> bool,
}

/// The page of this name in a language. None where there is no such file.
pub(super) fn page(config: &Config, place: &Place<'_>, name: &str, language: &str) -> Option<String> {
    let main = embedded::page(name)?.replace("{{people}}", if config.dev.is_some() { "{{>people}}" } else { "" });
    let frame = embedded::page("_frame")?;
    let frame = frame.replace("{{loads}}", &loads(place, name)).replace("{{main}}", &include(&main));
    let frame = frame.replace(&format!("data-nav=\"{name}\""), "aria-current=\"page\"");
    Some(fill(&frame, &words_of(config, place, name, language)))
}

fn words_of(config: &Config, Place { digest, logo, .. }: &Place<'_>, name: &str, language: &str) -> Words {
    let mut words = words(language);
    let scripts = said_by_scripts(&words, name);
    let title = words.get(&format!("{name}.title")).cloned().unwrap_or_default();
    let origins: Vec<_> = config.allowed_origins.iter().map(ToString::to_string).collect();
    let own = [
        ("name", config.name.clone()),
        ("min", config.passwords.min_length.to_string()),
        ("language", language.to_owned()),
        ("assets", format!("/assets/{digest}")),
        ("logo", format!("/assets/{digest}/{logo}")),
        ("origins", origins.join(" ")),
        ("access", config.tokens.access_ttl.secs().to_string()),
        ("registration", format!("{:?}", config.registration).to_lowercase()),
        ("people", people(config)),
        ("page", name.to_owned()),
        ("scripts", scripts),
        ("title", title),
    ];
    words.extend(own.map(|(key, word)| (key.to_owned(), word)));
    words
}

/// The tags that load what a page needs of the files that there are.
fn loads(place: &Place<'_>, page: &str) -> String {
    let has = place.has;
    let styles = ["css/base.css".to_owned(), format!("css/{page}.css"), "css/brand.css".to_owned()];
    let mut tags = String::new();
    for path in styles.iter().filter(|path| has(path)) {
        // Writing to a String can't fail.
        let _ = writeln!(tags, "<link rel=\"stylesheet\" href=\"{{{{assets}}}}/{path}\">");
    }
    let path = format!("js/{page}.js");
    if has(&path) {
        let _ = writeln!(tags, "<script type=\"module\" src=\"{{{{assets}}}}/{path}\"></script>");
    }
    tags
}

/// The words that the scripts of a page say: those of all pages and its own.
fn said_by_scripts(words: &Words, page: &str) -> String {
    let own = format!("js.{page}.");
    let said = |key: &str| key.starts_with("js.all.") || key.starts_with(&own);
    let words: Words = words.iter().filter(|(key, _)| said(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    serde_json::to_string(&words).unwrap_or_default()
}

/// Whom the sign-in page of the stub offers, in JSON as lists: address, password, role, whether disabled. No brace
/// stands in it, where [`fill`] would look for a name.
fn people(config: &Config) -> String {
    if config.dev.is_none() {
        return String::new();
    }
    let users = config.dev_users.iter();
    let users: Vec<_> =
        users.map(|user| (user.email.as_str(), &user.password, user.role.as_str(), user.disabled)).collect();
    let json = serde_json::to_string(&users).unwrap_or_default();
    json.replace('{', "\\u007b")
}

/// Puts what pages share in place of `{{>part key=value}}`: the file `_part.html`, with the value in place of
/// `[key]`. A part that isn't there stays as it is, where a test finds it.
fn include(template: &str) -> String {
    let mut pieces = template.split("{{>");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for (call, rest) in pieces.filter_map(|piece| piece.split_once("}}")) {
        let mut words = call.split(' ');
        let part = embedded::page(&format!("_{}", words.next().unwrap_or_default()));
        let part = part.map_or_else(|| format!("{{{{>{call}}}}}"), |part| include(&part));
        let values = words.filter_map(|word| word.split_once('='));
        let part = values.fold(part, |part, (key, value)| part.replace(&format!("[{key}]"), value));
        out.push_str(part.trim_end());
        out.push_str(rest);
    }
    out
}

/// Puts words in place of `{{key}}`, written so that they can't be markup. A key that no language knows
/// stays as it is, where a test finds it.
fn fill(template: &str, words: &Words) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((key, behind)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        if let Some(word) = words.get(key) {
            let own =
                |text: &str, name: &str| text.replace(&format!("{{{name}}}"), words.get(name).map_or("", |it| it));
            out.push_str(&escape(&own(&own(word, "name"), "min")));
        } else {
            out.push_str("{{");
            out.push_str(key);
            out.push_str("}}");
        }
        rest = behind;
    }
    out.push_str(rest);
    // Kept as long as the server runs.
    out.shrink_to_fit();
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
