//! `doorward keys`.

use std::fs;

use doorward::domain::key::SealedKey;

use crate::cli::house::{House, plain};

fn keys(house: &House) -> Vec<SealedKey> {
    house.read(|rows| rows.keys())
}

#[test]
fn the_list_names_every_key_and_shows_none() {
    let house = House::new();
    let json: Vec<serde_json::Value> = serde_json::from_str(&plain(&house.done(&["keys", "list", "--json"]))).unwrap();
    let expected = keys(&house).into_iter().map(|key| {
        serde_json::json!({
            "kid": key.kid, "use": key.purpose.word(), "algorithm": key.algorithm.word(), "createdAt": "TIME",
            "retiredAt": null
        })
    });
    assert_eq!(json, expected.collect::<Vec<_>>());
    let table = plain(&house.done(&["keys", "list"]));
    assert_eq!(table.lines().next(), Some("KID USE ALGORITHM MADE RETIRED"));
    assert_eq!(table.lines().count(), 3);
}

#[test]
fn a_rotation_begins_new_keys_and_retires_the_old() {
    let house = House::new();
    let before = keys(&house);
    let table = house.done(&["keys", "rotate"]);
    let after = keys(&house);
    assert_eq!((before.len(), after.len()), (2, 4));
    for key in &after {
        let is_old = before.iter().any(|old| old.kid == key.kid);
        assert_eq!((key.retired_at.is_some(), table.contains(&key.kid)), (is_old, !is_old), "{key:?}");
    }
    assert_eq!(house.events(1), ["keys_rotated"]);
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
