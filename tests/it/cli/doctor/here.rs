//! What can be seen on the machine itself.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::chown;
use std::process::Command;

use rusqlite::Connection;

use crate::cli::doctor::{chmod, doctor, read};
use crate::cli::house::{House, Said};

#[test]
fn a_healthy_folder_has_no_finding_and_nothing_is_changed() {
    let house = House::new();
    let before = fs::read(house.path().join("doorward.db")).unwrap();
    let found = doctor(&house, &[]);
    found.is_well();
    for code in ["settings", "mode", "disk_space", "server", "master_key"] {
        assert!(found.well(code), "{code}: {found:?}");
    }
    assert_eq!(fs::read(house.path().join("doorward.db")).unwrap(), before);
    let said = house.run_with(&["doctor"], "", &[]);
    assert!(said.out.starts_with("ok       the settings are good\nok       "), "{said:?}");
    assert!(said.out.ends_with("\n0 problems, 0 warnings\n") && said.status == 0, "{said:?}");
    let database = house.path().join("doorward.db").display().to_string();
    assert_eq!(said.err, format!("database: {database}\n"));
}

#[test]
fn a_finding_is_a_line_then_the_line_that_mends_it_and_that_does() {
    let house = House::new();
    let key = house.path().join("doorward.key");
    chmod(&key, 0o644);
    let said = house.run_with(&["doctor"], "", &[]);
    let (line, mend) =
        (format!("{} can be read by others (mode 0644)", key.display()), format!("chmod 600 {}", key.display()));
    assert!(said.out.contains(&format!("\nproblem  {line}\n         -> {mend}\n")), "{said:?}");
    assert!(said.out.ends_with("\n1 problem, 0 warnings\n"), "{said:?}");
    assert!(said.err.ends_with("\nerror: 1 problem found\n") && said.status == 1, "{said:?}");
    assert!(Command::new("sh").args(["-c", &mend]).status().unwrap().success());
    doctor(&house, &[]).is_well();
}

#[test]
fn every_file_is_for_its_owner_alone() {
    let house = House::new();
    let served = house.serve();
    let names = ["doorward.db", "doorward.db-wal", "doorward.db-shm", "doorward.key", "doorward.lock"];
    for path in names.map(|name| house.path().join(name)) {
        for (mode, what) in [(0o640, "read"), (0o602, "changed")] {
            chmod(&path, mode);
            let mend = format!("chmod 600 {}", path.display());
            doctor(&house, &[]).is("problem", "mode", &format!("{} can be {what} by others", path.display()), &mend);
            // SQLite gives an empty WAL the mode of its database.
            for name in names {
                chmod(&house.path().join(name), 0o600);
            }
        }
    }
    drop(served);
    let folder = house.path().display().to_string();
    chmod(house.path(), 0o755);
    doctor(&house, &[]).is("warning", "mode", "others can list (mode 0755)", &format!("chmod 700 {folder}"));
    chmod(house.path(), 0o777);
    doctor(&house, &[]).is("problem", "mode", "can be changed by others", &format!("chmod 700 {folder}"));
}

#[test]
fn settings_with_secrets_are_for_their_owner_too() {
    let house = House::new();
    let file = house.path().join("config.toml");
    fs::write(&file, "name = \"x\"\n").unwrap();
    chmod(&file, 0o644);
    doctor(&house, &[]).is_well();
    chmod(&file, 0o664);
    let path = file.display().to_string();
    doctor(&house, &[]).is("problem", "mode", "can be changed by others", &format!("chmod go-w {path}"));
    let key = fs::read(house.path().join("doorward.key")).unwrap();
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    fs::write(&file, format!("master_key = \"{key}\"\n")).unwrap();
    chmod(&file, 0o644);
    let found = doctor(&house, &[]);
    found.is("problem", "mode", "it holds secrets", &format!("chmod 600 {path}"));
    assert!(!found.all.to_string().contains(&key));
    fs::remove_file(&file).unwrap();
    let secret = house.path().join("secret");
    fs::write(&secret, &key).unwrap();
    chmod(&secret, 0o440);
    let secret = secret.display().to_string();
    let said = house.run_with(&["doctor", "--json"], "", &[("DOORWARD_MASTER_KEY_FILE", &secret)]);
    read(&said).is("warning", "mode", "it holds master_key", &format!("chmod 600 {secret}"));
}

#[test]
fn a_file_of_somebody_else_is_found() {
    let house = House::new();
    let key = house.path().join("doorward.key");
    if chown(&key, Some(12_345), None).is_err() {
        return; // Only root may give a file away.
    }
    let mend = format!("chown 0 {}", key.display());
    doctor(&house, &[]).is("problem", "owner", "is of user 12345, the database of user 0", &mend);
}

#[test]
fn warnings_of_the_settings_come_with_their_line_and_are_no_failure() {
    let house = House::new();
    let settings = [
        ("passwords.bcrypt_cost = 10", "guessing is 4 times as cheap", "passwords.bcrypt_cost = 12"),
        ("refresh.grace = \"0s\"", "can log people out", "refresh.grace = \"10s\""),
        (
            "passwords.min_length = 8\nlisten = \"0.0.0.0:8484\"",
            "is reached from other machines",
            "public_url = \"https://…\", with the name that browsers see",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/8\"]",
            "everybody in 10.0.0.0/8",
            "trusted_proxies = [\"…\"], with the proxy's own address",
        ),
    ];
    for (line, text, mend) in settings {
        fs::write(house.path().join("config.toml"), line).unwrap();
        doctor(&house, &[]).is("warning", "settings", text, mend);
    }
    fs::write(house.path().join("config.toml"), "listn = \"x\"\n").unwrap();
    let found = doctor(&house, &[]);
    found.is("problem", "settings", "no such setting", "`doorward config example` shows how each is written");
}

/// Runs it under strace, which writes these bytes over what the system says of the file system.
fn on_a_disk(house: &House, statfs: &[i64]) -> crate::cli::doctor::Found {
    let bytes = statfs.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}"));
    let bytes = bytes.collect::<Vec<_>>().concat();
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", "trace=statfs", "-e"]);
    command.arg(format!("inject=statfs:poke_exit=@arg2={bytes}")).arg(env!("CARGO_BIN_EXE_doorward"));
    let done = command.args(["doctor", "--json"]).current_dir(house.path()).env_clear().output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    read(&Said { status: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) })
}

#[test]
fn a_network_disk_and_a_full_one_are_told() {
    let house = House::new();
    let mend = "data_dir = \"/var/lib/doorward\", on a disk of this machine";
    for (magic, kind) in [(0x6969, "NFS"), (0xff53_4d42, "SMB"), (0x6573_5546, "FUSE")] {
        on_a_disk(&house, &[magic]).is("problem", "network_disk", &format!("is on {kind}"), mend);
    }
    on_a_disk(&house, &[0xef53]).is_well();
    // Type, block size, blocks, free, free to others.
    let free = |mib: i64| on_a_disk(&house, &[0xef53, 4096, 1 << 20, mib << 8, mib << 8]);
    let mend = format!("df -h {}; free some, or move data_dir to a larger disk", house.path().display());
    free(100).is("warning", "disk_space", "100 MiB are free", &mend);
    free(3).is("problem", "disk_space", "3 MiB are free", &mend);
}

#[test]
fn a_wal_that_grows_and_grows_is_told() {
    let house = House::new();
    let served = house.serve();
    let wal = File::options().read(true).write(true).open(house.path().join("doorward.db-wal")).unwrap();
    wal.set_len(300 << 20).unwrap();
    // Its file is long, as after a backup under load; the WAL in it is not.
    doctor(&house, &[]).is_well();
    let salts = *b"one WAL!";
    let header = [0x377f_0682_u32, 3_007_000, 4_096, 1].map(u32::to_be_bytes);
    wal.write_all_at(&[header.as_flattened(), &salts].concat(), 0).unwrap();
    doctor(&house, &[]).is_well();
    for frame in 0..(300 << 20) / 4_120 {
        wal.write_all_at(&salts, 32 + frame * 4_120 + 8).unwrap();
    }
    let mend = format!("fuser -v {}; end the one that isn't doorward", house.path().join("doorward.db").display());
    doctor(&house, &[]).is("warning", "long_wal", "the WAL is over 192 MiB long", &mend);
    drop(served);
}

#[test]
fn a_database_that_is_missing_foreign_or_of_another_version_is_told_and_left_alone() {
    let house = House::empty();
    let folder = house.path().display().to_string();
    let serve = "`doorward serve` makes one, or name its folder with --data";
    doctor(&house, &[]).is("problem", "database", "there is no such file", serve);
    assert_eq!(house.path().read_dir().unwrap().count(), 0);
    let mends = format!("doorward serve --data {folder}");
    for (sql, level, code, text, mend) in [
        ("PRAGMA user_version = 1", "warning", "older_database", "is of an older version", mends.as_str()),
        ("PRAGMA user_version = 99", "problem", "database", "was written by a newer doorward", "run that version"),
        (
            "PRAGMA application_id = 7",
            "problem",
            "database",
            "is a database of another program",
            "move it away, or name another folder with --data",
        ),
        ("DELETE FROM meta", "problem", "database", "first start never came to an end", "`doorward serve` finishes it"),
    ] {
        let house = House::new();
        Connection::open(house.path().join("doorward.db")).unwrap().execute_batch(sql).unwrap();
        let mend = mend.replace(&folder, &house.path().display().to_string());
        let before = fs::read(house.path().join("doorward.db")).unwrap();
        doctor(&house, &[]).is(level, code, text, &mend);
        assert_eq!(fs::read(house.path().join("doorward.db")).unwrap(), before, "{sql}");
    }
    let path = house.path().join("doorward.db");
    fs::write(&path, "garbage ".repeat(1_000)).unwrap();
    chmod(&path, 0o600);
    let mend = "stop the server and go back to the last good backup with `doorward restore FILE`";
    doctor(&house, &[]).is("problem", "database", "is not an SQLite database", mend);
}

#[test]
fn a_backup_beside_the_wal_of_another_is_told_and_left_alone() {
    let house = House::new();
    let copy = house.path().join("copy.db");
    house.done(&["backup", copy.to_str().unwrap()]);
    let path = house.path().join("doorward.db");
    fs::rename(&copy, &path).unwrap();
    let before = fs::read(&path).unwrap();
    doctor(&house, &[]).is_well();
    assert_eq!(fs::read(&path).unwrap(), before, "its stamp stands: the next start begins anew");
    let wal = house.path().join("doorward.db-wal");
    fs::write(&wal, "another's").unwrap();
    chmod(&wal, 0o600);
    let mend = "move it away, or restore the backup with `doorward restore`";
    doctor(&house, &[]).is("problem", "database", "belongs to another database file", mend);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_master_key_that_does_not_fit_is_told() {
    let house = House::new();
    let mend = "put back the doorward.key that this database was made with; it is in no backup";
    let key = house.path().join("doorward.key");
    fs::write(&key, [7; 32]).unwrap();
    let found = doctor(&house, &[]);
    found.is("problem", "master_key", "the master key must be the one that this database was made with", mend);
    fs::remove_file(&key).unwrap();
    doctor(&house, &[]).is("problem", "master_key", "there is no master key at", mend);
}

#[test]
fn a_clock_that_went_back_is_told() {
    let house = House::new();
    let mut faked = Command::new("faketime");
    faked.args(["-f", "-1h", env!("CARGO_BIN_EXE_doorward"), "doctor", "--json"]).current_dir(house.path());
    let done = faked.output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    let found = read(&Said { status: done.status.code().unwrap(), out, err });
    found.is("problem", "clock", "behind the last time that the database knows", "timedatectl set-ntp true");
}
