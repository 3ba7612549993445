//! What is built in must not be older than the fixes that it needs, nor be there at all.

use std::fs;
use std::path::Path;

/// The versions of a crate in the lock file.
fn locked(name: &str) -> Vec<[u64; 3]> {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let packages = lock.split("[[package]]").filter(|package| package.contains(&format!("\nname = \"{name}\"\n")));
    let version = |package: &str| {
        let text = package.split("\nversion = \"").nth(1).unwrap().split('"').next().unwrap();
        let mut parts = text.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        [(); 3].map(|()| parts.next().unwrap_or(0))
    };
    packages.map(version).collect()
}

#[test]
fn crates_with_fixed_vulnerabilities_are_new_enough() {
    for (name, floor) in [
        ("jsonwebtoken", [10, 3, 0]), // CVE-2026-25537
        ("actix-http", [3, 12, 1]),   // GHSA-xhj4-vrgc-hr34
        ("bcrypt", [0, 19, 2]),       // RUSTSEC-2026-0199
        ("tracing-subscriber", [0, 3, 20]),
    ] {
        let versions = locked(name);
        assert!(!versions.is_empty(), "{name} is not in Cargo.lock");
        assert!(versions.iter().all(|version| *version >= floor), "{name} {versions:?} is older than {floor:?}");
    }
}

#[test]
fn crates_that_must_not_be_built_in_are_not() {
    for name in ["rsa", "h2", "openssl-sys", "native-tls", "ring"] {
        assert!(locked(name).is_empty(), "{name} is in Cargo.lock");
    }
}
