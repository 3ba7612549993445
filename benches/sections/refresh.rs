//! Refreshes: each one a rotation, durable before its answer.

use std::time::Duration;

use crate::callers::Refresher;
use crate::figures::{median, median_run};
use crate::house::House;
use crate::limits::Rows;
use crate::load;
use crate::progress::Progress;
use crate::report::{Report, grouped, millions};
use crate::sections::{LENGTH, Town, in_turn};

/// What refreshes at once are held to: how many sessions share a commit, and the share of it asked for.
const HELD: [(usize, u32, f64); 2] = [(1, 1, 0.45), (64, 32, 0.55)];

/// The rest of the curve.
const CONNECTIONS: [usize; 3] = [8, 32, 256];

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    let copy = house.copy();
    let mut rows = Rows::open(&copy.path().join("doorward.db"));
    let server = house.serve();
    for (connections, together, asked) in HELD {
        progress.say(&format!("refresh, {connections} at once, beside SQLite with {together} a commit"));
        let mut callers = Some(refreshers(house, connections));
        let (ratio, limits, runs) = in_turn(
            || rows.rotate(together, LENGTH),
            || {
                let (figures, back) = load::run(&server, callers.take().unwrap(), LENGTH);
                callers = Some(back);
                figures
            },
        );
        let middle = median_run(runs);
        report.run("refresh", connections, &middle);
        report.fact(
            &format!("SQLite alone, {together} rotations a commit"),
            format!("{} a second", grouped(median(limits))),
        );
        let what = format!("refresh, {connections} at once, to SQLite alone with {together} a commit");
        report.at_least(&what, ratio, asked);
        if connections > 1 {
            let p99 = middle.quantile(0.99).as_secs_f64() * 1e3;
            report.at_most(&format!("refresh, {connections} at once, p99"), p99, 8.0, " ms");
        }
    }
    for connections in CONNECTIONS {
        progress.say(&format!("refresh, {connections} at once"));
        let (figures, _) = load::run(&server, refreshers(house, connections), Duration::from_secs(3));
        report.run("refresh", connections, &figures);
    }
    report.runs.sort_by_key(|run| run.connections);
    report.at_most("memory, the most under load", millions(server.peak()), 30.0, " MB");
}

/// The same call and nothing else for so long that a profiler can look on.
pub(super) fn steady(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    let server = house.serve();
    for connections in [1, 64] {
        progress.say(&format!("refresh, {connections} at once, for 12 seconds"));
        let (figures, _) = load::run(&server, refreshers(house, connections), Duration::from_secs(12));
        report.run("refresh", connections, &figures);
    }
}

/// As many clients, with all sessions shared out among them.
pub(super) fn refreshers(house: &House, clients: usize) -> Vec<Refresher> {
    let clients = u32::try_from(clients).unwrap();
    (0..clients).map(|client| Refresher::new(house.population.clone(), house.jar.clone(), client, clients)).collect()
}
