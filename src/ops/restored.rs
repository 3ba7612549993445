//! A backup becomes the database: nothing that was ended since it was made comes to life again.

use crate::base::entropy::{Entropy, bytes};
use crate::base::id::DatabaseId;
use crate::base::time::Timestamp;
use crate::config::Config;
use crate::crypto::seal::MasterKey;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::key::Algorithm;
use crate::domain::reason::Reason;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::keys::{KeyMaker, PutKeys};
use crate::ops::start::{StartError, proven_master};
use crate::store;
use crate::store::op::Op;
use crate::store::sqlite::beside::Beside;
use crate::store::sqlite::copy;
use crate::store::sqlite::draft::Draft;
use crate::store::sqlite::replace::Known;
use crate::store::tx::Tx;

/// Raises the epoch above all that is known of, by a number that nobody can guess (two restores of one
/// backup must not come to the same), voids all links, begins new keys and clears the stamp.
pub(super) struct BeginAnew {
    keys: PutKeys,
    /// Of the file that is replaced, where there is one.
    replaced: Option<Known>,
    /// Only where the file is stamped: another process may have been here before.
    only_stamped: bool,
    above: u32,
    now: Timestamp,
}

impl BeginAnew {
    /// For a stamped file that lies where the database is.
    pub(super) fn where_stamped(maker: &KeyMaker<'_>, algorithm: Algorithm) -> Result<Self, StartError> {
        let above = u32::from_be_bytes(bytes(maker.entropy).map_err(Error::from)?);
        let keys = maker.all_new(algorithm)?;
        Ok(Self { keys, replaced: None, only_stamped: true, above, now: maker.now })
    }

    /// For any file that takes the place of another.
    fn in_place_of(replaced: Option<Known>, maker: &KeyMaker<'_>, algorithm: Algorithm) -> Result<Self, StartError> {
        Ok(Self { replaced, only_stamped: false, ..Self::where_stamped(maker, algorithm)? })
    }
}

impl Op for BeginAnew {
    type Out = bool;

    /// Whether it had to.
    fn run(&self, tx: &mut dyn Tx) -> Result<bool, store::error::Error> {
        let stamp = tx.stamp()?;
        if self.only_stamped && stamp.is_none() {
            return Ok(false);
        }
        if let Some(known) = self.replaced {
            tx.lengthen_access_ttl(known.longest_access_ttl)?;
        }
        let highest = self.replaced.map_or(0, |known| known.epoch).max(tx.meta()?.epoch);
        let beyond = || store::error::Error::Corrupt { table: "meta", column: "epoch", id: "1".to_owned() };
        let epoch = highest.checked_add(1 + i64::from(self.above)).ok_or_else(beyond)?;
        ending::raise_epoch_to(tx, epoch, Reason::Restored, self.now)?;
        tx.void_all_links()?;
        self.keys.run(tx)?;
        let event = Event::new(self.now, Kind::Restored);
        match stamp {
            Some(made) => {
                tx.clear_stamp()?;
                tx.record(&event.fact(Fact::Backup { made_at: made.rfc3339() }))?;
            }
            None => tx.record(&event)?,
        }
        Ok(true)
    }
}

/// For a command that opens the database: where it is a backup that somebody put in its place, it becomes
/// the database. Says whether it did.
pub fn begin_anew_where_stamped(
    db: &Beside,
    config: &Config,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<bool, StartError> {
    let (stamp, database, have) = db.read(|rows| Ok((rows.stamp()?, rows.meta()?.database, rows.keys()?)))?;
    if stamp.is_none() {
        return Ok(false);
    }
    let master = proven_master(config, database, &have)?;
    let maker = KeyMaker { master: &master, database, now, entropy, dev: false };
    Ok(db.run(&BeginAnew::where_stamped(&maker, config.tokens.algorithm)?)?)
}

/// For a restore: a draft becomes what may take the place of a database, before it does.
pub fn begin_anew_in_draft(
    draft: &Draft,
    (master, database): (&MasterKey, DatabaseId),
    replaced: Option<Known>,
    algorithm: Algorithm,
    (now, entropy): (Timestamp, &dyn Entropy),
) -> Result<(), StartError> {
    let maker = KeyMaker { master, database, now, entropy, dev: false };
    copy::run(draft, &BeginAnew::in_place_of(replaced, &maker, algorithm)?)?;
    Ok(())
}
