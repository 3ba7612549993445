//! What a start does before the first request: the master key, the keys, the set-up link.

use std::path::{Path, PathBuf};

use crate::base::entropy::Entropy;
use crate::base::id::DatabaseId;
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::config::Config;
use crate::crypto::dev_keys;
use crate::crypto::hs256::Hs256Secret;
use crate::crypto::keys::{BadKeyring, Keyring};
use crate::crypto::master_key::{self, NoMasterKey};
use crate::crypto::seal::MasterKey;
use crate::domain::key::{Algorithm, SealedKey};
use crate::domain::link::LinkKind;
use crate::ops::dev::seed::Seed;
use crate::ops::error::Error;
use crate::ops::keys::{self, KeyError, KeyMaker};
use crate::ops::link::{self, Draft, NewLink};
use crate::ops::restored::BeginAnew;
use crate::ops::settings;
use crate::store;
use crate::store::op::Op;
use crate::store::rows::Link;
use crate::store::sqlite::handle::Opened;
use crate::store::tx::Tx;

/// The name of the master key's file.
pub const KEY_FILE: &str = "doorward.key";

/// Why a start came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No master key.
    #[error(transparent)]
    NoMasterKey(#[from] NoMasterKey),
    /// There are sealed keys, and nothing to open them with. A new key would open none of them.
    #[error(
        "{db} holds sealed keys, and there is no master key at {key}; put back the file that belongs to it \
         (it is never in a backup), or give it by DOORWARD_MASTER_KEY"
    )]
    KeyMissing {
        /// The database.
        db: PathBuf,
        /// Where the key should be.
        key: PathBuf,
    },
    /// The keys.
    #[error("{0}; the master key must be the one that this database was made with")]
    Keys(#[from] KeyError),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<store::error::Error> for StartError {
    fn from(error: store::error::Error) -> Self {
        Self::Other(error.into())
    }
}

/// What a start found or made.
pub struct Started {
    /// Opens sealed keys.
    pub master: MasterKey,
    /// The settings' own secret for access tokens.
    pub hs256: Option<Hs256Secret>,
    /// What signs and checks.
    pub ring: Keyring,
    /// The database's name.
    pub database: DatabaseId,
    /// The highest cost of any stored password.
    pub highest_cost: u32,
    /// The set-up link, where there is no administrator.
    pub setup: Option<NewLink>,
}

/// Makes what is missing and opens what is there.
pub fn start(
    opened: &Opened,
    config: &Config,
    base_url: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Started, StartError> {
    let is_new = opened.is_new()?;
    let dev = config.dev.is_some();
    let master = if dev { dev_keys::master() } else { find_master(config, is_new, entropy)? };
    if is_new {
        let database = DatabaseId::new(now, entropy).map_err(Error::from)?;
        opened.run(&Begin { database, now })?;
    }
    let (meta, mut have, admins, highest_cost) =
        opened.read(|rows| Ok((rows.meta()?, rows.keys()?, rows.admins()?, rows.highest_cost()?)))?;
    let hs256 = hs256(config);
    // Nothing is made beside keys that can't be opened.
    if !dev {
        prove(&have, &master, meta.database, hs256.as_ref())?;
    }
    let maker = KeyMaker { master: &master, database: meta.database, now, entropy, dev };
    let is_backup = opened.read(|rows| rows.stamp())?.is_some();
    if is_backup && opened.run(&BeginAnew::where_stamped(&maker, config.tokens.algorithm)?)? {
        tracing::warn!(
            "the database is a backup that was put in its place: everybody is signed out, all links are void"
        );
        have = opened.read(|rows| rows.keys())?;
    }
    let missing = maker.missing(&have, config.tokens.algorithm)?;
    if !missing.is_empty() {
        opened.run(&missing)?;
    }
    let setup = (admins.is_empty() && !dev).then(|| Draft::draw(LinkKind::Setup, None, now, entropy)).transpose()?;
    opened.run(&Ready {
        access_ttl: config.tokens.access_ttl,
        base_url: base_url.to_owned(),
        setup: setup.as_ref().map(|draft| draft.link),
    })?;
    if dev {
        opened.run(&Seed::new(&config.dev_users, settings::cost(config), now, entropy).map_err(Error::from)?)?;
    }
    let sealed = opened.read(|rows| rows.keys())?;
    let ring = keys::open(&sealed, &master, meta.database, hs256.as_ref(), dev)?;
    let setup = setup.map(|draft| draft.into_link(base_url));
    Ok(Started { master, hs256, ring, database: meta.database, highest_cost, setup })
}

/// From the settings, else from its file. A file is made with a new database and never later.
fn find_master(config: &Config, is_new: bool, entropy: &dyn Entropy) -> Result<MasterKey, StartError> {
    let path = key_path(&config.data_dir);
    let is_made = is_new && config.master_key.is_none() && !path.exists();
    if is_made { Ok(master_key::create(&path, entropy)?) } else { present_master(config) }
}

/// The master key of a database that is there already.
fn present_master(config: &Config) -> Result<MasterKey, StartError> {
    if let Some(key) = &config.master_key {
        return Ok(MasterKey::new(Secret::new(*key.expose())));
    }
    let key = key_path(&config.data_dir);
    if key.exists() {
        return Ok(master_key::read(&key)?);
    }
    Err(StartError::KeyMissing { db: config.data_dir.join(store::sqlite::open::FILE), key })
}

/// The master key of a database that has keys, once it has opened them all. Makes nothing.
pub fn proven_master(config: &Config, database: DatabaseId, have: &[SealedKey]) -> Result<MasterKey, StartError> {
    let master = present_master(config)?;
    prove(have, &master, database, hs256(config).as_ref())?;
    Ok(master)
}

/// Whether the master key opens all keys that are there. One to sign with may still be missing: where the
/// settings' own secret did that so far.
fn prove(
    have: &[SealedKey],
    master: &MasterKey,
    database: DatabaseId,
    hs256: Option<&Hs256Secret>,
) -> Result<(), StartError> {
    match Keyring::open(have, master, database, hs256) {
        Ok(_) | Err(BadKeyring::Missing(_)) => Ok(()),
        Err(bad) => Err(KeyError::from(bad).into()),
    }
}

/// Where the master key is, unless the settings give it.
pub fn key_path(data_dir: &Path) -> PathBuf {
    data_dir.join(KEY_FILE)
}

/// The settings' secret, where they ask for it.
fn hs256(config: &Config) -> Option<Hs256Secret> {
    let wanted = config.tokens.algorithm == Algorithm::HS256;
    let secret = config.tokens.hs256_secret.as_ref().filter(|_| wanted)?;
    Hs256Secret::new(Secret::new(secret.expose().clone())).ok()
}

struct Begin {
    database: DatabaseId,
    now: Timestamp,
}

impl Op for Begin {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        tx.create_meta(self.database, self.now)
    }
}

struct Ready {
    access_ttl: Ttl,
    base_url: String,
    setup: Option<Link>,
}

impl Op for Ready {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        tx.lengthen_access_ttl(self.access_ttl)?;
        tx.set_base_url(&self.base_url)?;
        match &self.setup {
            Some(link) => link::put(tx, link),
            None => Ok(()),
        }
    }
}
