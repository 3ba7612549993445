//! What holds for all commands.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

use doorward::store::sqlite::handle::Opened;
use doorward::store::sqlite::open::ServeLock;

use crate::cli::house::House;

const ON_A_DATABASE: &[&[&str]] = &[
    &["user", "add", "ann@example.com"],
    &["user", "list"],
    &["user", "show", "ann@example.com"],
    &["user", "disable", "ann@example.com"],
    &["user", "enable", "ann@example.com"],
    &["user", "unlock", "ann@example.com"],
    &["user", "delete", "ann@example.com"],
    &["user", "set-role", "ann@example.com", "admin"],
    &["user", "set-password", "ann@example.com", "--password-stdin"],
    &["logout-all", "--everyone"],
    &["sessions", "list"],
    &["sessions", "end", "0190a5b8-7c3e-7000-8000-000000000000"],
    &["admin-link"],
    &["keys", "list"],
    &["keys", "rotate"],
];

#[test]
fn no_command_makes_a_database() {
    let house = House::empty();
    let database = house.path().join("doorward.db").display().to_string();
    let error =
        format!("there is no database at {database}; `doorward serve` makes one, or name its folder with --data");
    for args in ON_A_DATABASE {
        house.fails(args, 1, &error);
    }
    assert_eq!(house.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_database_whose_first_start_broke_off_is_told_apart() {
    let house = House::empty();
    drop(Opened::new(house.path()).unwrap());
    let database = house.path().join("doorward.db").display().to_string();
    let error = format!("the first start of {database} never came to an end; `doorward serve` finishes it");
    for args in ON_A_DATABASE {
        house.fails(args, 1, &error);
    }
}

#[test]
fn every_command_takes_the_folder_and_says_its_absolute_path() {
    let (house, elsewhere) = (House::new(), House::empty());
    let folder = house.path().display().to_string();
    for args in [["--data", &folder, "keys", "list"], ["keys", "list", "--data", &folder]] {
        let said = elsewhere.run(&args);
        assert_eq!((said.status, said.err), (0, format!("database: {folder}/doorward.db\n")));
    }
}

#[test]
fn settings_that_are_wrong_stop_every_command() {
    let house = House::new();
    for args in ON_A_DATABASE.iter().copied().chain([["serve"].as_slice(), &[]]) {
        let said = house.run_with(args, "", &[("DOORWARD_LISTN", "x")]);
        let error = "error: the settings can't be used\n\
            DOORWARD_LISTN: no such setting; the nearest is DOORWARD_LISTEN\n";
        assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (1, "", error), "{args:?}");
    }
}

#[test]
fn wrong_usage_is_status_2_and_touches_nothing() {
    let house = House::empty();
    for args in [
        ["user", "add", "nobody"].as_slice(),
        &["user", "add", "ann@example.com", "--password=secret"],
        &["--listen", "127.0.0.1:0", "user", "list"],
        &["logout-all"],
    ] {
        let said = house.run(args);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{said:?}");
        assert!(said.err.starts_with("error: "), "{said:?}");
    }
    assert_eq!(house.path().read_dir().unwrap().count(), 0);
}

#[test]
fn completions_name_the_commands() {
    let house = House::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = house.done(&["completions", shell]);
        assert!(script.contains("admin-link") && script.contains("set-password"), "{shell}: {script}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let house = House::empty();
    assert!(house.done(&["man"]).contains(r"doorward\-backup(1)"));
    for (command, says) in
        [(&["user", "add"][..], "user"), (&["backup"], "running server"), (&["keys", "rotate"], "next keys")]
    {
        let page = house.done(&[&["man"], command].concat());
        let title = format!(".TH doorward-{} 1", command.join("-"));
        assert!(page.contains(&title) && page.contains(says), "{command:?}: {page}");
    }
    let said = house.run(&["man", "user", "nonsense"]);
    assert_eq!((said.status, said.err.as_str()), (2, "error: `nonsense` is no command; `doorward help` lists them\n"));
}

/// The exit status of `config example` into this.
fn example_into(out: impl Into<Stdio>) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(["config", "example"]).stdout(out).stderr(Stdio::null()).status().unwrap().code()
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure_and_a_full_disk_is() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    assert_eq!(example_into(writer), Some(0));
    assert_eq!(example_into(File::options().write(true).open("/dev/full").unwrap()), Some(1));
}

#[test]
fn a_folder_is_served_by_one() {
    let house = House::new();
    let database = house.path().join("doorward.db").display().to_string();
    let _other = ServeLock::take(house.path()).unwrap();
    for args in [["--listen", "127.0.0.1:0"].as_slice(), &["serve", "--listen", "127.0.0.1:0"]] {
        let said = house.run(args);
        assert_eq!((said.status, said.out), (1, format!("database: {database}\n")), "{args:?}: {}", said.err);
        assert!(said.err.contains(&format!("error: another doorward already serves {database}; ")), "{}", said.err);
    }
}
