//! Checks of access tokens.

use std::ops::Range;
use std::process::Command;

use crate::bare::{Bare, VARIABLE};
use crate::callers::Asker;
use crate::client::Connection;
use crate::figures::{Figures, median_run};
use crate::house::House;
use crate::load::{self, Caller as _};
use crate::process::Process;
use crate::progress::Progress;
use crate::report::Report;
use crate::sections::{LENGTH, Town, in_turn};

const CONNECTIONS: usize = 64;

/// How many tokens are new in each run: more than can be checked in its time.
const NEW: u32 = 60_000;

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let house = town.small(progress);
    let server = house.serve();
    let tokens = tokens(house, &server, 0..64);
    let [plain, checking] = bare(&server, &tokens[0]);
    progress.say("check, tokens seen before, beside a bare handler");
    let seen = || tokens.iter().map(|token| Asker::new(vec![token.clone()])).collect();
    let (ratio, _, runs) = in_turn(|| ask(&plain, seen()).rate, || ask(&server, seen()));
    report.run("`/auth/me`, a token seen before", CONNECTIONS, &median_run(runs));
    report.run("a bare handler", CONNECTIONS, &ask(&plain, seen()));
    report.at_least("checking a token seen before, to a bare handler", ratio, 0.85);
    progress.say("check, new tokens, beside a bare handler that checks one signature");
    let mut from = 64;
    let mut fresh = || {
        let tokens = self::tokens(house, &server, from..from + NEW);
        from += NEW;
        tokens.chunks(tokens.len().div_ceil(CONNECTIONS)).map(|some| Asker::new(some.to_vec())).collect()
    };
    let (ratio, _, runs) = in_turn(|| ask(&checking, seen()).rate, || ask(&server, fresh()));
    report.run("`/auth/me`, a new token", CONNECTIONS, &median_run(runs));
    report.run("a bare handler that checks one ES256 signature", CONNECTIONS, &ask(&checking, seen()));
    report.at_least("checking a new token, to a bare handler and one signature", ratio, 0.9);
}

/// Access tokens of these numbers, signed on all cores.
fn tokens(house: &House, server: &Process, numbers: Range<u32>) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let numbers: Vec<_> = numbers.collect();
    let (population, port) = (&house.population, server.addr.port());
    let sign = |jti: &u32| population.access_token(jti % population.sessions, port, *jti);
    std::thread::scope(|scope| {
        let parts = numbers.chunks(numbers.len().div_ceil(cores));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(sign).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// A bare handler that answers what the server answers, and one that checks the token's signature before.
fn bare(server: &Process, token: &str) -> [Process; 2] {
    let (fields, body, keys) = load::alone(async {
        let mut connection = Connection::open(server.addr).await.unwrap();
        let mut request = Vec::new();
        Asker::new(vec![token.to_owned()]).request(&mut request);
        let answer = connection.ask(&request).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (fields, body) = (answer.fields(), String::from_utf8(answer.body.to_vec()).unwrap());
        let request = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let keys = connection.ask(request).await.unwrap().body.to_vec();
        (fields, body, String::from_utf8(keys).unwrap())
    });
    [None, Some(keys)].map(|keys| {
        let bare = Bare { fields: fields.clone(), body: body.clone(), keys };
        let mut command = Command::new(std::env::current_exe().unwrap());
        Process::start(command.env(VARIABLE, serde_json::to_string(&bare).unwrap()))
    })
}

fn ask(server: &Process, callers: Vec<Asker>) -> Figures {
    load::run(server, callers, LENGTH).0
}
