//! What is measured, in this order.

mod check;
mod growth;
mod idle;
mod limits;
mod login;
mod refresh;
mod start;

use std::time::Duration;

use crate::figures::Figures;
use crate::house::House;
use crate::progress::Progress;
use crate::report::Report;

/// A part that can be run alone.
pub struct Section {
    /// Its name on the command line.
    pub name: &'static str,
    /// About how long it takes.
    pub seconds: u32,
    /// Does it.
    pub run: fn(&mut Town, &mut Report, &mut Progress),
}

/// All of them.
pub fn all() -> Vec<Section> {
    vec![
        Section { name: "limits", seconds: 5, run: limits::run },
        Section { name: "start", seconds: 8, run: start::run },
        Section { name: "refresh", seconds: 55, run: refresh::run },
        Section { name: "check", seconds: 50, run: check::run },
        Section { name: "login", seconds: 40, run: login::run },
        Section { name: "idle", seconds: 12, run: idle::run },
        Section { name: "growth", seconds: 130, run: growth::run },
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
