//! What is allowed and yet warned of.

use crate::config::tests::{KEY, World, toml};
use crate::config::warning::Warning;

#[test]
fn the_defaults_need_no_warning() {
    assert_eq!(World::new().load().config.warnings(), Vec::<Warning>::new());
}

/// Each warning with what brings it about, and what doesn't.
#[test]
fn a_warning_names_the_setting_that_is_seldom_meant() {
    for (text, keys) in [
        ("listen = '0.0.0.0:80'", vec!["listen"]),
        ("listen = '[::]:80'\npublic_url = 'https://a.example'", vec!["trusted_proxies"]),
        ("listen = '[::]:80'\npublic_url = 'https://a.example'\ntrusted_proxies = ['10.0.0.1']", vec![]),
        ("listen = '[::1]:80'", vec![]),
        ("public_url = 'http://a.example'", vec!["public_url"]),
        ("public_url = 'http://localhost:8484'", vec![]),
        (
            "public_url = 'https://auth.a.example'\ntrusted_proxies = ['10.0.0.1']\nallowed_origins = ['https://app.a.example']",
            vec![],
        ),
        (
            "public_url = 'https://auth.a.example'\ntrusted_proxies = ['10.0.0.1']\nallowed_origins = ['https://b.example']",
            vec!["allowed_origins"],
        ),
        (
            "public_url = 'https://auth.a.example'\ntrusted_proxies = ['10.0.0.1']\nallowed_origins = ['http://app.a.example']",
            vec!["allowed_origins"],
        ),
        ("allowed_origins = ['https://b.example']", vec!["allowed_origins"]),
        ("allowed_origins = ['http://localhost:3000']", vec![]),
        ("trusted_proxies = ['10.0.0.0/15', '10.0.0.0/16']", vec!["trusted_proxies"]),
        ("trusted_proxies = ['2001::/31', '2001:db8::/32']", vec!["trusted_proxies"]),
        ("passwords.bcrypt_cost = 13", vec!["passwords.bcrypt_cost"]),
        ("passwords.bcrypt_cost = 11", vec!["passwords.bcrypt_cost"]),
        ("passwords.min_length = 7", vec!["passwords.min_length"]),
        ("refresh.grace = '0'", vec!["refresh.grace"]),
        ("refresh.idle_ttl = '15m'", vec!["refresh.idle_ttl"]),
        (&format!("tokens.hs256_secret = '{KEY}'"), vec!["tokens.hs256_secret"]),
        (&format!("tokens.hs256_secret = '{KEY}'\ntokens.algorithm = 'HS256'"), vec!["tokens.algorithm"]),
    ] {
        let warnings = toml(text).load().config.warnings();
        let named: Vec<_> = warnings.iter().map(Warning::setting).collect();
        assert_eq!(named, keys, "{text}: {warnings:?}");
        for warning in warnings {
            assert!(warning.to_string().starts_with(&format!("{}: ", warning.setting())), "{warning}");
            assert!(!warning.to_string().contains(KEY));
        }
    }
}

#[test]
fn an_origin_on_another_site_is_told_of_the_body_transport() {
    let text = "public_url = 'https://auth.a.example'\ntrusted_proxies = ['10.0.0.1']\nallowed_origins = ['https://b.example']";
    let said = toml(text).load().config.warnings()[0].to_string();
    assert!(said.contains("\"transport\": \"body\"") && said.contains("https://b.example"), "{said}");
}
