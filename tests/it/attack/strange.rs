//! Strange bytes in every place where a stranger may put some: first those kept in `tests/corpus`, a folder a
//! place, then as many made of them by chance. None may fail the server or get more than its due. What is
//! found is put into the corpus by the failing run itself: commit it with the mending.
//!
//! `FUZZ_CASES` says how many are made a place, 400 unless given.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use doorward::base::time::Ttl;
use doorward::domain::lockout::Rate;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use serde_json::json;

use crate::attack::target::{PASSWORD, Target, bearer};

/// What the kept inputs of a place are, each with its name.
fn kept(place: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder(place)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the corpus of {place} is gone");
    files.into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

fn folder(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(place)
}

/// A kept input, changed a little; or bytes by chance.
fn strange(kept: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let other = select(kept.clone());
    let change = (any::<Index>(), any::<Index>(), any::<u8>(), 0..7_u8);
    let changed = (select(kept), other, vec(change, 1..4)).prop_map(|(mut bytes, other, changes)| {
        for (one, two, byte, how) in changes {
            let (at, end) = (one.index(bytes.len() + 1), two.index(bytes.len() + 1));
            let (at, end) = (at.min(end), at.max(end));
            match how {
                0 => bytes.insert(at, byte),
                1 => drop(bytes.drain(at..end)),
                2 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
                3 => bytes.truncate(at),
                4 => drop(bytes.splice(at..end, other.iter().copied())),
                5 => bytes.extend(bytes[at..end].to_vec()),
                _ => drop(bytes.splice(at..at, "\u{e9}\u{202e}\u{1f600}".bytes())),
            }
        }
        bytes.truncate(20_000);
        bytes
    });
    let interesting = prop_oneof![any::<u8>(), select(b"\"\\/%:;,=&.-+ \t\0@[]{}".to_vec()), Just(b'a'), Just(0xff)];
    prop_oneof![3 => changed, 1 => vec(interesting, 0..120)]
}

/// Sends what is kept, then what is made of it. `send` gives what is wrong.
fn check(place: &str, send: impl Fn(&[u8]) -> Result<(), String>) {
    let kept = kept(place);
    for (name, bytes) in &kept {
        send(bytes).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    }
    let cases = std::env::var("FUZZ_CASES").map_or(400, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let all = strange(kept.into_iter().map(|(_, bytes)| bytes).collect());
    match runner.run(&all, |bytes| send(&bytes).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        Err(TestError::Fail(why, bytes)) => {
            let path = folder(place).join(format!("found-{}", bytes.len()));
            fs::write(&path, &bytes).unwrap();
            panic!("{why}, by {:?}, now in {}", bytes.escape_ascii().to_string(), path.display());
        }
        Err(abort) => panic!("{abort}"),
    }
}

/// A server that many may ask, and the header of its administrator.
fn target() -> (Target, String) {
    let target = Target::start(|config| {
        let rate = Rate { burst: 1_000_000, window: Ttl::from_secs(1) };
        (config.limits.login, config.limits.login_address) = (rate, rate);
        config.allowed_origins = vec!["https://app.example.com".parse().unwrap()];
    });
    let admin = target.admin();
    (target, admin)
}

/// Expects of all answers on one connection that they are of these statuses, or refuse the head as such.
fn answers(raw: &str, may: &[u16]) -> Result<(), String> {
    let mut statuses = raw.split("HTTP/1.1 ").skip(1).map(|rest| rest.get(..3).and_then(|status| status.parse().ok()));
    // Bytes with a line break may end the head, and what follows is another request.
    let refused = [400, 401, 404, 405, 408, 413, 414, 431];
    match statuses.next() {
        None => return Err("no answer".to_owned()),
        Some(Some(status)) if may.contains(&status) || [400, 431].contains(&status) => {}
        Some(status) => return Err(format!("{status:?}: {raw}")),
    }
    let others =
        statuses.find(|status| !status.is_some_and(|status| may.contains(&status) || refused.contains(&status)));
    others.map_or(Ok(()), |status| Err(format!("then {status:?}: {raw}")))
}

/// A request with these bytes in this place of its head.
fn with(target: &Target, before: &str, bytes: &[u8], after: &str) -> String {
    target.raw(&[before.as_bytes(), bytes, after.as_bytes()].concat())
}

/// Every byte as a URL may have it.
fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"))
}

const LAST: &str = "\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn strange_access_tokens_sign_nobody_in() {
    let (target, _) = target();
    for (place, begin) in [("token", "Authorization: Bearer "), ("authorization", "Authorization: ")] {
        let head = format!("GET /auth/me HTTP/1.1\r\n{begin}");
        check(place, |bytes| answers(&with(&target, &head, bytes, LAST), &[401]));
    }
}

#[test]
fn strange_refresh_tokens_sign_nobody_in() {
    let (target, _) = target();
    check("token", |bytes| {
        let body = json!({ "refreshToken": String::from_utf8_lossy(bytes) });
        for path in ["/auth/refresh", "/auth/logout"] {
            let status = target.post(0, path, "", &body).status;
            // A logout of nothing is done.
            if ![400, 401, 413].contains(&status) && (path, status) != ("/auth/logout", 204) {
                return Err(format!("{path}: {status}"));
            }
        }
        Ok(())
    });
}

#[test]
fn strange_cookies_sign_nobody_in() {
    let (target, _) = target();
    let head = "POST /auth/refresh HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Length: 0\r\nCookie: ";
    check("cookie", |bytes| answers(&with(&target, head, bytes, LAST), &[401]));
}

#[test]
fn strange_forwarded_headers_are_read_or_refused() {
    let (target, _) = target();
    for (place, name) in [("forwarded-for", "X-Forwarded-For"), ("forwarded-proto", "X-Forwarded-Proto")] {
        let head = format!("GET /healthz HTTP/1.1\r\n{name}: ");
        check(place, |bytes| answers(&with(&target, &head, bytes, LAST), &[200]));
    }
}

#[test]
fn strange_hosts_and_origins_are_read_or_refused() {
    let (target, _) = target();
    let last = "\r\nConnection: close\r\n\r\n";
    check("host", |bytes| answers(&with(&target, "GET /login HTTP/1.1\r\nHost: ", bytes, last), &[200, 421]));
    let head = "POST /auth/refresh HTTP/1.1\r\nContent-Length: 0\r\nOrigin: ";
    check("origin", |bytes| answers(&with(&target, head, bytes, LAST), &[401, 403]));
}

#[test]
fn strange_bodies_are_refused() {
    let (target, _) = target();
    check("body", |bytes| {
        for path in ["/auth/login", "/auth/register", "/auth/refresh", "/auth/setup", "/auth/link"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}{LAST}",
                bytes.len()
            );
            // One that is good may be made by chance too.
            let may = [200, 201, 400, 401, 409, 410, 413, 422];
            answers(&with(&target, &head, bytes, ""), &may).map_err(|wrong| format!("{path}: {wrong}"))?;
        }
        Ok(())
    });
}

#[test]
fn strange_addresses_are_users_that_can_be_found_or_none() {
    let (target, admin) = target();
    check("email", |bytes| {
        let email = String::from_utf8_lossy(bytes);
        let answer = target.user(&email);
        match answer.status {
            201 => {
                let kept = answer.json()["user"]["email"].as_str().unwrap().to_owned();
                let again = [target.user(&kept).status, target.guess(0, &kept, PASSWORD).status];
                let search = encoded(kept.as_bytes());
                let found = target.get(&format!("/auth/admin/users?search={search}"), &admin).json();
                let is_found = found["users"].as_array().unwrap().iter().any(|user| user["email"] == kept.as_str());
                if again != [409, 200] || !is_found {
                    return Err(format!("{kept:?}: {again:?}, found: {is_found}"));
                }
                Ok(())
            }
            400 | 409 | 413 | 422 => Ok(()),
            other => Err(format!("{other}: {answer:?}")),
        }
    });
}

#[test]
fn strange_queries_are_read_or_refused() {
    let (target, admin) = target();
    let lines = format!(" HTTP/1.1\r\n{admin}Host: localhost\r\nConnection: close\r\n\r\n");
    for path in ["/auth/admin/users", "/auth/admin/events"] {
        check("cursor", |bytes| {
            let cursor = encoded(bytes);
            answers(&with(&target, &format!("GET {path}?cursor={cursor}"), b"", &lines), &[200, 414])
        });
        check("query", |bytes| answers(&with(&target, &format!("GET {path}?"), bytes, &lines), &[200, 414]));
    }
}

#[test]
fn strange_paths_lead_nowhere_else() {
    let (target, admin) = target();
    let lines = format!(" HTTP/1.1\r\n{admin}Host: localhost\r\nConnection: close\r\n\r\n");
    check("path", |bytes| {
        let raw = with(&target, "GET ", bytes, &lines);
        if raw.contains("[package]") || raw.contains("root:x:") {
            return Err(raw);
        }
        answers(&raw, &[200, 301, 302, 303, 307, 308, 404, 405, 414])
    });
}

#[test]
fn strange_user_agents_are_kept_short_and_shown() {
    let (target, admin) = target();
    let number = AtomicU32::new(0);
    check("user-agent", |bytes| {
        let email = format!("user{}@example.com", number.fetch_add(1, Ordering::Relaxed));
        let body = json!({"email": email, "password": PASSWORD, "transport": "body"}).to_string();
        let head = format!(
            "POST /auth/register HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nUser-Agent: ",
            body.len()
        );
        answers(&with(&target, &head, bytes, &format!("{LAST}{body}")), &[201])?;
        let events = target.get("/auth/admin/events?limit=1", &admin).json();
        let agent = &events["events"][0]["userAgent"];
        match agent.as_str() {
            Some(agent) if agent.len() <= 256 => Ok(()),
            _ => Err(format!("the agent is {agent:?}")),
        }
    });
}

#[test]
fn a_good_request_among_them_is_served() {
    // What the others send is refused for what is strange in it, and not for what is around it.
    let (target, admin) = target();
    let me = format!("GET /auth/me HTTP/1.1\r\n{}", admin.trim_end());
    assert!(answers(&with(&target, &me, b"", LAST), &[200]).is_ok());
    let user = target.user("ann@example.com");
    let body = json!({ "refreshToken": user.json()["refreshToken"] });
    assert_eq!(target.post(0, "/auth/refresh", "", &body).status, 200);
    assert!(bearer(&user).len() > 100);
}
