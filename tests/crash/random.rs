//! The binary as it is shipped, killed at any moment.

use std::time::Duration;

use crate::chance::{Chance, rounds};
use crate::crowd::{Crowd, start};
use crate::cut;
use crate::real::Site;

/// So many kills on one database; then another is begun.
const PER_SITE: u64 = 10;

#[tokio::test]
async fn a_kill_loses_nothing_that_was_told_and_revives_nothing_that_was_ended() {
    let mut chance = Chance::new();
    let mut left = rounds();
    while left > 0 {
        let site = Site::new();
        let server = start(&site, "0s");
        let mut crowd = Crowd::new(&server.api()).await;
        server.stop();
        for round in 0..left.min(PER_SITE) {
            kill_once(&site, &mut crowd, &mut chance, round).await;
        }
        left = left.saturating_sub(PER_SITE);
    }
}

async fn kill_once(site: &Site, crowd: &mut Crowd, chance: &mut Chance, round: u64) {
    // Without a grace every refresh is a write, and a parent needs a late recovery.
    let grace = if round % 3 == 2 { "10s" } else { "0s" };
    let server = start(site, grace);
    let api = server.api();
    let after = Duration::from_micros(chance.below(400_000));
    let killer = async {
        tokio::time::sleep(after).await;
        server.kill();
    };
    tokio::join!(crowd.act(&api, chance), killer);
    println!("round {round}: killed after {after:?} with a grace of {grace}");
    cut::open(site);
    let server = start(site, grace);
    crowd.check(&server.api(), chance).await;
    if chance.below(2) == 0 {
        server.stop();
    } else {
        server.kill();
    }
    cut::open(site);
}

#[tokio::test]
async fn the_default_binary_has_no_failpoints() {
    let site = Site::new();
    let server = site.starter().env("DIE_AT_FAILPOINT", "before_commit:1").start();
    server.api().setup(&server.setup_secret(), "ann@example.com").await;
    server.stop();
    let binary = std::fs::read(env!("CARGO_BIN_EXE_doorward")).unwrap();
    let name = b"DIE_AT_FAILPOINT";
    assert!(!binary.windows(name.len()).any(|bytes| bytes == name));
}
