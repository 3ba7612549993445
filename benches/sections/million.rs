//! A million sessions' refreshes, while a million dead sessions are purged, both to their end.

use std::time::{Duration, Instant};

use crate::figures::median_run;
use crate::house::House;
use crate::load;
use crate::progress::Progress;
use crate::report::{Report, grouped, millions};
use crate::sections::Town;
use crate::sections::refresh::refreshers;

/// Users, live sessions, dead ones.
const PEOPLE: [u32; 3] = [500_000, 1_000_000, 1_000_000];

/// The load is looked at after so long each time.
const SLICE: Duration = Duration::from_secs(5);

/// No more slices than this.
const SLICES: usize = 60;

pub(super) fn run(_: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = House::new(PEOPLE, |rows| {
        progress.say(&format!("filling a database with 2,000,000 sessions: {} rows", grouped(f64::from(rows))));
    });
    let server = house.serve();
    let rows = rusqlite::Connection::open(house.database()).unwrap();
    let sessions = || rows.query_row("SELECT count(*) FROM sessions", [], |row| row.get::<_, u32>(0)).unwrap();
    let (mut callers, mut refreshed, mut runs) = (refreshers(&house, 64), 0.0, Vec::new());
    let (mut begun, mut took) = (None, None);
    for slice in 1..=SLICES {
        let (before, at) = (sessions(), Instant::now());
        progress.say(&format!("{} sessions, {} refreshes", grouped(f64::from(before)), grouped(refreshed)));
        let (figures, back) = load::run(&server, callers, SLICE);
        callers = back;
        refreshed += figures.rate * SLICE.as_secs_f64();
        if sessions() < before {
            begun.get_or_insert(at);
            runs.push(figures);
        }
        if sessions() <= PEOPLE[1] && took.is_none() {
            took = begun.map(|begun: Instant| begun.elapsed());
        }
        assert!(slice < SLICES, "the purge does not come to its end");
        if took.is_some() && refreshed >= 1e6 {
            break;
        }
    }
    let most = |share| runs.iter().map(|run| run.quantile(share).as_secs_f64() * 1e3).fold(0.0, f64::max);
    report.at_most("refresh while a million dead sessions are purged, the highest p99 of 5 s", most(0.99), 20.0, " ms");
    report.at_most("the same, p99.9", most(0.999), 20.0, " ms");
    report.at_most(&format!("memory after {} refreshes", grouped(refreshed)), millions(server.memory()), 64.0, " MB");
    report.fact(
        "the purge of a million sessions beside that load",
        format!("{:.0} s", took.unwrap_or_default().as_secs_f64()),
    );
    report.run("refresh meanwhile", 64, &median_run(runs));
}
