//! `doorward keys`: the signing keys.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::base::entropy::SystemEntropy;
use crate::base::time::Timestamp;
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::domain::key::{Algorithm, SealedKey};
use crate::ops::keys::KeyMaker;
use crate::ops::start::proven_master;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// List the keys that sign tokens, and those that still check them
    List(List),
    /// Begin new keys; tokens under the old ones stay good until they run out
    Rotate,
}

#[derive(Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    kid: &'a str,
    r#use: &'static str,
    algorithm: &'static str,
    created_at: Timestamp,
    retired_at: Option<Timestamp>,
}

impl Keys {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        match self {
            Self::List(list) => list.run(&desk),
            Self::Rotate => rotate(&desk),
        }
    }
}

impl List {
    fn run(self, desk: &Desk) -> Result<(), Error> {
        let keys = desk.read(|rows| rows.keys())?;
        if self.json {
            output::json(&keys.iter().map(view).collect::<Vec<_>>())?;
        } else {
            output::line(table(&keys))?;
        }
        if desk.config.tokens.algorithm == Algorithm::HS256 {
            output::note("access tokens are signed with tokens.hs256_secret of the settings, which is not stored");
        }
        Ok(())
    }
}

fn rotate(desk: &Desk) -> Result<(), Error> {
    let (database, have) = desk.read(|rows| Ok((rows.meta()?.database, rows.keys()?)))?;
    let master = proven_master(&desk.config, database, &have)?;
    let maker = KeyMaker { master: &master, database, now: desk.now(), entropy: &SystemEntropy::default(), dev: false };
    let algorithm = desk.config.tokens.algorithm;
    desk.write(&maker.rotation(algorithm)?)?;
    let signs = desk.read(|rows| rows.keys())?.into_iter().filter(|key| key.retired_at.is_none());
    output::line(table(&signs.collect::<Vec<_>>()))?;
    output::note("these sign from now on; a running server takes them up within a second");
    if algorithm == Algorithm::HS256 {
        output::note("access tokens stay signed with tokens.hs256_secret; to change that, change the setting");
    }
    Ok(())
}

fn table(keys: &[SealedKey]) -> Table<5> {
    let mut table = Table::new(["KID", "USE", "ALGORITHM", "MADE", "RETIRED"]);
    for key in keys {
        let View { kid, r#use, algorithm, created_at, retired_at } = view(key);
        let retired = retired_at.map(Timestamp::rfc3339).unwrap_or_default();
        table.row([kid.to_owned(), r#use.to_owned(), algorithm.to_owned(), created_at.rfc3339(), retired]);
    }
    table
}

const fn view(key: &SealedKey) -> View<'_> {
    View {
        kid: key.kid.as_str(),
        r#use: key.purpose.word(),
        algorithm: key.algorithm.word(),
        created_at: key.created_at,
        retired_at: key.retired_at,
    }
}
