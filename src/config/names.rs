//! The names of settings: keys, variables, and the nearest to a wrong one.

use crate::config::table::{SETTINGS, Setting};

/// What every variable begins with.
pub(crate) const PREFIX: &str = "DOORWARD_";

/// The variable that names the file of settings, like `--config`.
pub(crate) const CONFIG: &str = "DOORWARD_CONFIG";

/// What a variable ends with that names a file to read the value from.
pub(crate) const TWIN: &str = "_FILE";

/// The variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The setting of a key.
pub(crate) fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The setting of a variable.
pub(crate) fn setting_of(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| variable(setting.key) == name)
}

fn sections() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter_map(|setting| setting.key.split_once('.').map(|(section, _)| section))
}

/// Whether some key lies in this section.
pub(crate) fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

/// The section that is most like a wrong one.
pub(crate) fn nearest_section(wrong: &str) -> &'static str {
    nearest(wrong, sections()).unwrap_or_default()
}

/// The key that is most like a wrong one.
pub(crate) fn nearest_key(wrong: &str) -> &'static str {
    nearest(wrong, SETTINGS.iter().map(|setting| setting.key)).unwrap_or_default()
}

/// The variable that is most like a wrong one.
pub(crate) fn nearest_variable(wrong: &str) -> String {
    let (wrong, twin) = wrong.strip_suffix(TWIN).map_or((wrong, ""), |wrong| (wrong, TWIN));
    let wrong = wrong.strip_prefix(PREFIX).unwrap_or(wrong).replace("__", ".");
    format!("{}{twin}", variable(nearest_key(&wrong)))
}

/// The word that is most like a wrong one: in the whole, or in what stands behind the last dot.
pub(crate) fn nearest<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; what is longer is no slip of a finger, and must not cost its square.
    let wrong: String = wrong.chars().take(80).collect::<String>().to_lowercase();
    let leaf = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |word: &str| {
        let word = word.to_lowercase();
        let whole = strsim::normalized_damerau_levenshtein(&wrong, &word);
        whole.max(strsim::normalized_damerau_levenshtein(&leaf(&wrong), &leaf(&word)) * 0.95)
    };
    right.into_iter().max_by(|one, two| likeness(one).total_cmp(&likeness(two)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_has_a_nearest_right_one() {
        for (wrong, right) in [
            ("tokens.acces_ttl", "tokens.access_ttl"),
            ("access_ttl", "tokens.access_ttl"),
            ("token.audience", "tokens.audience"),
            ("limits.public_url", "public_url"),
            ("Listen", "listen"),
            ("password.bcrypt_cots", "passwords.bcrypt_cost"),
            ("refresh.grace_period", "refresh.grace"),
        ] {
            assert_eq!(nearest_key(wrong), right, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_variable_has_a_nearest_right_one() {
        for (wrong, right) in [
            ("DOORWARD_TOKENS_ACCESS_TTL", "DOORWARD_TOKENS__ACCESS_TTL"),
            ("DOORWARD_HS256_SECRET", "DOORWARD_TOKENS__HS256_SECRET"),
            ("DOORWARD_MASTERKEY_FILE", "DOORWARD_MASTER_KEY_FILE"),
            ("DOORWARD_listen", "DOORWARD_LISTEN"),
        ] {
            assert_eq!(nearest_variable(wrong), right, "{wrong}");
        }
    }

    #[test]
    fn every_variable_is_one_settings_own() {
        for setting in SETTINGS {
            let name = variable(setting.key);
            assert_eq!(setting_of(&name).map(|found| found.key), Some(setting.key));
            assert!(!name.ends_with(TWIN) && name != CONFIG, "{name}");
            assert!(setting.key.matches('.').count() <= 1, "{name}: two levels at most");
        }
    }

    #[test]
    fn a_name_of_any_length_is_compared_in_time() {
        assert!(!nearest_key(&"é.".repeat(1_000_000)).is_empty());
    }
}
