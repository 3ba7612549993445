//! A million dead sessions removed under full load, while a million others are refreshed.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::house::House;
use crate::load;
use crate::progress::Progress;
use crate::report::{Report, grouped, millions};
use crate::sections::Town;
use crate::sections::refresh::refreshers;

const PEOPLE: [u32; 3] = [50_000, 1_200_000, 1_000_000];

/// So many are to be refreshed, each once.
const REFRESHED: f64 = 1e6;

const LENGTH: Duration = Duration::from_secs(10);

/// The server begins a minute after its start. By then it is under load.
const QUIET: Duration = Duration::from_secs(50);

/// It has to be done by then.
const PATIENCE: Duration = Duration::from_mins(6);

pub(super) fn run(_: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = House::new(PEOPLE, |rows| {
        progress.say(&format!("filling a database with 1,000,000 dead sessions: {} rows", grouped(f64::from(rows))));
    });
    let mut left = dead(&house);
    assert_eq!(left, PEOPLE[2]);
    let (server, begun) = (house.serve(), Instant::now());
    std::thread::sleep(QUIET);
    let (mut callers, mut first, mut p99) = (refreshers(&house, 64), None, Duration::ZERO);
    let mut refreshed = 0.0;
    while left > 0 && begun.elapsed() < PATIENCE {
        progress.say(&format!("refresh while {} dead sessions are purged", grouped(left.into())));
        let (figures, back) = load::run(&server, callers, LENGTH);
        callers = back;
        refreshed += figures.rate * LENGTH.as_secs_f64();
        left = dead(&house);
        if left < PEOPLE[2] {
            first.get_or_insert_with(Instant::now);
            p99 = p99.max(figures.quantile(0.99));
        }
        report.run(&format!("refresh until {} dead sessions are left", grouped(left.into())), 64, &figures);
    }
    assert_eq!(left, 0, "the purge did not end");
    let took = first.map_or(Duration::ZERO, |first| first.elapsed() + LENGTH);
    report.fact("a million dead sessions purged under full load, to ten seconds", format!("{} s", took.as_secs()));
    while refreshed < REFRESHED && begun.elapsed() < PATIENCE {
        progress.say("refresh after that");
        let (figures, back) = load::run(&server, callers, LENGTH);
        callers = back;
        refreshed += figures.rate * LENGTH.as_secs_f64();
        report.run("refresh after that", 64, &figures);
    }
    assert!(refreshed >= REFRESHED, "only {refreshed} were refreshed");
    report.at_most("refresh meanwhile, p99 of the worst ten seconds", p99.as_secs_f64() * 1e3, 20.0, " ms");
    let all = grouped(refreshed.min(PEOPLE[1].into()));
    report.at_most(&format!("memory after {all} sessions' refreshes"), millions(server.memory()), 64.0, " MB");
}

/// How many dead sessions there are still.
fn dead(house: &House) -> u32 {
    let conn = Connection::open_with_flags(house.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    conn.query_row("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL", [], |row| row.get(0)).unwrap()
}
