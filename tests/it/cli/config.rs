//! `doorward config`.

use std::fs;

use crate::cli::house::House;

#[test]
fn the_example_is_the_file_of_the_repository_and_checks() {
    let house = House::empty();
    let example = house.done(&["config", "example"]);
    assert_eq!(example, include_str!("../../../config.toml"));
    fs::write(house.path().join("config.toml"), example).unwrap();
    let said = house.run_with(&["config", "check"], "", &[]);
    let file = house.path().join("config.toml").display().to_string();
    assert_eq!((said.status, said.out.as_str()), (0, "the settings are good\n"));
    assert_eq!(said.err, format!("settings: {file}\n"));
}

#[test]
fn a_check_prints_what_is_seldom_meant_and_is_done() {
    let house = House::empty();
    let warning = "passwords.bcrypt_cost: at 10 guessing is 4 times as cheap as at 12.";
    assert_eq!(house.done(&["config", "check"]), format!("warning: {warning}\nthe settings can be used\n"));
    let json: serde_json::Value = serde_json::from_str(&house.done(&["config", "check", "--json"])).unwrap();
    let expected = serde_json::json!({ "ok": true, "file": null, "problems": [], "warnings": [warning] });
    assert_eq!(json, expected);
}

#[test]
fn a_check_of_what_is_wrong_fails_and_names_the_place() {
    let house = House::empty();
    let file = house.path().join("other.toml");
    fs::write(&file, "name = \"a\"\n[passwords]\nmin_length = 5\n").unwrap();
    let problem = format!("{}:3:1: passwords.min_length: ", file.display());
    let said = house.run(&["config", "check", "--config", "other.toml"]);
    assert_eq!((said.status, said.out.as_str()), (1, ""));
    assert!(said.err.starts_with(&format!("error: the settings can't be used\n{problem}")), "{said:?}");

    let said = house.run(&["config", "check", "--config", "other.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.status, &json["ok"]), (1, &serde_json::Value::Bool(false)));
    assert!(json["problems"][0].as_str().unwrap().starts_with(&problem), "{json}");
}

#[test]
fn show_says_where_values_come_from_and_hides_secrets() {
    let house = House::empty();
    fs::write(house.path().join("config.toml"), "cookie_name = \"rt\"\n").unwrap();
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA==";
    let env = [("DOORWARD_TOKENS__ALGORITHM", "HS256"), ("DOORWARD_TOKENS__HS256_SECRET", secret)];
    let said = house.run_with(&["config", "show"], "", &env);
    let file = house.path().join("config.toml").display().to_string();
    let has = |key: &str, source: &str| {
        let line = said.out.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.ends_with(&format!("# {source}")), "{line}");
    };
    has("cookie_name = \"rt\"", &format!("{file}:1:1"));
    has("listen = \"127.0.0.1:8484\"", "default");
    has("tokens.algorithm = \"HS256\"", "DOORWARD_TOKENS__ALGORITHM");
    has("tokens.hs256_secret = [redacted]", "DOORWARD_TOKENS__HS256_SECRET");
    assert!(!said.out.contains(secret) && !said.err.contains(secret));

    let json = house.run_with(&["config", "show", "--json"], "", &env).out;
    assert!(!json.contains(secret));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let cookie = serde_json::json!({ "key": "cookie_name", "value": "rt", "source": format!("{file}:1:1") });
    assert!(rows.contains(&cookie), "{json}");
}
