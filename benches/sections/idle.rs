//! Many connections that are kept and ask nothing.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Connection;
use crate::load;
use crate::progress::Progress;
use crate::report::{Report, millions};
use crate::sections::Town;
use crate::sections::refresh::refreshers;

const MANY: u64 = 10_000;

const LENGTH: Duration = Duration::from_secs(3);

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    let before = getrlimit(Resource::Nofile);
    let needed = MANY + 500;
    if before.maximum.is_some_and(|most| most < needed) {
        return report.fact("10,000 idle connections", "not tried: fewer files may be open here (ulimit -n)");
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), ..before }).unwrap();
    let server = house.serve();
    progress.say("refresh with no idle connection");
    let quiet = load::run(&server, refreshers(house, 64), LENGTH).0;
    let memory = server.memory();
    progress.say("refresh beside 10,000 idle connections");
    let (beside, cost) = std::thread::scope(|scope| {
        let (opened, ready) = std::sync::mpsc::channel();
        let (done, wait) = tokio::sync::oneshot::channel::<()>();
        let addr = server.addr;
        let idle = scope.spawn(move || {
            load::alone(async move {
                let mut all = Vec::new();
                for _ in 0..MANY {
                    let mut connection = Connection::open(addr).await.unwrap();
                    connection.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
                    all.push(connection);
                }
                opened.send(()).unwrap();
                let _ = wait.await;
            });
        });
        ready.recv().unwrap();
        let cost = server.memory().saturating_sub(memory);
        let beside = load::run(&server, refreshers(house, 64), LENGTH).0;
        done.send(()).unwrap();
        idle.join().unwrap();
        (beside, cost)
    });
    report.run("refresh beside 10,000 idle connections", 64, &beside);
    report.at_most("10,000 idle connections, memory", millions(cost), 200.0, " MB");
    report.at_least("refresh beside them, to without", beside.rate / quiet.rate, 0.9);
}
