//! `doorward admin-link`.

use crate::cli::house::{House, plain};
use crate::real::Site;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const RECOVERY: &str = "http://localhost:8484/link#SECRET";
const SETUP: &str = "http://localhost:8484/setup#SECRET";

#[test]
fn without_an_administrator_it_is_the_set_up_link() {
    let house = House::with(&[(BOB, "user")]);
    let said = house.run(&["admin-link"]);
    assert_eq!((said.status, plain(&said.out)), (0, SETUP.to_owned()));
    assert!(said.err.contains("no administrator can sign in: this is the set-up link"), "{said:?}");
    assert_eq!(house.events(1), ["link_created setup"]);
}

#[test]
fn a_disabled_administrator_is_none() {
    let house = House::with(&[(ANN, "admin")]);
    house.done(&["user", "disable", ANN, "--force"]);
    assert_eq!(plain(&house.done(&["admin-link"])), SETUP);
    let error = "ann@example.com is disabled, and no link would let them in; \
        `doorward user enable ann@example.com` comes first";
    house.fails(&["admin-link", ANN], 1, error);
}

#[test]
fn the_only_administrator_need_not_be_named() {
    let house = House::with(&[(ANN, "admin"), (BOB, "user")]);
    assert_eq!(plain(&house.done(&["admin-link"])), RECOVERY);
    assert_eq!(plain(&house.done(&["admin-link", "ANN@example.com"])), RECOVERY);
    assert_eq!(house.events(2), ["link_created recovery", "link_created recovery"]);
    let error = "bob@example.com is no administrator; `doorward user set-role bob@example.com admin` makes them one";
    house.fails(&["admin-link", BOB], 1, error);
}

#[test]
fn of_several_one_must_be_named() {
    let house = House::with(&[(ANN, "admin"), (BOB, "admin")]);
    let error = "there are several administrators; say for which:\
        \n  doorward admin-link ann@example.com\n  doorward admin-link bob@example.com";
    house.fails(&["admin-link"], 2, error);
    let json: serde_json::Value = serde_json::from_str(&plain(&house.done(&["admin-link", BOB, "--json"]))).unwrap();
    let expected = serde_json::json!({ "email": BOB, "kind": "recovery", "link": RECOVERY, "expiresAt": "TIME" });
    assert_eq!(json, expected);
}

#[test]
fn each_link_voids_the_one_before() {
    let house = House::with(&[(ANN, "admin")]);
    let hash = |url: &str| {
        let (_, secret) = url.trim().split_once('#').unwrap();
        doorward::crypto::digest::LinkSecret::parse(secret).unwrap().hash()
    };
    let links = [house.done(&["admin-link"]), house.done(&["admin-link"])];
    let found = links.map(|url| house.read(|rows| rows.link(hash(&url))).is_some());
    assert_eq!(found, [false, true]);
}

#[test]
fn beside_a_running_server_it_leads_where_that_one_listens() {
    let site = Site::new();
    let link = |args: &[&str]| {
        let said = site.typed(args, "");
        assert_eq!(said.status.code(), Some(0), "{said:?}");
        String::from_utf8(said.stdout).unwrap().split('#').next().unwrap().to_owned()
    };
    let server = site.start();
    let running = format!("http://localhost:{}", server.addr().port());
    assert_eq!(link(&["admin-link"]), format!("{running}/setup"));
    assert_eq!(link(&["user", "add", BOB]), format!("{running}/link"));
    server.stop();
    assert_eq!(link(&["user", "set-password", BOB, "--link"]), "http://localhost:0/link", "as the settings have it");
    let server = site.starter().env("DOORWARD_PUBLIC_URL", "https://auth.example.com").start();
    assert_eq!(link(&["user", "set-password", BOB, "--link"]), "https://auth.example.com/link");
    server.stop();
}
