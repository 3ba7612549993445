//! Settings: defaults, then `config.toml`, then a systemd credential, then the environment with its `_FILE`
//! twins, then the command line; each above wins. `table` lists them all.
//!
//! What is here is checked; whoever reads it checks nothing again. Bounds hold for what was loaded and not
//! for a [`Config`] that was built in code.

pub mod dev;
mod environment;
pub mod error;
mod file;
mod layer;
pub mod loaded;
mod names;
pub mod origin;
mod secrets;
mod table;
mod value;
pub mod warning;
mod warnings;

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::base::secret::Secret;
use crate::base::time::Ttl;
use crate::config::dev::{Dev, DevUser};
use crate::config::error::Error;
use crate::config::loaded::Loaded;
use crate::config::origin::Origin;
use crate::config::table::{Kind, SETTINGS};
use crate::domain::key::Algorithm;
use crate::domain::lockout::Rate;

/// Everything that can be set. `Debug` hides the secrets.
#[derive(Debug)]
pub struct Config {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// Where browsers reach this server.
    pub public_url: Option<Origin>,
    /// The folder of the database and its key; absolute once loaded.
    pub data_dir: PathBuf,
    /// Whose `X-Forwarded-*` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may call this server.
    pub allowed_origins: Vec<Origin>,
    /// Who may register.
    pub registration: Registration,
    /// The refresh cookie's name, without prefix.
    pub cookie_name: String,
    /// The service's name, for people.
    pub name: String,
    /// The colour of the pages: `#` and six hexadecimal digits.
    pub accent: Option<String>,
    /// An SVG or PNG file, the logo of the pages.
    pub logo: Option<PathBuf>,
    /// Whether there is a `/demo`.
    pub demo: bool,
    /// A filter of the log, as `tracing_subscriber::filter::Targets` reads it.
    pub log: String,
    /// What seals stored keys, where `doorward.key` doesn't hold it.
    pub master_key: Option<Secret<[u8; 32]>>,
    /// Access tokens.
    pub tokens: Tokens,
    /// Refresh tokens and sessions.
    pub refresh: Refresh,
    /// Passwords.
    pub passwords: Passwords,
    /// What slows guessers down.
    pub limits: Limits,
    /// The log of events.
    pub events: Events,
    /// The users of the development stub; nobody's in earnest.
    pub dev_users: Vec<DevUser>,
    /// Whether this is the development stub. No setting can say so.
    pub dev: Option<Dev>,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Only those whom an admin invites.
    Closed,
    /// Everybody.
    Open,
}

/// Access tokens.
#[derive(Debug)]
pub struct Tokens {
    /// How long one is good.
    pub access_ttl: Ttl,
    /// What signs new ones.
    pub algorithm: Algorithm,
    /// The secret for HS256: there wherever the algorithm is that; 32 bytes or more.
    pub hs256_secret: Option<Secret<Vec<u8>>>,
    /// Their `iss`, where it isn't the public URL: [`Config::issuer`].
    pub issuer: Option<String>,
    /// Their `aud`.
    pub audience: String,
}

/// Refresh tokens and sessions.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// How long a session lives without a refresh.
    pub idle_ttl: Ttl,
    /// How long it lives at most; not shorter than that.
    pub absolute_ttl: Ttl,
    /// How long a spent token still gets the same answer.
    pub grace: Ttl,
    /// How long the same device may still ask for an answer that it never got.
    pub late_recovery: Ttl,
}

/// Passwords.
#[derive(Clone, Copy, Debug)]
pub struct Passwords {
    /// The shortest new one, in characters.
    pub min_length: u32,
    /// The cost of new hashes.
    pub bcrypt_cost: u32,
}

/// What slows guessers down.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failures of one address and account.
    pub login: Rate,
    /// Attempts of one address, whatever the account.
    pub login_address: Rate,
    /// Failures of one account in a row that cost no wait.
    pub account_failures: u32,
}

/// The log of events.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// How far it goes back.
    pub keep: Ttl,
}

/// The safe defaults.
impl Default for Config {
    fn default() -> Self {
        let window = Ttl::from_mins(15);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8484)),
            public_url: None,
            data_dir: PathBuf::from("."),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            registration: Registration::Closed,
            cookie_name: "refreshToken".to_owned(),
            name: "doorward".to_owned(),
            accent: None,
            logo: None,
            demo: false,
            log: "info".to_owned(),
            master_key: None,
            tokens: Tokens {
                access_ttl: Ttl::from_mins(15),
                algorithm: Algorithm::ES256,
                hs256_secret: None,
                issuer: None,
                audience: "doorward".to_owned(),
            },
            refresh: Refresh {
                idle_ttl: Ttl::from_days(7),
                absolute_ttl: Ttl::from_days(30),
                grace: Ttl::from_secs(10),
                late_recovery: Ttl::from_days(1),
            },
            passwords: Passwords { min_length: 8, bcrypt_cost: 12 },
            limits: Limits {
                login: Rate { burst: 5, window },
                login_address: Rate { burst: 50, window },
                account_failures: 10,
            },
            events: Events { keep: Ttl::from_days(90) },
            dev_users: Vec::new(),
            dev: None,
        }
    }
}

impl Config {
    /// What links are made of: `public_url`, else `http://localhost:{port}`. Never taken from a request.
    pub fn base_url(&self, port: u16) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://localhost:{port}"), ToString::to_string)
    }

    /// The `iss` of access tokens: `tokens.issuer`, else [`Config::base_url`]; the stub's is its own.
    pub fn issuer(&self, port: u16) -> String {
        if self.dev.is_some() {
            return format!("{}/dev", self.base_url(port));
        }
        self.tokens.issuer.clone().unwrap_or_else(|| self.base_url(port))
    }
}

/// What settings are made of. The process is not asked, so that tests can be anywhere.
#[derive(Default)]
pub struct Args {
    /// `--config`: a file that must be there.
    pub file: Option<PathBuf>,
    /// `--data`.
    pub data_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--dev`, and whether others may reach it: `--dev-unsafe-listen`.
    pub dev: Option<bool>,
    /// The environment: `std::env::vars_os()`.
    pub env: Vec<(OsString, OsString)>,
    /// What relative paths start from: `std::env::current_dir()`.
    pub current_dir: PathBuf,
}

impl Args {
    /// A variable that is no setting.
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_os_str())
    }
}

/// Loads the settings and checks them. The error tells everything that is wrong.
pub fn load(args: &Args) -> Result<Loaded, Error> {
    let mut problems = Vec::new();
    let arguments = environment::arguments(args, &mut problems);
    let variables = environment::variables(args, &mut problems);
    let credentials = environment::credentials(args, &mut problems);
    let (settings, path) = file::layer(args, &[&arguments, &variables], &mut problems);
    let layers = [settings, credentials, variables, arguments];
    let loaded = Loaded::merge(&layers, path, args, problems)?;
    match args.dev {
        Some(anywhere) => loaded.for_dev(anywhere),
        None => Ok(loaded),
    }
}

/// All settings with their defaults and a line of comment each: the repository's `config.toml`.
pub fn example() -> String {
    let defaults = Config::default();
    let mut text = String::from(
        "# The settings of doorward. None is needed: what stands here holds without this file too.\n\
         # Each is also a variable, which wins: tokens.access_ttl is DOORWARD_TOKENS__ACCESS_TTL; and\n\
         # DOORWARD_TOKENS__ACCESS_TTL_FILE names a file to read the value from, as is best for secrets.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let (inside, leaf) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if inside != section {
            let _ = write!(text, "\n[{inside}]");
            section = inside;
        }
        let value = match setting.kind {
            Kind::Plain { get, .. } => get(&defaults),
            Kind::Secret { .. } => None,
        };
        let line = value.map_or_else(|| format!("# {leaf} = {}", setting.sample), |value| format!("{leaf} = {value}"));
        let _ = write!(text, "\n# {}\n{line}\n", setting.help);
    }
    text
}

#[cfg(test)]
mod tests;
