//! `doorward keys`.

use std::fs;
use std::time::Duration;

use doorward::domain::key::{KeyUse, SealedKey, signing};
use doorward::store::sqlite::beside::Beside;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::cli::house::{House, plain};
use crate::real::Site;
use crate::real::wait::until_told;

fn keys(house: &House) -> Vec<SealedKey> {
    house.read(|rows| rows.keys())
}

fn is_next(house: &House, key: &SealedKey) -> bool {
    key.purpose == KeyUse::Access && signing(&keys(house), KeyUse::Access) != Some(key)
}

#[test]
fn the_list_names_every_key_and_shows_none() {
    let house = House::new();
    let json: Vec<serde_json::Value> = serde_json::from_str(&plain(&house.done(&["keys", "list", "--json"]))).unwrap();
    let expected = keys(&house).into_iter().map(|key| {
        serde_json::json!({
            "kid": key.kid, "use": key.purpose.word(), "algorithm": key.algorithm.word(), "createdAt": "TIME",
            "retiredAt": null, "state": if is_next(&house, &key) { "next" } else { "signs" }
        })
    });
    assert_eq!(json, expected.collect::<Vec<_>>());
    let table = plain(&house.done(&["keys", "list"]));
    assert_eq!(table.lines().next(), Some("KID USE ALGORITHM STATE MADE RETIRED"));
    assert_eq!(table.lines().count(), 4);
}

#[test]
fn a_rotation_lets_the_next_key_sign_and_makes_another() {
    let house = House::new();
    for round in 0..3 {
        let before = keys(&house);
        let said = house.run(&["keys", "rotate"]);
        assert_eq!((said.status, said.err.contains("none was waiting")), (0, false), "{said:?}");
        let after = keys(&house);
        assert_eq!((before.len(), after.len()), (3 + 2 * round, 5 + 2 * round));
        let [old, new] = [&before, &after].map(|keys| signing(keys, KeyUse::Access).unwrap());
        assert!(before.iter().any(|key| key.kid == new.kid && old.kid != new.kid), "{new:?} was not listed before");
        let retired = |keys: &[SealedKey]| keys.iter().filter(|key| !key.is_live()).count();
        assert_eq!(retired(&after), retired(&before) + 2);
        for key in &after {
            assert_eq!(said.out.contains(&key.kid), key.is_live(), "{key:?}");
        }
        assert_eq!(house.events(1), ["keys_rotated"]);
    }
    let states = house.done(&["keys", "list"]);
    let count = |state: &str| states.lines().filter(|line| line.split_whitespace().any(|word| word == state)).count();
    assert_eq!((count("signs"), count("next"), count("retired")), (2, 1, 6), "{states}");
}

#[test]
fn a_database_in_which_no_key_waits_gets_one_at_the_next_start() {
    let site = Site::new();
    site.start().stop();
    let keys = || Beside::open(&site.data()).unwrap().read(|rows| rows.keys()).unwrap();
    let signs = signing(&keys(), KeyUse::Access).unwrap().clone();
    let conn = rusqlite::Connection::open(site.file("doorward.db")).unwrap();
    assert_eq!(conn.execute("DELETE FROM keys WHERE purpose = 'access' AND kid <> ?", [&signs.kid]).unwrap(), 1);
    drop(conn);
    for _ in 0..2 {
        site.start().stop();
        assert_eq!((keys().len(), signing(&keys(), KeyUse::Access)), (3, Some(&signs)));
    }
}

#[tokio::test]
async fn who_fetched_the_key_set_before_a_rotation_takes_the_tokens_after_it() {
    let site = Site::new();
    let server = site.start();
    let api = server.api();
    let ann = api.setup(&server.setup_secret(), "ann@example.com").await;
    let kept: JwkSet = serde_json::from_value(api.get("/.well-known/jwks.json").await.unwrap().json).unwrap();
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    assert_eq!(kept.keys.first().unwrap().common.key_id.as_deref(), Some(&*kid(&ann.access)), "what signs comes first");
    assert_eq!(site.typed(&["keys", "rotate"], "").status.code(), Some(0));
    let new = until_told("the running server signs with another key", Duration::from_secs(20), || async {
        let tokens = api.login("ann@example.com").await.unwrap().tokens();
        (kid(&tokens.access) != kid(&ann.access)).then_some(tokens.access)
    })
    .await;
    let key = DecodingKey::from_jwk(kept.find(&kid(&new)).expect("it was published before it signed")).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["doorward"]);
    jsonwebtoken::decode::<serde_json::Value>(&new, &key, &rules).unwrap();
    server.stop();
}

#[test]
fn a_rotation_follows_the_setting() {
    let house = House::new();
    let said = house.run_with(&["keys", "rotate"], "", &[("DOORWARD_TOKENS__ALGORITHM", "EdDSA")]);
    assert!(said.out.contains("EdDSA") && !said.out.contains("ES256"), "{said:?}");
}

#[test]
fn nothing_is_made_beside_keys_that_cannot_be_opened() {
    let house = House::new();
    let file = house.path().join("doorward.key");
    let before = keys(&house);
    fs::write(&file, [7; 32]).unwrap();
    let said = house.run(&["keys", "rotate"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.err.ends_with("the master key must be the one that this database was made with\n"), "{said:?}");
    fs::remove_file(&file).unwrap();
    let said = house.run(&["keys", "rotate"]);
    assert!(said.status == 1 && said.err.contains("there is no master key at"), "{said:?}");
    assert!(!file.exists());
    assert_eq!(keys(&house), before);
}
