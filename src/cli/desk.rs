//! What a command works with: the settings, and the database beside a running server or without one.

use crate::base::entropy::SystemEntropy;
use crate::base::time::{Clock, SystemClock, Timestamp};
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::config::Config;
use crate::domain::email::Email;
use crate::domain::session::Policy;
use crate::ops::restored::begin_anew_where_stamped;
use crate::ops::{self, settings};
use crate::store;
use crate::store::op::Op;
use crate::store::rows::{Rows, User};
use crate::store::sqlite::beside::{Beside, TakenUp};
use crate::store::sqlite::{open, source};

/// How many addresses are looked at for one like that asked for.
const SIMILAR: u32 = 1_000;

/// How many letters may differ for it.
const LETTERS: usize = 3;

/// The settings and the database that they name, which is there.
pub(super) struct Desk {
    pub(super) config: Config,
    db: Beside,
}

impl Desk {
    /// Opens the database, and says which.
    pub(super) fn open(place: &Place) -> Result<Self, Error> {
        let config = place.load(None, None)?.config;
        let path = config.data_dir.join(open::FILE);
        output::note(format_args!("database: {}", path.display()));
        source::refuse_stray_wal(&path)?;
        let db = Beside::open(&config.data_dir)?;
        match db.read(|rows| rows.meta()) {
            Err(store::error::Error::Unexpected { .. }) => {
                let text = "never came to an end; `doorward serve` finishes it";
                return Err(Error::Failed(format!("the first start of {} {text}", path.display())));
            }
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        if begin_anew_where_stamped(&db, &config, SystemClock.now(), &SystemEntropy::default())? {
            output::note("it is a backup that was put in its place: everybody is signed out now, all links are void");
        }
        Ok(Self { config, db })
    }

    /// The wall clock; asked once for what is done together.
    #[expect(clippy::unused_self, reason = "only who has a desk may act")]
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Today's settings for sessions.
    pub(super) fn policy(&self) -> Policy {
        settings::policy(&self.config)
    }

    /// Where links lead: to the running server, whatever it was told of where it listens.
    pub(super) fn base_url(&self) -> Result<String, Error> {
        let of_server = if self.db.is_served() { self.read(|rows| rows.base_url())? } else { None };
        Ok(of_server.unwrap_or_else(|| self.config.base_url(self.config.listen.port())))
    }

    /// Looks.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&dyn Rows) -> Result<T, store::error::Error>,
    ) -> Result<T, store::error::Error> {
        self.db.read(read)
    }

    /// Runs an operation that has no rules of its own.
    pub(super) fn write<O: Op>(&self, op: &O) -> Result<O::Out, Error> {
        Ok(self.db.run(op)?)
    }

    /// Runs an operation.
    pub(super) fn run<T, O>(&self, op: &O) -> Result<T, Error>
    where
        O: Op<Out = Result<T, ops::error::Error>>,
    {
        Ok(self.db.run(op)??)
    }

    /// The user of this address.
    pub(super) fn user(&self, email: &Email) -> Result<User, Error> {
        let found = self.read(|rows| match rows.user_by_email(email.key())? {
            Some(user) => Ok(Ok(user)),
            None => Ok(Err(similar(rows, email)?)),
        })?;
        found.map_err(|similar| {
            let like = similar.map(|similar| format!(". Did you mean {similar}?")).unwrap_or_default();
            Error::Failed(format!("no user has the address {}; `doorward user list` shows them{like}", email.as_str()))
        })
    }

    /// Waits until the running server refuses what this command ended.
    pub(super) fn taken_up(&self) -> Result<TakenUp, Error> {
        Ok(self.db.await_server()?)
    }

    /// Waits for it, and says so.
    pub(super) fn await_server(&self) -> Result<(), Error> {
        tell(self.taken_up()?)
    }
}

/// Says what came of waiting for the running server.
pub(super) fn tell(taken_up: TakenUp) -> Result<(), Error> {
    match taken_up {
        TakenUp::NoServer => output::note("no server runs on this database; the next one refuses what was ended"),
        TakenUp::Yes => output::note("the running server refuses what was ended from now on"),
        TakenUp::NoWord => return Err(Error::NoWord),
    }
    Ok(())
}

/// The address that was likely meant: one that begins alike and differs by a few letters.
fn similar(rows: &dyn Rows, email: &Email) -> Result<Option<String>, store::error::Error> {
    let key = email.key().as_str();
    let first: String = key.chars().take(1).collect();
    let near = |user: &User| strsim::damerau_levenshtein(key, &user.email_key);
    let users = rows.users(&first, "", SIMILAR)?;
    let nearest = users.into_iter().min_by_key(near).filter(|user| near(user) <= LETTERS);
    Ok(nearest.map(|user| user.email))
}
