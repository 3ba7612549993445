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
use crate::domain::key::{Algorithm, KeyUse, SealedKey, signing};
use crate::ops::keys::KeyMaker;
use crate::ops::start::proven_master;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// List the keys that sign tokens, those that will, and those that still check them
    List(List),
    /// Let the next keys sign; tokens under the old ones stay good until they run out
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
    state: &'static str,
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
            output::json(&keys.iter().map(|key| view(key, &keys)).collect::<Vec<_>>())?;
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
    desk.write(&maker.rotation(&have, algorithm)?)?;
    let live: Vec<_> = desk.read(|rows| rows.keys())?.into_iter().filter(SealedKey::is_live).collect();
    output::line(table(&live))?;
    output::note("these sign from now on, or are next; a running server takes them up within a second");
    if signing(&live, KeyUse::Access).is_some_and(|signs| have.iter().all(|key| key.kid != signs.kid)) {
        output::note(
            "none was waiting: what checks tokens by itself has to fetch the new key from /.well-known/jwks.json",
        );
    }
    if algorithm == Algorithm::HS256 {
        output::note("access tokens stay signed with tokens.hs256_secret; to change that, change the setting");
    }
    Ok(())
}

fn table(keys: &[SealedKey]) -> Table<6> {
    let mut table = Table::new(["KID", "USE", "ALGORITHM", "STATE", "MADE", "RETIRED"]);
    for key in keys {
        let View { kid, r#use, algorithm, state, created_at, retired_at } = view(key, keys);
        let retired = retired_at.map(Timestamp::rfc3339).unwrap_or_default();
        let [kid, purpose, algorithm, state] = [kid, r#use, algorithm, state].map(str::to_owned);
        table.row([kid, purpose, algorithm, state, created_at.rfc3339(), retired]);
    }
    table
}

fn view<'a>(key: &'a SealedKey, keys: &[SealedKey]) -> View<'a> {
    let state = match signing(keys, key.purpose) {
        _ if !key.is_live() => "retired",
        Some(signs) if signs == key => "signs",
        _ => "next",
    };
    View {
        kid: key.kid.as_str(),
        r#use: key.purpose.word(),
        algorithm: key.algorithm.word(),
        state,
        created_at: key.created_at,
        retired_at: key.retired_at,
    }
}
