//! What every error says.

use std::ffi::OsString;

use crate::config::load;
use crate::config::tests::{World, env, toml};

#[test]
fn a_wrong_setting_is_refused_with_its_place_and_what_would_be_right() {
    for (text, error) in [
        ("lsiten = 'x'", "config.toml:1:1: lsiten: no such setting; the nearest is listen"),
        (
            "\n[tokens]\n  acces_ttl = '1m'",
            "config.toml:3:3: tokens.acces_ttl: no such setting; the nearest is tokens.access_ttl",
        ),
        ("[token]", "config.toml:1:2: token: no such section; the nearest is tokens"),
        ("tokens = 1", "config.toml:1:1: tokens: a section, not a setting: write [tokens]"),
        ("listen.port = 1", "config.toml:1:8: listen.port: no such setting; the nearest is listen"),
        (
            "'tokens.audience' = 'a'",
            "config.toml:1:1: \"tokens.audience\": no such setting; the nearest is tokens.audience",
        ),
        (
            "tokens.access_ttl = '15min'",
            "config.toml:1:8: tokens.access_ttl: not a duration: write a whole number and a unit, such as \"500ms\", \
             \"10s\", \"15m\", \"24h\" or \"7d\"",
        ),
        ("refresh.grace = 10", "config.toml:1:9: refresh.grace: must be text in quotes"),
        ("refresh.grace = '2m'", "config.toml:1:9: refresh.grace: must be whole seconds, from 0s to 1m"),
        (
            "trusted_proxies = ['192.0.2.1', 'proxy']",
            "config.toml:1:1: trusted_proxies: entry 2: must be an address or a network, such as \"192.0.2.1\" or \
             \"2001:db8::/48\"",
        ),
        (
            "trusted_proxies = ['0.0.0.0/0']",
            "config.toml:1:1: trusted_proxies: entry 1: everybody would be believed: write the proxy's own address",
        ),
        (
            "allowed_origins = ['*']",
            "config.toml:1:1: allowed_origins: entry 1: there are no wildcards here: write out each origin",
        ),
        (
            "public_url = 'https://a.example/x'",
            "config.toml:1:1: public_url: an origin ends behind host and port: leave path, query and fragment out",
        ),
        (
            "registration = 'opne'",
            "config.toml:1:1: registration: must be one of closed, open; the nearest is \"open\"",
        ),
        (
            "tokens.algorithm = 'es256'",
            "config.toml:1:8: tokens.algorithm: must be one of ES256, EdDSA, RS256, HS256; the nearest is \"ES256\"",
        ),
    ] {
        assert_eq!(toml(text).error(), error, "{text}");
    }
}

#[test]
fn what_does_not_fit_together_or_is_no_text_is_refused_too() {
    for (text, error) in [
        ("tokens.hs256_secret = 12345678", "config.toml:1:8: tokens.hs256_secret: must be text in quotes"),
        (
            "tokens.hs256_secret = '12345678'",
            "config.toml:1:8: tokens.hs256_secret: too short: it must hold 32 bytes or more once decoded; `openssl rand \
             -base64 32` makes a good one",
        ),
        (
            "tokens.algorithm = 'HS256'",
            "config.toml:1:8: tokens.hs256_secret: must be set where tokens.algorithm is HS256; `openssl rand -base64 \
             32` makes a good one",
        ),
        (
            "refresh.idle_ttl = '60d'",
            "config.toml:1:9: refresh.absolute_ttl: 30d is shorter than refresh.idle_ttl, which is 60d",
        ),
        ("passwords.bcrypt_cost = 9", "config.toml:1:11: passwords.bcrypt_cost: must be a whole number from 10 to 15"),
        ("name = 1979-05-27", "config.toml:1:8: not TOML, or a kind of value that no setting takes"),
    ] {
        assert_eq!(toml(text).error(), error, "{text}");
    }
}

#[test]
fn a_wrong_variable_is_refused_with_its_name_and_what_would_be_right() {
    for (name, text, error) in [
        (
            "DOORWARD_TOKENS_ACCESS_TTL",
            "1m",
            "DOORWARD_TOKENS_ACCESS_TTL: no such setting; the nearest is DOORWARD_TOKENS__ACCESS_TTL",
        ),
        ("DOORWARD_LSITEN_FILE", "x", "DOORWARD_LSITEN_FILE: no such setting; the nearest is DOORWARD_LISTEN_FILE"),
        (
            "DOORWARD_PASSWORDS__BCRYPT_COST",
            "x",
            "DOORWARD_PASSWORDS__BCRYPT_COST: passwords.bcrypt_cost: must be a whole number from 10 to 15",
        ),
        (
            "DOORWARD_MASTER_KEY",
            "12345678",
            "DOORWARD_MASTER_KEY: master_key: must be exactly 32 bytes, as base64 or as 64 hex digits; `openssl rand \
             -base64 32` makes a good one",
        ),
        (
            "DOORWARD_NAME_FILE",
            "gone",
            "DOORWARD_NAME_FILE (gone): name: can't be read: No such file or directory (os error 2)",
        ),
        ("DOORWARD_CONFIG", "gone.toml", "gone.toml: can't be read: No such file or directory (os error 2)"),
        (
            "DOORWARD_PUBLIC_URL",
            "",
            "DOORWARD_PUBLIC_URL: public_url: not an origin: write https:// or http://, a host and, if need be, a port, \
             as in \"https://example.com\"",
        ),
    ] {
        assert_eq!(env(name, text).error(), error, "{name}");
    }
    let both = env("DOORWARD_NAME", "a").env("DOORWARD_NAME_FILE", "value").file("value", "b");
    assert_eq!(both.error(), "DOORWARD_NAME_FILE (value): name: set by DOORWARD_NAME too: unset one of the two");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let world = toml("lsiten = 1\nname = ''").env("DOORWARD_LOG", "loud").env("DOORWARD_X", "");
    let error = load(&world.args).unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key.as_deref()).collect();
    assert_eq!(keys, [None, Some("lsiten"), Some("name"), Some("log")]);
    assert_eq!(error.to_string().lines().count(), 4);
}

#[test]
fn kubernetes_own_variables_are_explained() {
    let world = env("KUBERNETES_SERVICE_HOST", "10.0.0.1").env("DOORWARD_PORT_8484_TCP_ADDR", "10.0.0.2");
    assert!(world.error().contains("enableServiceLinks: false"), "{}", world.error());
    assert!(!env("DOORWARD_PORT", "80").error().contains("enableServiceLinks"));
}

#[test]
fn a_file_without_end_is_not_read() {
    let world = World::new().file("long", vec![b'a'; 65_537]).env("DOORWARD_NAME_FILE", "long");
    assert_eq!(world.error(), "DOORWARD_NAME_FILE (long): name: can't be read: more than 65536 bytes");
}

#[cfg(unix)]
#[test]
fn what_is_not_utf8_is_told() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(vec![0xff]);
    let mut world = World::new().env("DOORWARD_NAME", odd.clone()).env("PATH", odd.clone());
    world.args.data_dir = Some(odd.into());
    assert_eq!(world.error(), "--data: not UTF-8\nDOORWARD_NAME: not UTF-8");
}
