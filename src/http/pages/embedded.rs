//! The files under `assets/` that are served, as they are built into the binary.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/pages/"]
struct Pages;

#[derive(RustEmbed)]
#[folder = "assets/css/"]
#[prefix = "css/"]
struct Css;

#[derive(RustEmbed)]
#[folder = "assets/js/"]
#[prefix = "js/"]
struct Js;

#[derive(RustEmbed)]
#[folder = "assets/img/"]
#[prefix = "img/"]
struct Img;

#[derive(RustEmbed)]
#[folder = "assets/client/"]
#[prefix = "client/"]
struct Client;

#[derive(RustEmbed)]
#[folder = "assets/texts/"]
struct Texts;

type Bytes = Cow<'static, [u8]>;

/// A page's text, by its name without an ending.
pub(super) fn page(name: &str) -> Option<String> {
    Some(text(Pages::get(&format!("{name}.html"))?.data))
}

/// The words of a language, as JSON.
pub(super) fn words(language: &str) -> Option<String> {
    Some(text(Texts::get(&format!("{language}.json"))?.data))
}

fn text(bytes: Bytes) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What pages load.
pub(super) struct File {
    /// Its path under `/assets/{digest}/`.
    pub(super) path: String,
    /// What stands in it.
    pub(super) bytes: Bytes,
    /// The SHA-256 of that. It is known beforehand: to look at every byte at the start would hold them in memory.
    pub(super) hash: [u8; 32],
}

impl File {
    /// One that the settings make.
    pub(super) fn made(path: &str, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), hash: Sha256::digest(&bytes).into(), bytes: bytes.into() }
    }
}

/// Everything that pages load, in the order of the paths.
pub(super) fn assets() -> Vec<File> {
    let mut all = Vec::new();
    collect::<Css>(&mut all);
    collect::<Js>(&mut all);
    collect::<Img>(&mut all);
    collect::<Client>(&mut all);
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn collect<E: RustEmbed>(all: &mut Vec<File>) {
    let file = |path: Cow<'static, str>| {
        let file = E::get(&path)?;
        Some(File { path: path.into_owned(), hash: file.metadata.sha256_hash(), bytes: file.data })
    };
    all.extend(E::iter().filter_map(file));
}
