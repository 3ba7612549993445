//! The words of each language: one file each under `assets/texts/`, English first.

use std::collections::BTreeMap;

use crate::http::pages::embedded;

/// The languages that there are; the first is the one for everybody else.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// The words of one language, by key.
pub type Words = BTreeMap<String, String>;

/// The words of a language. A key that a language lacks is said in English.
pub fn words(language: &str) -> Words {
    let read = |language: &str| -> Words {
        let text = embedded::words(language).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let mut all = read(LANGUAGES[0]);
    all.extend(read(language));
    all
}

/// The language that a browser asks for (RFC 9110, section 12.5.4), as far as there is one.
pub fn language(accept: Option<&str>) -> &'static str {
    let mut asked: Vec<(f32, &str)> = accept.unwrap_or_default().split(',').filter_map(weighed).collect();
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let known = |tag: &str| LANGUAGES.into_iter().find(|known| tag.eq_ignore_ascii_case(known));
    asked.iter().find_map(|(_, tag)| known(tag)).unwrap_or(LANGUAGES[0])
}

/// One item of the list: its weight and its primary tag.
fn weighed(item: &str) -> Option<(f32, &str)> {
    let (tag, rest) = item.trim().split_once(';').unwrap_or((item.trim(), ""));
    let weight = rest.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
    let primary = tag.split('-').next().unwrap_or_default();
    (weight > 0.0).then_some((weight, primary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_it_likes_best() {
        for (accept, language_) in [
            (None, "en"),
            (Some(""), "en"),
            (Some("de"), "de"),
            (Some("de-AT,de;q=0.9,en;q=0.8"), "de"),
            (Some("fr, de;q=0.2, en;q=0.7"), "en"),
            (Some("fr-CH, fr;q=0.9"), "en"),
            (Some("en;q=0, de;q=0.1"), "de"),
            (Some("*, ;;;q=x"), "en"),
        ] {
            assert_eq!(language(accept), language_, "{accept:?}");
        }
    }

    #[test]
    fn every_language_has_every_word_and_no_other() {
        let read = |language: &str| -> Words { serde_json::from_str(&embedded::words(language).unwrap()).unwrap() };
        let english: Vec<_> = read("en").into_keys().collect();
        assert!(english.len() > 20);
        for language in LANGUAGES {
            assert_eq!(read(language).into_keys().collect::<Vec<_>>(), english, "{language}");
        }
    }
}
