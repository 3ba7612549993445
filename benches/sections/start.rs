//! How small it is, and how soon it answers.

use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::figures::median;
use crate::house::{BINARY, House, scratch, serve};
use crate::load;
use crate::process::Process;
use crate::progress::Progress;
use crate::report::{Report, megabytes, millions};
use crate::sections::Town;

/// So often it is started.
const STARTS: usize = 9;

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    progress.say("start");
    let existing = (0..STARTS).map(|_| first_answer(|| house.serve())).collect();
    report.at_most("start to first answer, existing file", median(existing), 30.0, " ms");
    let fresh = || {
        let folder = scratch();
        first_answer(|| Process::start(&mut serve(folder.path(), "10s")))
    };
    report.at_most("start to first answer, new file", median((0..STARTS).map(|_| fresh()).collect()), 100.0, " ms");
    report.at_most("memory, idle", millions(idle(house)), 12.0, " MB");
    let binary = std::fs::metadata(BINARY).unwrap().len();
    report.at_most("the binary", millions(binary), 12.0, " MB");
    on_disk(house, report);
}

/// Milliseconds from its start to the first answer of `/healthz`.
fn first_answer(start: impl FnOnce() -> Process) -> f64 {
    let begun = Instant::now();
    let server = start();
    ask(&server);
    begun.elapsed().as_secs_f64() * 1e3
}

fn ask(server: &Process) {
    load::alone(async {
        let mut connection = Connection::open(server.addr).await.unwrap();
        let answer = connection.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    });
}

fn idle(house: &House) -> u64 {
    let server = house.serve();
    ask(&server);
    load::alone(async { tokio::time::sleep(Duration::from_secs(2)).await });
    server.memory()
}

fn on_disk(house: &House, report: &mut Report) {
    let file = rusqlite::Connection::open(house.database()).unwrap();
    for (what, tables) in [("user", "users%"), ("session", "sessions%")] {
        let rows = if what == "user" { house.population.users } else { house.population.sessions };
        let size = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE ?1 OR name IN
            (SELECT name FROM sqlite_schema WHERE tbl_name LIKE ?1)";
        match file.query_row(size, [tables], |row| row.get::<_, i64>(0)) {
            Ok(bytes) => report
                .fact(&format!("on disk, a {what}, with its indices"), format!("{} bytes", bytes / i64::from(rows))),
            Err(_) => report.fact("on disk, all", megabytes(std::fs::metadata(house.database()).unwrap().len())),
        }
    }
}
