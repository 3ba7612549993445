//! What nothing ever says.

use proptest::prelude::*;

use crate::config::table::SETTINGS;
use crate::config::tests::{KEY, env, toml};
use crate::config::{load, names};

#[test]
fn a_line_that_is_no_toml_is_never_quoted() {
    for text in [
        format!("[tokens]\nhs256_secret = {KEY}"),
        format!("[tokens]\nhs256_secret = \"{KEY}"),
        format!("[tokens]\nhs256_secret: \"{KEY}\""),
        format!("[tokens]\n{KEY}"),
        format!("[tokens]\nhs256_secret = \"{KEY}\\q\""),
        format!("[tokens]\nhs256_secret = \"{KEY}\"\nhs256_secret = \"{KEY}\""),
    ] {
        let error = toml(&text).error();
        assert!(error.ends_with(": not TOML, or a kind of value that no setting takes"), "{error}");
        assert!(error.starts_with("config.toml:2:") || error.starts_with("config.toml:3:"), "{error}");
    }
    assert_eq!(toml("").file("config.toml", [0xff]).error(), "config.toml: not UTF-8");
}

#[test]
fn show_tells_each_value_and_where_it_came_from_but_no_secret() {
    let world = toml("[tokens]\naccess_ttl = '5m'").env("DOORWARD_TOKENS__HS256_SECRET", KEY);
    let world = world.env("DOORWARD_MASTER_KEY_FILE", "key").file("key", KEY).env("DOORWARD_NAME", "a \"b\"");
    let loaded = world.load();
    let shown = loaded.show().replace(&format!("{}", world.dir.path().display()), "DIR");
    let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "listen = \"127.0.0.1:8484\" # default",
        "public_url = (not set) # default",
        "name = \"a \\\"b\\\"\" # DOORWARD_NAME",
        "master_key = [redacted] # DOORWARD_MASTER_KEY_FILE (DIR/key)",
        "tokens.access_ttl = \"5m\" # DIR/config.toml:2:1",
        "tokens.hs256_secret = [redacted] # DOORWARD_TOKENS__HS256_SECRET",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}\n{shown}");
    }
    assert_eq!(lines.len(), SETTINGS.len());
    assert!(!format!("{shown}{loaded:?}").contains("WlpaW"));
    assert!(!format!("{loaded:?}").contains("90, 90, 90"), "nor its bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in whatever setting, in whatever spelling of TOML: nothing ever quotes it.
    #[test]
    fn no_error_shows_what_was_given(
        at in 0..SETTINGS.len(),
        given in "[A-Za-z0-9+/]{12,44}[.:/@ \"#-]{0,2}[a-z0-9]{8}",
        quote in prop::sample::select(vec!["", "'", "\"", "'''", "['"]),
    ) {
        let setting = &SETTINGS[at];
        let variable = names::variable(setting.key);
        let line = format!("{} = {quote}{given}{quote}\n", setting.key);
        let unknown = format!("{}x = {quote}{given}{quote}\n", setting.key);
        for world in [
            env(&variable, &given),
            env(&format!("{variable}X"), &given),
            env(&format!("{variable}_FILE"), "value").file("value", &given),
            toml(&line),
            toml(&unknown),
        ] {
            match load(&world.args) {
                Ok(loaded) if setting.is_secret() => {
                    let seen = format!("{loaded:?}{}", loaded.show());
                    prop_assert!(!seen.contains(&given), "{}", seen);
                }
                Ok(_) => {}
                Err(bad) => {
                    let seen = format!("{bad} {bad:?}");
                    prop_assert!(!seen.contains(&given), "{}", seen);
                }
            }
        }
    }

    /// What `show` prints is TOML that loads to the same.
    #[test]
    fn what_is_shown_loads_to_the_same(name in "[ -~é]{0,9}[a-z]", grace in 0_i64..=60, cost in 10_u32..=15) {
        let first = env("DOORWARD_NAME", &name).env("DOORWARD_REFRESH__GRACE", format!("{grace}s"));
        let first = first.env("DOORWARD_PASSWORDS__BCRYPT_COST", cost.to_string()).load();
        let shown = first.show();
        let set: Vec<_> = shown.lines().filter(|line| !line.contains(" = (not set) ")).collect();
        let again = toml(&set.join("\n")).load();
        prop_assert_eq!(format!("{:?}", first.config), format!("{:?}", again.config));
    }
}
