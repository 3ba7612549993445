//! What is served of `assets/`: pages with their words filled in, and assets under one digest of all of
//! them, so that they can be kept for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::OnceLock;

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::http::pages::embedded::{self, File};
use crate::http::pages::texts::{LANGUAGES, Words, words};

/// The pages, by the name of their file.
pub const PAGES: [&str; 9] = ["welcome", "login", "register", "setup", "link", "account", "admin", "demo", "dev"];

/// The largest logo, in bytes.
const MAX_LOGO: usize = 256 << 10;

/// The logo of the settings can't be used.
#[derive(Debug, thiserror::Error)]
#[error("logo: {path}: {why}")]
pub struct BadLogo {
    path: std::path::PathBuf,
    why: String,
}

/// All of it.
pub struct Site {
    digest: String,
    assets: HashMap<String, Served>,
    pages: HashMap<(&'static str, &'static str), Served>,
}

/// Bytes that are served, and their compressed form once somebody asked for it.
pub struct Served {
    /// As they are.
    pub bytes: Cow<'static, [u8]>,
    /// Their content type.
    pub kind: String,
    /// A strong validator (RFC 9110, section 8.8.3).
    pub etag: String,
    gzip: OnceLock<Vec<u8>>,
}

impl Served {
    fn new(file: File) -> Self {
        let (kind, etag) = (mime(&file.path), format!("\"{}\"", short(&file.hash)));
        Self { bytes: file.bytes, kind, etag, gzip: OnceLock::new() }
    }

    /// As they are, for an answer.
    pub fn plain(&self) -> Bytes {
        match &self.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::copy_from_slice(bytes),
        }
    }

    /// Compressed. Made at the first request, kept from then on.
    pub fn gzip(&self) -> &[u8] {
        self.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            let written = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
            // Writing to memory does not fail.
            written.unwrap_or_default()
        })
    }
}

impl Site {
    /// Fills the pages in with the settings' name, colour and logo.
    pub fn new(config: &Config) -> Result<Self, BadLogo> {
        let mut files = embedded::assets();
        files.extend(brand(config).map(|css| File::made("css/brand.css", css.into_bytes())));
        let logo = logo(config)?;
        let logo_path = logo.as_ref().map_or("img/door.svg", |(path, _)| *path);
        files.extend(logo.map(|(path, bytes)| File::made(path, bytes)));
        let integrity = integrity(&files).into_bytes();
        files.push(File::made("client/integrity.json", integrity));
        let mut hash = Sha256::new();
        for file in &files {
            hash.update(file.path.as_bytes());
            hash.update(file.hash);
        }
        let digest = short(&hash.finalize());
        let pages = pages(config, &files, &digest, logo_path);
        let assets = files.into_iter().map(|file| (file.path.clone(), Served::new(file)));
        Ok(Self { assets: assets.collect(), pages, digest })
    }

    /// A page in a language.
    pub fn page(&self, name: &'static str, language: &'static str) -> Option<&Served> {
        self.pages.get(&(name, language))
    }

    /// What stands under a path. True where the digest is the present one: then it can be kept for ever.
    pub fn asset(&self, digest: &str, path: &str) -> Option<(&Served, bool)> {
        Some((self.assets.get(path)?, digest == self.digest))
    }
}

/// What pages of others name to load these very files of the browser client (Subresource Integrity).
fn integrity(files: &[File]) -> String {
    use base64::Engine as _;
    let hash = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(sha2::Sha384::digest(bytes));
    let scripts =
        files.iter().filter(|it| it.path.starts_with("client/") && mime(&it.path).starts_with("text/javascript"));
    let values: Words = scripts
        .map(|it| (it.path.trim_start_matches("client/").to_owned(), format!("sha384-{}", hash(&it.bytes))))
        .collect();
    serde_json::to_string_pretty(&values).unwrap_or_default()
}

fn short(hash: &[u8]) -> String {
    use base64::Engine as _;
    let mut text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    text.truncate(16);
    text
}

fn mime(path: &str) -> String {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
    .to_owned()
}

/// The settings' colour, as CSS: it is checked to be `#` and six digits.
fn brand(config: &Config) -> Option<String> {
    config.accent.as_ref().map(|accent| format!(":root {{ --brand: {accent}; }}\n"))
}

/// The tags that load what a page needs of the files that there are.
fn loads(files: &[File], page: &str) -> String {
    let has = |path: &str| files.iter().any(|file| file.path == path);
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

/// The settings' logo, if they name one, and where it stands.
fn logo(config: &Config) -> Result<Option<(&'static str, Vec<u8>)>, BadLogo> {
    let Some(path) = &config.logo else { return Ok(None) };
    let bad = |why: String| BadLogo { path: path.clone(), why };
    let bytes = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    let is_svg = std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
    if bytes.len() > MAX_LOGO || !(is_png || is_svg) {
        return Err(bad("it is no SVG or PNG of at most 256 KiB".to_owned()));
    }
    Ok(Some((if is_png { "img/logo.png" } else { "img/logo.svg" }, bytes)))
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

fn pages(config: &Config, files: &[File], digest: &str, logo: &str) -> HashMap<(&'static str, &'static str), Served> {
    let mut pages = HashMap::new();
    let frame = embedded::page("_frame").unwrap_or_default();
    for language in LANGUAGES {
        let mut words = words(language);
        words.insert("name".to_owned(), config.name.clone());
        words.insert("min".to_owned(), config.passwords.min_length.to_string());
        words.insert("language".to_owned(), language.to_owned());
        words.insert("assets".to_owned(), format!("/assets/{digest}"));
        words.insert("logo".to_owned(), format!("/assets/{digest}/{logo}"));
        let origins: Vec<_> = config.allowed_origins.iter().map(ToString::to_string).collect();
        words.insert("origins".to_owned(), origins.join(" "));
        words.insert("access".to_owned(), config.tokens.access_ttl.secs().to_string());
        words.insert("registration".to_owned(), format!("{:?}", config.registration).to_lowercase());
        words.insert("people".to_owned(), people(config));
        for name in PAGES {
            let Some(main) = embedded::page(name) else { continue };
            words.insert("page".to_owned(), name.to_owned());
            words.insert("scripts".to_owned(), said_by_scripts(&words, name));
            words.insert("title".to_owned(), words.get(&format!("{name}.title")).cloned().unwrap_or_default());
            let main = main.replace("{{people}}", if config.dev.is_some() { "{{>people}}" } else { "" });
            let frame = frame.replace("{{loads}}", &loads(files, name)).replace("{{main}}", &include(&main));
            let frame = frame.replace(&format!("data-nav=\"{name}\""), "aria-current=\"page\"");
            let text = fill(&frame, &words);
            pages.insert((name, language), Served::new(File::made("page.html", text.into_bytes())));
        }
    }
    pages
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_missing_and_none_is_markup() {
        let config = Config { name: "<b>\"&'".to_owned(), ..Config::default() };
        let site = Site::new(&config).unwrap();
        for language in LANGUAGES {
            for name in PAGES {
                let page = site.page(name, language).unwrap_or_else(|| panic!("{name} is not there"));
                let text = String::from_utf8(page.bytes.to_vec()).unwrap();
                assert!(!text.contains("{{"), "{name} {language}: {}", text.split("{{").nth(1).unwrap());
                assert!(!text.contains("<b>") && !text.contains("=\"["), "{name}");
                assert!(!text.contains("style=") && !text.contains("onclick=") && !text.contains("<style"), "{name}");
            }
        }
    }

    #[test]
    fn what_a_page_loads_is_there() {
        let site = Site::new(&Config::default()).unwrap();
        for name in PAGES {
            let text = String::from_utf8(site.page(name, "en").unwrap().bytes.to_vec()).unwrap();
            for url in text.split("=\"/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let (digest, path) = url.split_once('/').unwrap();
                assert!(site.asset(digest, path).is_some_and(|(_, current)| current), "{name} loads {url}");
            }
        }
    }

    #[test]
    fn compressed_and_plain_are_the_same() {
        use std::io::Read as _;
        let served = Served::new(File::made("a.css", b"abc".repeat(1_000)));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(served.gzip()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, served.plain());
        assert!(served.gzip().len() < 100);
    }
}
