//! The example and the defaults are one.

use crate::config::table::SETTINGS;
use crate::config::tests::{World, env, toml};
use crate::config::{Config, example, names};

#[test]
fn the_repositorys_file_is_the_example() {
    assert_eq!(include_str!("../../../config.toml"), example(), "write `doorward config example` to config.toml");
}

#[test]
fn the_example_loads_to_the_defaults() {
    let (example, none) = (toml(&example()), World::new());
    let mut loaded = example.load().config;
    assert_eq!(loaded.data_dir, example.dir.path());
    loaded.data_dir.clone_from(&none.load().config.data_dir);
    assert_eq!(format!("{loaded:?}"), format!("{:?}", none.load().config));
    assert_eq!(none.load().config.data_dir, none.dir.path(), "relative to the current folder");
}

#[test]
fn the_example_has_each_setting_once_under_a_line_of_comment() {
    let text = example();
    for setting in SETTINGS {
        let leaf = setting.key.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("\n# {}\n{leaf} = ", setting.help)) || !setting.sample.is_empty());
        assert!(!setting.is_secret() || text.contains(&format!("\n# {}\n# {leaf} = \"…\"\n", setting.help)));
        assert!(setting.help.ends_with('.') && setting.help.len() < 120, "{}", setting.key);
    }
}

#[test]
fn every_sample_in_the_example_is_good_once_it_is_uncommented() {
    for setting in SETTINGS.iter().filter(|setting| !setting.sample.is_empty() && !setting.is_secret()) {
        let text = setting.sample.trim_matches('"');
        env(&names::variable(setting.key), text).load();
    }
}

#[test]
fn links_and_issuer_come_from_the_settings() {
    let mut config = Config::default();
    assert_eq!((config.base_url(81), config.issuer(81)), ("http://localhost:81".into(), "http://localhost:81".into()));
    config.public_url = Some("https://Auth.example.com/".parse().unwrap());
    assert_eq!(config.issuer(81), "https://auth.example.com");
    config.tokens.issuer = Some("me".to_owned());
    assert_eq!((config.base_url(81), config.issuer(81)), ("https://auth.example.com".into(), "me".into()));
}
