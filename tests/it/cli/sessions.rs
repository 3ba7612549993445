//! `doorward sessions` and `doorward logout-all`, without a server and beside one.

use doorward::base::id::SessionId;
use doorward::domain::reason::Reason;
use doorward::store::sqlite::open::ServeLock;

use crate::cli::house::{House, plain};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const REFUSES: &str = "the running server refuses what was ended from now on\n";

fn ids(house: &House, args: &[&str]) -> Vec<String> {
    let json: Vec<serde_json::Value> = serde_json::from_str(&house.done(args)).unwrap();
    json.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn live_sessions_are_listed_newest_first() {
    let house = House::with(&[(ANN, "user"), (BOB, "user")]);
    let all = [house.sign_in(ANN, "Firefox"), house.sign_in(BOB, "evil\u{1b}[2J"), house.sign_in(ANN, "curl")];
    let [first, second, third] = all.map(|id| id.to_string());
    let table = "ID EMAIL SIGNED IN LAST USED ADDRESS USER AGENT\n\
        ID ann@example.com TIME TIME 127.0.0.1 curl\n\
        ID bob@example.com TIME TIME 127.0.0.1 evil?[2J\n\
        ID ann@example.com TIME TIME 127.0.0.1 Firefox";
    assert_eq!(plain(&house.done(&["sessions", "list"])), table);
    assert_eq!(ids(&house, &["sessions", "list", "--json"]), [third.clone(), second, first.clone()]);
    assert_eq!(ids(&house, &["sessions", "list", ANN, "--json"]), [third, first]);
}

#[test]
fn what_is_over_is_not_listed() {
    let house = House::with(&[(ANN, "user"), (BOB, "user")]);
    let ended = house.sign_in(ANN, "ended");
    house.done(&["sessions", "end", &ended.to_string()]);
    house.sign_in(BOB, "signed out");
    house.done(&["logout-all", BOB]);
    let live = house.sign_in(BOB, "live").to_string();
    assert_eq!(ids(&house, &["sessions", "list", "--json"]), [live]);
    house.done(&["logout-all", "--everyone"]);
    assert_eq!(ids(&house, &["sessions", "list", "--json"]), [""; 0]);
}

#[test]
fn a_session_ends_once() {
    let house = House::with(&[(ANN, "user")]);
    let id = house.sign_in(ANN, "Firefox");
    let name = id.to_string();
    assert_eq!(house.done(&["sessions", "end", &name]), format!("the session {name} is over\n"));
    let ended = house.read(|rows| rows.session(id)).unwrap().ended;
    assert_eq!(ended.map(|(_, reason)| reason), Some(Reason::EndedByAdmin));
    let error = format!("no session that could be ended has the id {name}; `doorward sessions list` shows them");
    house.fails(&["sessions", "end", &name], 1, &error);
}

#[test]
fn signing_out_says_how_many_sessions_ended() {
    let house = House::with(&[(ANN, "user"), (BOB, "user")]);
    for email in [ANN, ANN, BOB] {
        house.sign_in(email, "Firefox");
    }
    let out = house.done(&["logout-all", ANN]);
    assert_eq!(out, "signed out ann@example.com everywhere; 2 live sessions ended\n");
    assert_eq!(house.done(&["logout-all", "--everyone"]), "signed out everybody; 1 live session ended\n");
    let json = house.done(&["logout-all", "--everyone", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, serde_json::json!({ "email": null, "sessions": 0, "server": "none" }));
    assert_eq!(house.events(3), ["everyone_logged_out", "everyone_logged_out", "user_logged_out"]);
}

#[test]
fn a_running_server_refuses_at_once_what_a_command_ended() {
    let house = House::with(&[(ANN, "user"), (BOB, "user")]);
    let (ann, bob) = (house.sign_in(ANN, "Firefox"), house.sign_in(BOB, "Firefox"));
    let tokens = |id: SessionId| {
        let (session, epoch) = house.read(|rows| Ok((rows.session(id)?.unwrap(), rows.meta()?.epoch)));
        (session.user, id, doorward::domain::version::Version { epoch, ..session.ver })
    };
    let (ann, bob) = (tokens(ann), tokens(bob));
    let server = house.serve();
    let refused = || [ann, bob].map(|(user, id, ver)| server.revocations().refuses(user, id, ver));
    assert_eq!(refused(), [false, false]);
    for (args, after) in
        [(["sessions", "end", &ann.1.to_string()].as_slice(), [true, false]), (&["user", "disable", BOB], [true, true])]
    {
        let said = house.run(args);
        assert!(said.status == 0 && said.err.ends_with(REFUSES), "{said:?}");
        assert_eq!(refused(), after, "{args:?}");
    }
    let said = house.run(&["logout-all", "--everyone", "--json"]);
    assert!(said.out.contains("\"server\": \"taken_up\"") && said.err.ends_with(REFUSES), "{said:?}");
}

#[test]
fn a_server_that_says_nothing_is_a_failure_that_is_told() {
    let house = House::with(&[(ANN, "user")]);
    house.sign_in(ANN, "Firefox");
    let _deaf = ServeLock::take(house.path()).unwrap();
    let said = house.run(&["logout-all", ANN, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json, serde_json::json!({ "email": ANN, "sessions": 1, "server": "no_word" }));
    assert_eq!(said.status, 1);
    assert!(said.err.contains("error: the change is on disk, but the running server has not said"), "{said:?}");
}
