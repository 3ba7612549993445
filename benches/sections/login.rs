//! Sign-ins, and refreshes beside them.

use std::time::Duration;

use crate::callers::Signer;
use crate::figures::{median, median_run};
use crate::limits;
use crate::load;
use crate::progress::Progress;
use crate::report::Report;
use crate::sections::refresh::refreshers;
use crate::sections::{Town, in_turn};

/// Hashes take long: so must a run.
const LENGTH: Duration = Duration::from_secs(3);

/// As many as keep the hash threads busy, and no more than may queue.
const CONNECTIONS: u32 = 8;

/// How many users each of them signs in.
const USERS: u32 = 500;

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    let server = house.serve();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    progress.say("login, beside bcrypt on all cores");
    let mut from = 0;
    let mut signers = || {
        from += CONNECTIONS * USERS;
        (from - CONNECTIONS * USERS..from)
            .step_by(USERS as usize)
            .map(|first| Signer::new(first..first + USERS))
            .collect()
    };
    let (ratio, limits, runs) = in_turn(|| limits::bcrypt(cores, LENGTH), || load::run(&server, signers(), LENGTH).0);
    report.run("login, bcrypt cost 10", CONNECTIONS as usize, &median_run(runs));
    report.fact("bcrypt alone, cost 10, on all cores", format!("{:.1} a second", median(limits)));
    report.at_least("login, to bcrypt on all cores", ratio, 0.95);
    progress.say("refresh while logins saturate the hash threads");
    let quiet = load::run(&server, refreshers(house, 64), LENGTH).0;
    let busy = std::thread::scope(|scope| {
        let more = signers();
        let logins = scope.spawn(|| load::run(&server, more, LENGTH + Duration::from_millis(500)));
        let busy = load::run(&server, refreshers(house, 64), LENGTH).0;
        logins.join().unwrap();
        busy
    });
    report.run("refresh, quiet", 64, &quiet);
    report.run("refresh beside logins that saturate", 64, &busy);
    report.at_least("refresh beside such logins, to quiet", busy.rate / quiet.rate, 0.5);
    let p99 = |of: &crate::figures::Figures| of.quantile(0.99).as_secs_f64();
    report.at_most("the same, p99", p99(&busy) / p99(&quiet), 4.0, " times");
}
