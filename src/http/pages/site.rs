//! What is served of `assets/`: pages, made when first asked for, and assets under one digest of all of them, so
//! that they can be kept for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::http::pages::embedded::{self, File};
use crate::http::pages::page::{Place, page};
use crate::http::pages::texts::{LANGUAGES, Words};

/// The pages, by the name of their file.
pub const PAGES: [&str; 13] = [
    "welcome",
    "login",
    "register",
    "setup",
    "setup_done",
    "link",
    "account",
    "admin",
    "demo",
    "dev",
    "not_found",
    "closed",
    "unsent",
];

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
    pages: HashMap<(&'static str, &'static str), OnceLock<Option<Served>>>,
    config: Arc<Config>,
    logo: &'static str,
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
    /// With the settings' colour and logo.
    pub fn new(config: Arc<Config>) -> Result<Self, BadLogo> {
        let mut files = embedded::assets();
        files.extend(brand(&config).map(|css| File::made("css/brand.css", css.into_bytes())));
        let logo = logo(&config)?;
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
        let assets = files.into_iter().map(|file| (file.path.clone(), Served::new(file))).collect();
        let pages = LANGUAGES.iter().flat_map(|language| PAGES.map(|name| ((name, *language), OnceLock::new())));
        Ok(Self { assets, pages: pages.collect(), digest, config, logo: logo_path })
    }

    /// A page in a language. Made at the first request, kept from then on.
    pub fn page(&self, name: &'static str, language: &'static str) -> Option<&Served> {
        let has = |path: &str| self.assets.contains_key(path);
        let place = Place { digest: &self.digest, logo: self.logo, has: &has };
        let make = || {
            let text = page(&self.config, &place, name, language)?;
            Some(Served::new(File::made("page.html", text.into_bytes())))
        };
        self.pages.get(&(name, language))?.get_or_init(make).as_ref()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_missing_and_none_is_markup() {
        let config = Config { name: "<b>\"&'".to_owned(), ..Config::default() };
        let site = Site::new(Arc::new(config)).unwrap();
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
    fn no_form_can_be_sent_before_its_script_is_there_and_none_into_an_address() {
        let site = Site::new(Arc::default()).unwrap();
        for name in PAGES {
            let text = String::from_utf8(site.page(name, "en").unwrap().bytes.to_vec()).unwrap();
            for form in text.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
                assert!(form.split('>').next().unwrap().contains(" method=\"post\""), "{name}: <form{form}");
                // The forms of `dev` and `demo` show once their scripts run.
                let button = form.split("type=\"submit\"").nth(1).filter(|_| form.contains("id=\"form\""));
                assert!(button.is_none_or(|rest| rest.split('>').next().unwrap().contains("disabled")), "{name}");
            }
            let loads = text.contains("<script");
            assert_eq!(text.contains("<noscript>"), loads, "{name} says whether it needs scripts");
        }
    }

    #[test]
    fn what_a_page_loads_is_there() {
        let site = Site::new(Arc::default()).unwrap();
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
