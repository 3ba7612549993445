//! Every setting on one page: its key, its words in the example, how it is read and how it is shown.

use figment::value::Value;

use crate::base::secret::Secret;
use crate::config::{Config, Registration, dev, secrets, value};
use crate::domain::key::Algorithm;
use crate::domain::lockout::Rate;

/// One setting.
pub(crate) struct Setting {
    /// Its name in the file, with a dot between section and key.
    pub(crate) key: &'static str,
    /// What it is for, in a line.
    pub(crate) help: &'static str,
    /// What the example shows, commented out, where nothing is the default.
    pub(crate) sample: &'static str,
    /// How it is read and shown.
    pub(crate) kind: Kind,
}

/// Whether a setting may be shown.
pub(crate) enum Kind {
    /// It may: `get` gives it as TOML, or nothing where it isn't set.
    Plain { set: fn(&mut Config, &Value) -> Result<(), String>, get: fn(&Config) -> Option<String> },
    /// It must not be.
    Secret { set: fn(&mut Config, &Secret<Vec<u8>>) -> Result<(), String>, is_set: fn(&Config) -> bool },
}

impl Setting {
    /// Whether its value must not be shown.
    pub(crate) const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret { .. })
    }

    const fn plain(
        key: &'static str,
        help: &'static str,
        set: fn(&mut Config, &Value) -> Result<(), String>,
        get: fn(&Config) -> Option<String>,
    ) -> Self {
        Self { key, help, sample: "", kind: Kind::Plain { set, get } }
    }

    const fn sample(mut self, sample: &'static str) -> Self {
        self.sample = sample;
        self
    }
}

const DAY: i64 = 86_400;

const REGISTRATION: [(&str, Registration); 2] = [("closed", Registration::Closed), ("open", Registration::Open)];

const ALGORITHMS: [(&str, Algorithm); 4] = [
    (Algorithm::ES256.word(), Algorithm::ES256),
    (Algorithm::EdDSA.word(), Algorithm::EdDSA),
    (Algorithm::RS256.word(), Algorithm::RS256),
    (Algorithm::HS256.word(), Algorithm::HS256),
];

/// All of them, in the order of the example: those without a section first.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::plain(
        "listen",
        "The address and port to listen on.",
        |c, v| put(&mut c.listen, value::parsed(v, "an address and a port, as in \"127.0.0.1:8484\" or \"[::]:8484\"")),
        |c| Some(quoted(c.listen)),
    ),
    Setting::plain(
        "public_url",
        "Where browsers reach this server; links are made of it, and https here makes cookies Secure.",
        |c, v| put(&mut c.public_url, value::told(v).map(Some)),
        |c| c.public_url.as_ref().map(quoted),
    )
    .sample("\"https://auth.example.com\""),
    Setting::plain(
        "data_dir",
        "The folder of the database and its key; a relative one starts where the server is started.",
        |c, v| put(&mut c.data_dir, value::line(v, 4096).map(Into::into)),
        |c| Some(quoted(c.data_dir.display())),
    ),
    Setting::plain(
        "trusted_proxies",
        "Addresses whose X-Forwarded-* is believed: the proxy's own, not its network.",
        |c, v| put(&mut c.trusted_proxies, value::list(v, value::network)),
        |c| Some(list(&c.trusted_proxies)),
    ),
    Setting::plain(
        "allowed_origins",
        "Other origins whose pages may call this server, such as \"https://app.example.com\".",
        |c, v| {
            let read = |text: &str| text.parse().map_err(|bad: crate::config::origin::BadOrigin| bad.to_string());
            put(&mut c.allowed_origins, value::list(v, read))
        },
        |c| Some(list(&c.allowed_origins)),
    ),
    Setting::plain(
        "registration",
        "Who may register: closed (those whom an admin invites) or open (everybody).",
        |c, v| put(&mut c.registration, value::choice(v, &REGISTRATION)),
        |c| REGISTRATION.iter().find(|(_, it)| *it == c.registration).map(|(word, _)| quoted(word)),
    ),
    Setting::plain(
        "cookie_name",
        "The refresh cookie's name; over https the prefix __Host- comes by itself.",
        |c, v| put(&mut c.cookie_name, value::cookie_name(v)),
        |c| Some(quoted(&c.cookie_name)),
    ),
    Setting::plain(
        "name",
        "The service's name, for people. No password may be it.",
        |c, v| put(&mut c.name, value::line(v, 64)),
        |c| Some(quoted(&c.name)),
    ),
    Setting::plain(
        "accent",
        "The colour of buttons and links on the pages, as # and six hexadecimal digits.",
        |c, v| put(&mut c.accent, value::colour(v).map(Some)),
        |c| c.accent.as_ref().map(quoted),
    )
    .sample("\"#2f5d50\""),
    Setting::plain(
        "logo",
        "The logo on the pages: an SVG or PNG file of at most 256 KiB.",
        |c, v| put(&mut c.logo, value::line(v, 4096).map(|path| Some(path.into()))),
        |c| c.logo.as_ref().map(|path| quoted(path.display())),
    )
    .sample("\"/etc/doorward/logo.svg\""),
    Setting::plain(
        "demo",
        "Whether /demo shows a small application that lives on this server's tokens.",
        |c, v| put(&mut c.demo, value::yes_or_no(v)),
        |c| Some(c.demo.to_string()),
    ),
    Setting::plain(
        "log",
        "What is logged: off, error, warn, info, debug or trace, and target=level for parts.",
        |c, v| put(&mut c.log, value::log_filter(v)),
        |c| Some(quoted(&c.log)),
    ),
    Setting {
        key: "master_key",
        help: "Seals the stored keys, in place of doorward.key: 32 bytes as base64 or hex; best in DOORWARD_MASTER_KEY_FILE.",
        sample: "\"…\"",
        kind: Kind::Secret {
            set: |c, given| put(&mut c.master_key, secrets::master_key(given).map(Some)),
            is_set: |c| c.master_key.is_some(),
        },
    },
    Setting::plain(
        "tokens.access_ttl",
        "How long an access token is good: 10s to 24h.",
        |c, v| put(&mut c.tokens.access_ttl, value::span(v, 10..=DAY)),
        |c| Some(quoted(value::shown(c.tokens.access_ttl))),
    ),
    Setting::plain(
        "tokens.algorithm",
        "What signs access tokens: ES256, EdDSA, RS256 or HS256.",
        |c, v| put(&mut c.tokens.algorithm, value::choice(v, &ALGORITHMS)),
        |c| Some(quoted(c.tokens.algorithm.word())),
    ),
    Setting {
        key: "tokens.hs256_secret",
        help: "The secret shared with your services, for HS256 alone: 32 bytes or more as base64.",
        sample: "\"…\"",
        kind: Kind::Secret {
            set: |c, given| put(&mut c.tokens.hs256_secret, secrets::hs256(given).map(Some)),
            is_set: |c| c.tokens.hs256_secret.is_some(),
        },
    },
    Setting::plain(
        "tokens.issuer",
        "Who issues tokens: their iss. Without it public_url, else http://localhost:{port}.",
        |c, v| put(&mut c.tokens.issuer, value::issuer(v).map(Some)),
        |c| c.tokens.issuer.as_ref().map(quoted),
    )
    .sample("\"https://auth.example.com\""),
    Setting::plain(
        "tokens.audience",
        "Whom access tokens are for: their aud.",
        |c, v| put(&mut c.tokens.audience, value::line(v, 255)),
        |c| Some(quoted(&c.tokens.audience)),
    ),
    Setting::plain(
        "refresh.idle_ttl",
        "How long a session lives without a refresh: 10s to 400d.",
        |c, v| put(&mut c.refresh.idle_ttl, value::span(v, 10..=400 * DAY)),
        |c| Some(quoted(value::shown(c.refresh.idle_ttl))),
    ),
    Setting::plain(
        "refresh.absolute_ttl",
        "How long a session lives at most: from idle_ttl to 400d.",
        |c, v| put(&mut c.refresh.absolute_ttl, value::span(v, 10..=400 * DAY)),
        |c| Some(quoted(value::shown(c.refresh.absolute_ttl))),
    ),
    Setting::plain(
        "refresh.grace",
        "How long a spent refresh token still gets the same answer, for tabs that ask at once: 0 to 60s.",
        |c, v| put(&mut c.refresh.grace, value::span(v, 0..=60)),
        |c| Some(quoted(value::shown(c.refresh.grace))),
    ),
    Setting::plain(
        "refresh.late_recovery",
        "How long the same device may still ask for an answer that it never got: 0 to 7d.",
        |c, v| put(&mut c.refresh.late_recovery, value::span(v, 0..=7 * DAY)),
        |c| Some(quoted(value::shown(c.refresh.late_recovery))),
    ),
    Setting::plain(
        "passwords.min_length",
        "The shortest new password, in characters: 6 to 64. NIST asks 15 where it is the only factor.",
        |c, v| put(&mut c.passwords.min_length, value::whole(v, 6..=64)),
        |c| Some(c.passwords.min_length.to_string()),
    ),
    Setting::plain(
        "passwords.bcrypt_cost",
        "The cost of a hash, 10 to 15: each step doubles the time of a sign-in.",
        |c, v| put(&mut c.passwords.bcrypt_cost, value::whole(v, 10..=15)),
        |c| Some(c.passwords.bcrypt_cost.to_string()),
    ),
    Setting::plain(
        "limits.login",
        "Failures of one address and account: that many at once, then one each window/n.",
        |c, v| put(&mut c.limits.login, value::rate(v)),
        |c| Some(rate(c.limits.login)),
    ),
    Setting::plain(
        "limits.login_address",
        "Attempts of one address, whatever the account.",
        |c, v| put(&mut c.limits.login_address, value::rate(v)),
        |c| Some(rate(c.limits.login_address)),
    ),
    Setting::plain(
        "limits.account_failures",
        "Failures of one account in a row before each costs a wait that doubles: 1 to 100.",
        |c, v| put(&mut c.limits.account_failures, value::whole(v, 1..=100)),
        |c| Some(c.limits.account_failures.to_string()),
    ),
    Setting::plain(
        "events.keep",
        "How long the log of events goes back: 1d to 3650d.",
        |c, v| put(&mut c.events.keep, value::span(v, DAY..=3650 * DAY)),
        |c| Some(quoted(value::shown(c.events.keep))),
    ),
    Setting::plain(
        "dev.users",
        "Whom `serve --dev` knows, and nobody else does; without it ann (an admin), bob and eve (disabled).",
        |c, v| put(&mut c.dev_users, dev::users(v)),
        |c| (!c.dev_users.is_empty()).then(|| dev::shown(&c.dev_users)),
    )
    .sample("[{ email = \"zoe@example.com\", password = \"zoe\", role = \"admin\", disabled = false }]"),
];

fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

/// As a TOML text. JSON's escapes are among those of TOML.
pub(crate) fn quoted(value: impl ToString) -> String {
    serde_json::Value::from(value.to_string()).to_string()
}

fn list<T: ToString>(values: &[T]) -> String {
    let values: Vec<_> = values.iter().map(|value| quoted(value.to_string())).collect();
    format!("[{}]", values.join(", "))
}

fn rate(rate: Rate) -> String {
    quoted(format!("{}/{}", rate.burst, value::shown(rate.window)))
}
