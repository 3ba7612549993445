//! What is measured, in this order.

mod check;
mod growth;
mod idle;
mod limits;
mod login;
mod purge;
mod refresh;
mod start;
mod stub;
mod weight;

use std::time::Duration;

use crate::figures::Figures;
use crate::house::House;
use crate::progress::Progress;
use crate::report::Report;

/// The server: a block of tables.
pub const SERVER: &str = "bench";

/// The development stub: another.
const STUB: &str = "bench-stub";

/// What a profiler is to look on: no block, since its figures are those of the others.
pub const STEADY: &str = "bench-steady";

/// A million dead sessions: another.
const PURGE: &str = "bench-purge";

/// What the program is made of: another.
const WEIGHT: &str = "bench-weight";

/// A part that can be run alone.
pub struct Section {
    /// Its name on the command line.
    pub name: &'static str,
    /// The block of tables that its figures go to, as the README calls it.
    pub block: &'static str,
    /// About how long it takes.
    pub seconds: u32,
    /// Whether it runs only where it is named: the others keep to five minutes.
    pub named_only: bool,
    /// Does it.
    pub run: fn(&mut Town, &mut Report, &mut Progress),
}

impl Section {
    /// Whether it runs where these are named.
    pub fn is_asked(&self, names: &[String]) -> bool {
        if names.is_empty() { !self.named_only } else { names.iter().any(|name| name == self.name) }
    }
}

/// All of them.
pub fn all() -> Vec<Section> {
    let section = |block, name, seconds, run| Section { name, block, seconds, named_only: false, run };
    vec![
        section(SERVER, "limits", 5, limits::run),
        section(SERVER, "start", 8, start::run),
        section(SERVER, "refresh", 55, refresh::run),
        section(SERVER, "check", 50, check::run),
        section(SERVER, "login", 40, login::run),
        section(SERVER, "idle", 12, idle::run),
        section(SERVER, "growth", 130, growth::run),
        Section { named_only: true, ..section(STEADY, "steady", 30, refresh::steady) },
        Section { named_only: true, ..section(PURGE, "purge", 200, purge::run) },
        Section { named_only: true, ..section(STUB, "stub", 30, stub::run) },
        Section { named_only: true, ..section(WEIGHT, "weight", 300, weight::run) },
    ]
}

/// What sections share.
#[derive(Default)]
pub struct Town {
    small: Option<House>,
}

impl Town {
    /// 100,000 sessions of 50,000 users.
    pub fn small(&mut self, progress: &Progress) -> &House {
        self.small.get_or_insert_with(|| {
            progress.say("filling a database with 100,000 sessions");
            House::new([50_000, 100_000, 0], |_| {})
        })
    }
}

/// So often a pair is measured, in turn.
const TIMES: usize = 5;

/// How long one run of a pair takes.
const LENGTH: Duration = Duration::from_millis(1500);

/// A run and the limit that it is held to, measured in turn: the median of the ratios, and all runs.
fn in_turn(mut limit: impl FnMut() -> f64, mut run: impl FnMut() -> Figures) -> (f64, Vec<f64>, Vec<Figures>) {
    let (mut limits, mut runs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let (most, figures) = (limit(), run());
        ratios.push(figures.rate / most);
        limits.push(most);
        runs.push(figures);
    }
    (crate::figures::median(ratios), limits, runs)
}
