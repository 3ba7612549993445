//! The database: whether it opens, whether the master key fits, whether the clock went back, who signed in from
//! where. Whether it is whole is for `doorward check`.

use std::path::Path;

use crate::base::time::{Timestamp, Ttl};
use crate::config::Config;
use crate::config::origin::Origin;
use crate::domain::key::{KeyUse, SealedKey};
use crate::ops::check::{Which, way_back};
use crate::ops::doctor::files::quoted;
use crate::ops::doctor::{Finding, clients};
use crate::ops::start::proven_master;
use crate::store;
use crate::store::rows::Meta;
use crate::store::sqlite::check::{Problem, identify, is_current};
use crate::store::sqlite::open;
use crate::store::sqlite::source::{Source, Stop};

/// So far may a clock be set back unnoticed.
const SLACK: Ttl = Ttl::from_mins(1);

/// What is told apart by, from outside: the names of the public keys.
type Kids = Vec<String>;

/// Looks into the database, which is not written to. Also gives the names of the keys that check access tokens.
pub(super) fn look(config: &Config, url: Option<&Origin>, now: Timestamp) -> (Vec<Finding>, Kids) {
    let path = config.data_dir.join(open::FILE);
    let opened = Source::open(&path, &Stop::default()).and_then(|source| Ok((identify(&source)?, source)));
    let source = match opened {
        Ok((schema, source)) if is_current(schema) => source,
        Ok(_) => {
            let text = format!("{} is of an older version, and nothing in it is looked at", path.display());
            let mend = format!("doorward serve --data {}", quoted(&config.data_dir));
            return (vec![Finding::warning("older_database", text, mend)], Vec::new());
        }
        Err(problem) => return (vec![closed(&path, &problem)], Vec::new()),
    };
    let read = source.read(|rows| Ok((rows.meta()?, rows.keys()?, clients::shared(rows, config, url)?)));
    let (meta, keys, shared) = match read {
        Ok(read) => read,
        Err(store::error::Error::Unexpected { .. }) => return (vec![closed(&path, &Problem::Unfinished)], Vec::new()),
        Err(error) => return (vec![closed(&path, &Problem::Damaged(error.to_string()))], Vec::new()),
    };
    let mut found = vec![opens(config, &meta, &keys)];
    found.extend(went_back(&meta, now));
    found.extend(shared.map(|it| Finding::warning("shared_address", it.text(), it.mend())));
    let access = keys.into_iter().filter(|key| key.purpose == KeyUse::Access);
    (found, access.map(|key| key.kid).collect())
}

fn closed(path: &Path, problem: &Problem) -> Finding {
    Finding::problem("database", format!("{}: {problem}", path.display()), way_back(problem, Which::Live))
}

fn opens(config: &Config, meta: &Meta, keys: &[SealedKey]) -> Finding {
    match proven_master(config, meta.database, keys) {
        Ok(_) => {
            Finding::ok("master_key", "the master key opens the database's keys; `doorward check` proves the rest")
        }
        Err(error) => {
            let mend = "put back the doorward.key that this database was made with; it is in no backup";
            Finding::problem("master_key", error.to_string(), mend)
        }
    }
}

fn went_back(meta: &Meta, now: Timestamp) -> Option<Finding> {
    let behind = meta.last_time - now;
    (behind > SLACK).then(|| {
        let text = format!(
            "this machine's clock is {} s behind the last time that the database knows: sessions live too long",
            behind.secs()
        );
        Finding::problem("clock", text, "timedatectl set-ntp true")
    })
}
