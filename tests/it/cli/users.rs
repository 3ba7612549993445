//! `doorward user`.

use std::process::Command;
use std::time::Duration;

use doorward::base::entropy::SystemEntropy;
use doorward::base::time::Timestamp;
use doorward::crypto::password::{Verdict, verify};
use doorward::crypto::stored_hash::Cost;
use doorward::domain::email::Email;
use doorward::domain::password::{PasswordHash, Typed};
use doorward::domain::user::Role;
use doorward::ops::admin::by::By;
use doorward::ops::admin::create::Create;
use doorward::store::rows::User;
use doorward::store::sqlite::beside::Beside;
use serde_json::json;

use crate::cli::house::{House, plain};
use crate::real::Site;
use crate::real::wait::until_told;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

fn user(house: &House, email: &str) -> Option<User> {
    house.read(|rows| rows.user_by_email(Email::parse(email).unwrap().key()))
}

fn has_password(house: &House, email: &str, password: &str) -> bool {
    let (hash, _) = user(house, email).unwrap().password.unwrap();
    let cost = Cost::try_from(10).unwrap();
    verify(&Typed::parse(password).unwrap(), Some(&PasswordHash::new(hash)), cost) == Verdict::Right
}

#[test]
fn an_invitation_is_a_link_alone_on_standard_output() {
    let house = House::new();
    let said = house.run(&["user", "add", "Ann@Example.com"]);
    assert_eq!((said.status, plain(&said.out)), (0, "http://localhost:8484/link#SECRET".to_owned()));
    let note = "this link lets Ann@Example.com set a first password; it works once, until TIME, and older ones no more";
    assert_eq!(plain(&said.err).lines().nth(1), Some(note));
    let ann = user(&house, ANN).unwrap();
    assert_eq!((ann.password, ann.role.as_str()), (None, "user"));
    assert_eq!(house.events(1), ["user_created role user"]);
}

#[test]
fn links_lead_to_the_public_url() {
    let house = House::new();
    let env = [("DOORWARD_PUBLIC_URL", "https://auth.example.com")];
    let said = house.run_with(&["user", "add", ANN], "", &env);
    assert_eq!(plain(&said.out), "https://auth.example.com/link#SECRET");
}

#[test]
fn a_first_password_comes_by_standard_input_and_is_never_shown() {
    let house = House::new();
    let args = ["user", "add", ANN, "--role", "admin", "--password-stdin"];
    let said = house.typed(&args, "correct horse\nmore\n");
    assert_eq!((said.status, said.out.as_str()), (0, "ann@example.com is added with the role admin\n"));
    assert!(has_password(&house, ANN, "correct horse"));

    let args = ["user", "add", BOB, "--password-stdin"];
    for (input, error) in [
        ("short\n", "a password has at least 8 characters"),
        ("password123\n", "this password is a common one, and guessers try those first"),
        ("BOB@example.com\n", "a password can't be the e-mail address of its account or a part of it"),
        ("", "the password could not be read: standard input holds no line"),
    ] {
        let said = house.typed(&args, input);
        assert_eq!((said.status, said.out.as_str()), (1, ""), "{input}");
        assert!(said.err.ends_with(&format!("\nerror: {error}\n")), "{input}: {said:?}");
    }
    assert!(user(&house, BOB).is_none());
}

#[test]
fn an_address_is_taken_once() {
    let house = House::with(&[(ANN, "user")]);
    let error = "there is a user with the address ANN@example.com already; \
        `doorward user show ANN@example.com` shows them";
    house.fails(&["user", "add", "ANN@example.com"], 1, error);
}

#[test]
fn the_list_is_in_the_order_of_addresses_and_can_be_narrowed() {
    let house = House::with(&[(BOB, "user"), (ANN, "admin"), ("abe@example.com", "user")]);
    let heading = "EMAIL ROLE STATUS PASSWORD CREATED LAST SIGN-IN";
    let (abe, ann) = ("abe@example.com user active none yet TIME -", "ann@example.com admin active none yet TIME -");
    let all = house.done(&["user", "list"]);
    assert_eq!(plain(&all), format!("{heading}\n{abe}\n{ann}\nbob@example.com user active none yet TIME -"));
    assert_eq!(plain(&house.done(&["user", "list", "--search", " AN"])), format!("{heading}\n{ann}"));
    let json: Vec<serde_json::Value> =
        serde_json::from_str(&plain(&house.done(&["user", "list", "--search", "bob", "--json"]))).unwrap();
    let bob = serde_json::json!({
        "id": "ID", "email": BOB, "role": "user", "status": "active", "hasPassword": false,
        "createdAt": "TIME", "signedInAt": null
    });
    assert_eq!(json, [bob]);
}

#[test]
fn a_list_longer_than_a_page_is_whole() {
    let house = House::new();
    let names: Vec<String> = (0..501).map(|n| format!("u{n:04}@example.com")).collect();
    let db = Beside::open(house.path()).unwrap();
    let chance = (Timestamp::from_secs(0), &SystemEntropy::default() as _);
    for name in &names {
        let (email, password) = (Email::parse(name).unwrap(), ("a hash".to_owned(), 10));
        let create = Create::with_password(By::Shell, &email, Role::user(), password, chance).unwrap();
        db.run(&create).unwrap().unwrap();
    }
    let json: Vec<serde_json::Value> = serde_json::from_str(&house.done(&["user", "list", "--json"])).unwrap();
    assert_eq!(json.iter().map(|user| user["email"].as_str().unwrap()).collect::<Vec<_>>(), names);
}

#[test]
fn show_tells_what_is_known_and_what_happened() {
    let house = House::with(&[(ANN, "admin")]);
    house.sign_in(ANN, "Firefox");
    let text = "email ann@example.com\nid ID\nrole admin\nstatus active\npassword none yet\ncreated TIME\n\
        last sign-in -\nlive sessions 1\nfailures 0 in a row\n\n\
        TIME EVENT TIMES ADDRESS DETAIL\nTIME user_created 1 - role admin";
    assert_eq!(plain(&house.done(&["user", "show", ANN])), text);
    let json = plain(&house.done(&["user", "show", ANN, "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["liveSessions"], &json["events"][0]["kind"]), (&1.into(), &"user_created".into()));
}

#[test]
fn an_unknown_address_is_answered_by_the_nearest() {
    let house = House::with(&[(ANN, "user")]);
    let unknown = |email: &str| format!("no user has the address {email}; `doorward user list` shows them");
    let near = format!("{}. Did you mean ann@example.com?", unknown("anm@example.com"));
    house.fails(&["user", "show", "anm@example.com"], 1, &near);
    house.fails(&["admin-link", "anm@example.com"], 1, &near);
    for args in [["user", "delete", BOB], ["user", "enable", BOB], ["sessions", "list", BOB]] {
        house.fails(&args, 1, &unknown(BOB));
    }
}

#[test]
fn the_last_administrator_goes_only_by_force() {
    let error = "ann@example.com is the last administrator who can sign in; without them only `doorward admin-link` \
        leads back in. Make another first with `doorward user set-role EMAIL admin`, or say --force";
    for act in [["user", "disable", ANN].as_slice(), &["user", "delete", ANN], &["user", "set-role", ANN, "user"]] {
        let house = House::with(&[(ANN, "admin"), (BOB, "user")]);
        house.fails(act, 1, error);
        house.done(&[act, &["--force"]].concat());
        assert!(house.read(|rows| rows.admins()).is_empty(), "{act:?}");

        let house = House::with(&[(ANN, "admin"), (BOB, "admin")]);
        house.done(act);
    }
}

#[test]
fn what_ends_sessions_says_how_many() {
    let house = House::with(&[(ANN, "user")]);
    let noted = |args: &[&str], input: &str, out: &str| {
        house.sign_in(ANN, "Firefox");
        house.sign_in(ANN, "curl");
        let said = house.typed(args, input);
        assert_eq!(
            (said.status, said.out.as_str()),
            (0, format!("{out}; 2 live sessions ended\n").as_str()),
            "{said:?}"
        );
        assert!(said.err.ends_with("\nno server runs on this database; the next one refuses what was ended\n"));
    };
    noted(&["user", "set-role", ANN, "editor"], "", "ann@example.com has the role editor now");
    noted(&["user", "disable", ANN], "", "ann@example.com is disabled");
    assert_eq!(house.done(&["user", "disable", ANN]), "ann@example.com was disabled already\n");
    assert_eq!(house.done(&["user", "enable", ANN]), "ann@example.com is enabled and can sign in again\n");
    noted(&["user", "set-password", ANN, "--password-stdin"], "correct horse", "ann@example.com has a new password");
    assert!(has_password(&house, ANN, "correct horse"));
    noted(&["user", "delete", ANN], "", "ann@example.com is deleted");
    assert!(user(&house, ANN).is_none());
    assert_eq!(house.events(2), ["user_deleted", "password_set"]);
}

#[test]
fn a_password_link_is_an_invitation_until_there_is_a_password() {
    let house = House::with(&[(ANN, "user")]);
    let kind = || {
        let json = plain(&house.done(&["user", "set-password", ANN, "--link", "--json"]));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["link"], "http://localhost:8484/link#SECRET");
        json["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind(), "invitation");
    house.typed(&["user", "set-password", ANN, "--password-stdin"], "correct horse");
    assert_eq!(kind(), "set_password");
    assert!(has_password(&house, ANN, "correct horse"));
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let house = House::with(&[(ANN, "user")]);
    // In a session of its own, so that it finds no terminal even where these tests have one.
    let mut command = Command::new("setsid");
    command.args(["--wait", env!("CARGO_BIN_EXE_doorward"), "user", "set-password", ANN]);
    let output = command.current_dir(house.path()).env_clear().env("PATH", "/usr/bin:/bin").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("error: there is no terminal to ask on ("), "{err}");
    assert!(err.ends_with("give the password by --password-stdin\n"), "{err}");
    assert_eq!(user(&house, ANN).unwrap().password, None);
}

#[tokio::test]
async fn an_unlock_beside_a_running_server_lets_the_next_sign_in_wait_for_nothing() {
    let site = Site::new();
    let server = site.starter().env("DOORWARD_LIMITS__LOGIN", "5/15m").start();
    let api = server.api();
    api.setup(&server.setup_secret(), "ann@example.com").await;
    for _ in 0..2 {
        let wrong = json!({ "email": "ann@example.com", "password": "wrong password", "transport": "body" });
        for _ in 0..5 {
            assert_eq!(api.post("/auth/login", &wrong).await.unwrap().status, 401);
        }
        assert_eq!(api.login("ann@example.com").await.unwrap().status, 429);
        assert_eq!(site.typed(&["user", "unlock", "ann@example.com"], "").status.code(), Some(0));
        until_told("the sign-in waits for nothing", Duration::from_secs(20), || async {
            (api.login("ann@example.com").await.unwrap().status == 200).then_some(())
        })
        .await;
    }
    server.stop();
}
