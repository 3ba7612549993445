//! The development stub, `serve --dev`: what holds there in place of the settings, and whom it knows.

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

use crate::base::time::Ttl;
use crate::config::Config;
use crate::config::error::{Error, Problem, Source};
use crate::config::loaded::Loaded;
use crate::config::table::quoted;
use crate::config::value::{text, yes_or_no};
use crate::domain::email::Email;
use crate::domain::lockout::Rate;
use crate::domain::password::Typed;
use crate::domain::user::Role;

/// The cost of its hashes: the least that bcrypt knows.
const COST: u32 = 4;

/// What is let through where there is no limit: a million at once, then one each millisecond.
const UNLIMITED: Rate = Rate { burst: 1_000_000, window: Ttl::from_secs(1_000) };

/// How the stub was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dev {
    /// Whether its folder stays when it stops: `--data` names one.
    pub keeps: bool,
    /// Whether it may listen where others reach it: `--dev-unsafe-listen`.
    pub anywhere: bool,
}

/// Somebody whom the stub knows from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevUser {
    /// The address.
    pub email: Email,
    /// The password, which the sign-in page shows.
    pub password: String,
    /// The role.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
}

impl Config {
    /// The settings of a stub that nothing was set for: for tests in the same process.
    pub fn of_dev() -> Self {
        let mut config = Self { listen: ([127, 0, 0, 1], 0).into(), ..Self::default() };
        config.become_dev(Dev::default(), false);
        config
    }

    /// Puts what the stub needs in place of what servers in earnest have; limits stay where others than the usual ones
    /// were set, and the demo where something was said of it.
    fn become_dev(&mut self, dev: Dev, demo_is_set: bool) {
        self.dev = Some(dev);
        self.public_url = None;
        self.master_key = None;
        self.tokens.hs256_secret = None;
        self.tokens.issuer = None;
        self.passwords.bcrypt_cost = COST;
        self.demo |= !demo_is_set;
        // What says the default, as the file that lists all settings does, asks for nothing.
        let (limits, defaults) = (&mut self.limits, Self::default().limits);
        for (rate, default) in
            [(&mut limits.login, defaults.login), (&mut limits.login_address, defaults.login_address)]
        {
            if *rate == default {
                *rate = UNLIMITED;
            }
        }
        if limits.account_failures == defaults.account_failures {
            limits.account_failures = u32::MAX;
        }
        if self.dev_users.is_empty() {
            self.dev_users = [("ann", "admin", false), ("bob", "user", false), ("eve", "user", true)]
                .into_iter()
                .filter_map(|(name, role, disabled)| known(name, role, disabled))
                .collect();
        }
    }
}

fn known(name: &str, role: &str, disabled: bool) -> Option<DevUser> {
    let email = Email::parse(&format!("{name}@example.com")).ok()?;
    Some(DevUser { email, password: name.to_owned(), role: role.parse().ok()?, disabled })
}

impl Loaded {
    /// The same for the stub. Its folder is none of the settings': only an argument may name one.
    pub(crate) fn for_dev(mut self, anywhere: bool) -> Result<Self, Error> {
        let listen = self.config.listen;
        if !listen.ip().to_canonical().is_loopback() && !anywhere {
            let what = "`serve --dev` signs anybody in: it listens on 127.0.0.1 or [::1]; where others must reach it, \
                        and none of them is a stranger, say --dev-unsafe-listen";
            Error::unless_empty(vec![Problem::of(self.source("listen").clone(), "listen", what)])?;
        }
        let keeps = matches!(self.source("data_dir"), Source::Argument(_));
        let demo_is_set = *self.source("demo") != Source::Default;
        self.config.become_dev(Dev { keeps, anywhere }, demo_is_set);
        Ok(self)
    }
}

/// A list of tables; in a variable as TOML.
pub(crate) fn users(value: &Value) -> Result<Vec<DevUser>, String> {
    let form = "must be a list such as [{ email = \"zoe@example.com\", password = \"zoe\", role = \"admin\" }]";
    let from_text = |text: &str| Toml::from_str::<Dict>(&format!("list = {text}")).ok()?.remove("list");
    let value = value.as_str().map_or_else(|| Some(value.clone()), from_text).ok_or(form)?;
    let mut users: Vec<DevUser> = Vec::new();
    for (at, entry) in value.as_array().ok_or(form)?.iter().enumerate() {
        let user = user(entry).map_err(|bad| format!("entry {}: {bad}", at + 1))?;
        if users.iter().any(|known| known.email.key() == user.email.key()) {
            return Err(format!("entry {}: the address is there already", at + 1));
        }
        users.push(user);
    }
    Ok(users)
}

fn user(entry: &Value) -> Result<DevUser, String> {
    let dict = entry.as_dict().ok_or("must be a table with email and password")?;
    if let Some(key) = dict.keys().find(|key| !["email", "password", "role", "disabled"].contains(&key.as_str())) {
        return Err(format!("{key} is none of email, password, role and disabled"));
    }
    let get = |key: &str| dict.get(key).map(text).transpose().map_err(|bad| format!("{key} {bad}"));
    let email = Email::parse(get("email")?.ok_or("email is missing")?).map_err(|bad| format!("email: {bad}"))?;
    // Without a password it is the name.
    let name = email.as_str().split('@').next().unwrap_or_default();
    let password = get("password")?.unwrap_or(name).to_owned();
    Typed::parse(&password).map_err(|bad| format!("password: {bad}"))?;
    let role = get("role")?.unwrap_or("user").parse().map_err(|bad| format!("role: {bad}"))?;
    let disabled = dict.get("disabled").map(yes_or_no).transpose().map_err(|bad| format!("disabled {bad}"))?;
    Ok(DevUser { email, password, role, disabled: disabled.unwrap_or_default() })
}

/// As `config show` prints them: the passwords are not needed there.
pub(crate) fn shown(users: &[DevUser]) -> String {
    let one = |user: &DevUser| {
        let (email, role) = (quoted(user.email.as_str()), quoted(user.role.as_str()));
        format!("{{ email = {email}, role = {role}, disabled = {} }}", user.disabled)
    };
    format!("[{}]", users.iter().map(one).collect::<Vec<_>>().join(", "))
}
