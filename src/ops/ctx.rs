//! What every use case works in.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::entropy::Entropy;
use crate::base::id::DatabaseId;
use crate::base::time::Clock;
use crate::config::Config;
use crate::crypto::hash_pool::HashPool;
use crate::crypto::keys::Keyring;
use crate::crypto::stored_hash::Cost;
use crate::domain::password::Rules;
use crate::domain::session::Policy;
use crate::ops::activity::Activity;
use crate::ops::admin::overview::Counted;
use crate::ops::dev::Dev;
use crate::ops::guesses::Guesses;
use crate::ops::settings;
use crate::store::sqlite::handle::Store;

/// The running server, as use cases see it. Shared by all requests.
pub struct Ctx {
    /// Where everything lasting is.
    pub store: Store,
    /// The threads that hash.
    pub pool: HashPool,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives chance.
    pub entropy: Arc<dyn Entropy>,
    /// The settings.
    pub config: Arc<Config>,
    /// Counts guesses.
    pub guesses: Arc<Guesses>,
    /// `iss` of access tokens.
    pub issuer: Arc<str>,
    /// Where links lead.
    pub base_url: String,
    /// The database's name.
    pub database: DatabaseId,
    /// The master key and what it opened.
    pub keys: Keys,
    /// The highest cost of any stored password: what every refusal's time is equalised to.
    pub highest_cost: AtomicU32,
    /// The refreshes by the hour.
    pub activity: Activity,
    /// The events of hours that are over.
    pub counted: Counted,
    /// What the development stub has besides.
    pub dev: Option<Arc<Dev>>,
}

/// The keyring of the moment, and how to open the next.
pub struct Keys {
    /// Opens sealed keys.
    pub master: crate::crypto::seal::MasterKey,
    /// The settings' own secret for access tokens.
    pub hs256: Option<crate::crypto::hs256::Hs256Secret>,
    /// What signs and checks now.
    pub ring: RwLock<Keyring>,
}

impl Ctx {
    /// The keyring of the moment.
    pub fn keyring(&self) -> Keyring {
        self.keys.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Today's settings for sessions.
    pub fn policy(&self) -> Policy {
        settings::policy(&self.config)
    }

    /// The rules for new passwords.
    pub fn password_rules(&self) -> Rules {
        settings::password_rules(&self.config)
    }

    /// The cost that new hashes get.
    pub fn cost(&self) -> Cost {
        settings::cost(&self.config)
    }

    /// The cost that every check takes the time of.
    pub fn equal_cost(&self) -> Cost {
        let stored = self.highest_cost.load(Ordering::Relaxed).max(self.cost().get().into());
        Cost::try_from(stored).unwrap_or(Cost::HIGHEST)
    }

    /// A hash of this cost is stored now.
    pub fn saw_cost(&self, cost: u32) {
        self.highest_cost.fetch_max(cost, Ordering::Relaxed);
    }
}
