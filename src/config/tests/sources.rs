//! What is read from where, and what wins over what.

use std::path::PathBuf;

use crate::base::time::Ttl;
use crate::config::error::Source;
use crate::config::loaded::Loaded;
use crate::config::table::SETTINGS;
use crate::config::tests::{KEY, World, env, toml};
use crate::config::{Config, example, names};

#[test]
fn each_place_wins_over_the_one_below() {
    let mut world = toml("listen = '127.0.0.1:1'\nname = 'file'\n[refresh]\ngrace = '1s'\nlate_recovery = '1h'");
    let name = |world: &World| world.load().config.name;
    assert_eq!((name(&World::new()), name(&world)), ("doorward".to_owned(), "file".to_owned()));
    world = world.env("DOORWARD_NAME", "variable").env("DOORWARD_LISTEN", "127.0.0.1:2");
    world = world.env("DOORWARD_REFRESH__GRACE", "2s");
    world.args.listen = Some("127.0.0.1:3".to_owned());
    let loaded = world.load();
    assert_eq!((loaded.config.name.as_str(), loaded.config.listen.port()), ("variable", 3));
    assert_eq!(loaded.config.refresh.grace, Ttl::from_secs(2));
    assert_eq!(loaded.config.refresh.late_recovery, Ttl::from_mins(60), "a section's other keys stay");
    let path = world.dir.path().join("config.toml");
    assert_eq!(loaded.file.as_ref(), Some(&path));
    assert_eq!(loaded.source("name"), &Source::Variable("DOORWARD_NAME".to_owned()));
    assert_eq!(loaded.source("listen"), &Source::Argument("--listen"));
    assert_eq!(loaded.source("refresh.late_recovery"), &Source::File { path, at: Some((5, 1)) });
    assert_eq!(loaded.source("refresh.idle_ttl"), &Source::Default);
}

#[test]
fn every_setting_takes_the_same_from_file_variable_and_twin() {
    for (key, text) in [
        ("listen", "[::1]:0"),
        ("public_url", "https://auth.example.com"),
        ("data_dir", "/var/lib/doorward"),
        ("trusted_proxies", "192.0.2.1,2001:db8::/48"),
        ("allowed_origins", "https://app.example.com"),
        ("registration", "open"),
        ("cookie_name", "rt"),
        ("name", "0042"),
        ("accent", "#2f5d50"),
        ("logo", "/etc/doorward/logo.svg"),
        ("demo", "true"),
        ("log", "warn,doorward=debug"),
        ("master_key", KEY),
        ("tokens.access_ttl", "5m"),
        ("tokens.algorithm", "EdDSA"),
        ("tokens.hs256_secret", KEY),
        ("tokens.issuer", "urn:example:issuer"),
        ("tokens.audience", "true"),
        ("refresh.idle_ttl", "2d"),
        ("refresh.absolute_ttl", "60d"),
        ("refresh.grace", "0"),
        ("refresh.late_recovery", "0s"),
        ("passwords.min_length", "15"),
        ("passwords.bcrypt_cost", "13"),
        ("limits.login", "3/1m"),
        ("limits.login_address", "100/1h"),
        ("limits.account_failures", "20"),
        ("events.keep", "365d"),
    ] {
        let variable = names::variable(key);
        let from_file = toml(&format!("{key} = '{text}'")).load();
        let from_env = env(&variable, text).load();
        let twin = env(&format!("{variable}{}", names::TWIN), "value").file("value", format!("{text}\n")).load();
        let debug = |mut loaded: Loaded| {
            assert_ne!(loaded.source(key), &Source::Default, "{key}");
            if key != "data_dir" {
                loaded.config.data_dir = PathBuf::new();
            }
            format!("{:?}", loaded.config)
        };
        let set = debug(from_env);
        assert_eq!((debug(from_file), debug(twin)), (set.clone(), set.clone()), "{key}");
        assert_ne!(set, format!("{:?}", Config { data_dir: PathBuf::new(), ..Config::default() }), "{key}");
    }
    assert_eq!(SETTINGS.len(), 29, "a new setting needs its row above");
}

#[test]
fn toml_numbers_and_arrays_are_taken_too() {
    let config = toml(
        "trusted_proxies = ['192.0.2.1']\nallowed_origins = ['http://localhost:3000']\n[passwords]\nbcrypt_cost = 11",
    );
    let config = config.load().config;
    assert_eq!(config.trusted_proxies[0].to_string(), "192.0.2.1/32");
    assert_eq!(config.allowed_origins[0].as_str(), "http://localhost:3000");
    assert_eq!(config.passwords.bcrypt_cost, 11);
}

#[test]
fn a_variable_stays_the_text_that_it_is() {
    for text in ["12345678", "true", "0042", "[a]", "{a=1}", "\"quoted\"", " blanks ", "1e3", "a,b"] {
        assert_eq!(env("DOORWARD_NAME", text).load().config.name, text);
        let twin = env("DOORWARD_NAME_FILE", "value").file("value", format!("{text}\r\n"));
        assert_eq!(twin.load().config.name, text);
    }
    let digits = "1234567890".repeat(5) + "12";
    let config = env("DOORWARD_TOKENS__HS256_SECRET", &digits).load().config;
    assert_eq!(config.tokens.hs256_secret.unwrap().expose().len(), 39);
}

#[test]
fn the_file_is_the_named_one_or_lies_in_the_data_folder_or_the_current_one() {
    let mut world = toml("name = 'here'").file("data/config.toml", "name = 'data'").file("own.toml", "name = 'own'");
    let name = |world: &World| world.load().config.name;
    assert_eq!(name(&world), "here");
    world.args.data_dir = Some("empty".into());
    assert_eq!(name(&world), "here");
    world.args.data_dir = None;
    world = world.env("DOORWARD_DATA_DIR", "data");
    assert_eq!(name(&world), "data");
    world.args.data_dir = Some("elsewhere".into());
    assert_eq!(name(&world), "here", "the argument wins over the variable");
    world = world.env("DOORWARD_CONFIG", "own.toml");
    assert_eq!(name(&world), "own");
    world.args.file = Some("data/config.toml".into());
    assert_eq!(name(&world), "data", "--config wins");
    assert_eq!(world.load().config.data_dir, world.dir.path().join("elsewhere"));
    world.args.file = Some("gone.toml".into());
    assert_eq!(world.error(), "gone.toml: can't be read: No such file or directory (os error 2)");
}

#[test]
fn a_relative_file_in_a_variable_starts_from_the_current_folder() {
    let world = env("DOORWARD_NAME_FILE", "sub/value").file("sub/value", "from there");
    assert_eq!(world.load().config.name, "from there");
}

#[test]
fn a_master_key_comes_from_systemd_unless_the_environment_has_one() {
    let key = |world: &World| *world.load().config.master_key.as_ref().unwrap().expose();
    let mut world = World::new().file("cred/doorward.master-key", [0xf1; 32]).env("CREDENTIALS_DIRECTORY", "cred");
    assert_eq!(key(&world), [0xf1; 32]);
    let path = world.dir.path().join("cred/doorward.master-key");
    assert_eq!(world.load().source("master_key"), &Source::Credential(path));
    world = world.env("DOORWARD_MASTER_KEY", KEY);
    assert_eq!(key(&world), [0x5a; 32]);
    let none = World::new().env("CREDENTIALS_DIRECTORY", "none");
    assert!(none.load().config.master_key.is_none());
}

#[test]
fn a_limit_that_says_the_default_asks_the_stub_for_nothing() {
    for (text, login) in [(example(), 1_000_000), ("limits.login = '6/15m'".to_owned(), 6)] {
        let mut world = toml(&text);
        world.args.dev = Some(false);
        let limits = world.load().config.limits;
        assert_eq!((limits.login.burst, limits.login_address.burst), (login, 1_000_000));
        assert_eq!(limits.account_failures, u32::MAX);
        world.args.dev = None;
        assert_eq!(world.load().config.limits.account_failures, 10);
    }
}
