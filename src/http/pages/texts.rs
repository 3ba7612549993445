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
    use crate::config::warning::Warning;
    use crate::domain::event::Kind;
    use crate::domain::fact::Fact;
    use crate::domain::password::BadPassword;
    use crate::domain::reason::Reason;
    use crate::http::admin::warnings;

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

    /// What stands in braces in a text.
    fn named(text: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn a_text_names_the_same_in_every_language() {
        let [english, german] = ["en", "de"].map(words);
        for (key, text) in &english {
            assert_eq!(named(text), named(&german[key]), "{key}");
        }
    }

    #[test]
    fn what_the_server_names_by_a_code_has_words() {
        let english = words("en");
        let plural =
            |key: &String| english.contains_key(&format!("{key}.one")) && english.contains_key(&format!("{key}.other"));
        let mut keys: Vec<_> =
            Warning::ISSUES.iter().map(|issue| format!("js.admin.warning.settings.{issue}")).collect();
        keys.extend(warnings::CODES.iter().map(|code| format!("js.admin.warning.{code}")));
        keys.extend(Fact::CODES.iter().filter(|code| **code != "link").map(|code| format!("js.admin.fact.{code}")));
        keys.extend(
            ["setup", "invitation", "set_password", "recovery"].map(|kind| format!("js.admin.fact.link.{kind}")),
        );
        keys.extend(BadPassword::RULES.iter().map(|rule| format!("js.all.rule.{rule}")));
        keys.extend(Kind::ALL.iter().map(|kind| format!("js.admin.kind.{kind}")));
        keys.extend(Reason::ALL.iter().map(|reason| format!("js.admin.reason.{reason}")));
        let missing: Vec<_> = keys.iter().filter(|key| !english.contains_key(*key) && !plural(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
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
