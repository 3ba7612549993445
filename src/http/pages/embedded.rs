//! The files under `assets/` that are served, as they are built into the binary.

use std::borrow::Cow;

use rust_embed::RustEmbed;

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

/// Everything that pages load, by its path, in the order of the paths.
pub(super) fn assets() -> Vec<(String, Bytes)> {
    let mut all = Vec::new();
    collect::<Css>(&mut all);
    collect::<Js>(&mut all);
    collect::<Img>(&mut all);
    collect::<Client>(&mut all);
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn collect<E: RustEmbed>(all: &mut Vec<(String, Bytes)>) {
    let files = E::iter().filter_map(|path| E::get(&path).map(|file| (path.into_owned(), file.data)));
    all.extend(files);
}
