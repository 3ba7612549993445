//! Bytes that are no request, or more than one: a proxy in front may see other borders than the server
//! (RFC 9112, section 11.2). Where they could, the answer is 400 and the connection is closed.

use std::io::{Read as _, Write as _};

use crate::attack::target::Target;

const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The statuses of all answers on one connection.
fn statuses(raw: &str) -> Vec<u16> {
    raw.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

/// A sign-in with these lines in its head, followed by these bytes.
fn login(lines: &str, rest: &str) -> String {
    format!("POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\r\n\r\n{rest}")
}

#[test]
fn a_body_of_doubtful_length_is_refused_and_what_follows_is_not_read() {
    let target = Target::start(|_| {});
    let chunks = format!("0\r\n\r\n{HIDDEN}");
    let one = format!("2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}");
    let rows = [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", chunks.as_str()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", &chunks),
        ("Content-Length: 0\r\nContent-Length: 44", HIDDEN),
        ("Content-Length: 2\r\nContent-Length: 2", "{}"),
        ("Content-Length: 2, 2", "{}"),
        ("Content-Length: +2", "{}"),
        ("Content-Length: -2", "{}"),
        ("Content-Length: 0x2", "{}"),
        ("Content-Length: 2 2", "{}"),
        ("Content-Length: 99999999999999999999", "{}"),
        ("Content-Length : 2", "{}"),
        ("Transfer-Encoding : chunked", &chunks),
        ("Transfer-Encoding: \x0bchunked", &chunks),
        ("Transfer-Encoding: xchunked", &chunks),
        ("Transfer-Encoding: chunked, identity", &chunks),
        ("Transfer-Encoding: identity, chunked", &chunks),
        ("Transfer-Encoding: gzip", &chunks),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", &chunks),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", &chunks),
        ("Transfer-Encoding:\r\n chunked", &one),
        ("Transfer-Encoding: chunked", "2\n{}\n0\n\n"),
        ("Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "2\r\n{}..0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "2 x\r\n{}\r\n0\r\n\r\n"),
    ];
    for (lines, rest) in rows {
        let raw = target.raw(login(lines, rest).as_bytes());
        assert_eq!(statuses(&raw), [400], "{lines:?} {rest:?}: {raw}");
    }
}

#[test]
fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let target = Target::start(|_| {});
    let rows = [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET /healthz HTTP/1.1\rHost: a\r\r",
        "GET /healthz\r\n\r\n",
        "GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /auth/login HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03",
    ];
    for row in rows {
        let raw = target.raw(row.as_bytes());
        assert_eq!(statuses(&raw), [400], "{row:?}: {raw}");
    }
    for (name, long) in [("X", 200_000), ("Cookie", 140_000)] {
        let raw =
            target.raw(format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{name}: {}\r\n\r\n", "a".repeat(long)).as_bytes());
        assert!(!raw.contains(" 200 "), "{raw}");
    }
    let many = "X: y\r\n".repeat(100);
    assert_eq!(statuses(&target.raw(format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes())), [431]);
}

#[test]
fn a_refused_body_is_never_taken_for_the_next_request() {
    let target = Target::start(|_| {});
    let length = HIDDEN.len();
    for (line, first) in [("POST /nope", 404), ("POST /auth/logout", 403), ("PUT /healthz", 405), ("GET /healthz", 200)]
    {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        // One that is asked for may follow; the one that was the body may not.
        let seen = statuses(&target.raw(format!("{head}{HIDDEN}{HIDDEN}").as_bytes()));
        assert!(seen == [first] || seen == [first, 200], "{line}: {seen:?}");
    }
    for head in ["HEAD /healthz", "HEAD /nope", "HEAD /auth/me", "HEAD /auth/login"] {
        let raw = target.raw(format!("{head} HTTP/1.1\r\nHost: localhost\r\n\r\n{HIDDEN}").as_bytes());
        let (first, rest) = raw.split_once("\r\n\r\n").unwrap();
        assert!(first.starts_with("HTTP/1.1 ") && rest.starts_with("HTTP/1.1 200 OK\r\n"), "{head} has a body: {raw}");
    }
    let upgrade = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                   HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n";
    assert_eq!(statuses(&target.raw(upgrade.as_bytes())), [200]);
}

#[test]
fn who_is_refused_can_not_keep_the_connection_by_never_ending_the_body() {
    let target = Target::start(|_| {});
    let json = "Content-Type: application/json\r\n";
    let large = format!("2001\r\n{}", "x".repeat(0x2001));
    let rows = [("/nope", "", "1\r\nx", 404), ("/auth/login", "", "1\r\nx", 403), ("/auth/login", json, &large, 413)];
    for (path, lines, begun, status) in rows {
        let mut stream = target.connect();
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Transfer-Encoding: chunked\r\n\r\n");
        stream.write_all(format!("{head}{begun}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        // To the end, which the server must make: a read that is in vain for 20 seconds is an error.
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(statuses(&answer), [status], "{answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close\r\n"), "{answer}");
    }
    // One that is read to its end is no reason to close.
    let whole = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{json}Transfer-Encoding: chunked\r\n\r\n");
        target.raw(format!("{head}2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}").as_bytes())
    };
    assert_eq!(statuses(&whole("/auth/login")), [400, 200]);
    // Where nobody read it the answer says that it is the last, and so it is.
    let raw = whole("/nope");
    assert!(raw.to_ascii_lowercase().contains("connection: close\r\n"), "{raw}");
    assert_eq!(statuses(&raw), [404]);
}

#[test]
fn an_address_is_only_taken_in_its_one_spelling() {
    let target = Target::start(|_| {});
    let admin = target.admin();
    for path in
        ["//healthz", "/healthz/", "/auth//me", "/x/../healthz", "/%2e%2e/healthz", "/auth%2fme", "/%zz", "/%00", "*"]
    {
        let answer = target.get(path, &admin);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    for id in ["%ff%fe", "%00", "%2e%2e", "..", "0", "x%2Fy", "AAAAAAAA-0000-7000-8000-000000000000"] {
        let answer = target.call("DELETE", &format!("/auth/sessions/{id}"), &admin, "");
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
    }
    let overridden = format!("X-HTTP-Method-Override: POST\r\n{admin}");
    assert_eq!(target.get("/auth/logout-all", &overridden).status, 405);
    for method in ["TRACE", "CONNECT", "get", "PROPFIND"] {
        let answer = target.call(method, "/healthz", "X-Mine: my-own-words\r\n", "");
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert!(!answer.body.contains("my-own-words"), "{method} echoes: {answer:?}");
    }
}

#[test]
fn a_token_of_many_dots_is_refused() {
    let target = Target::start(|_| {});
    for _ in 0..20 {
        let dots = ".".repeat(15_000);
        assert_eq!(target.get("/auth/me", &format!("Authorization: Bearer {dots}\r\n")).status, 401);
        let cookie = format!("X-Forwarded-Proto: http\r\nCookie: refreshToken={dots}\r\n");
        assert_eq!(target.call("POST", "/auth/refresh", &cookie, "").status, 401);
    }
}

#[test]
fn json_that_is_read_differently_elsewhere_is_refused_and_never_repeated() {
    let target = Target::start(|_| {});
    let deep = format!("{}1{}", r#"{"a":"#.repeat(40), "}".repeat(40));
    let long = format!(r#"{{"email":"a@b.c","password":"{}"}}"#, "hunter2".repeat(200));
    let rows: [(&[u8], u16); 19] = [
        (b"\xef\xbb\xbf{\"email\":\"a@b.c\",\"password\":\"hunter2\"}", 400),
        (br#"{"email":"a@b.c","email":"x@b.c","password":"hunter2"}"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2","password":"hunter2"}"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2\ud800"}"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2"} x"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2"}{}"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2\u0000"}"#, 400),
        (br#"{"email":"hunter2\u0000@b.c","password":"x"}"#, 422),
        (br#"{"email":"hunter2","password":"x"}"#, 422),
        (br#"{"email":1e999,"password":"hunter2"}"#, 400),
        (br#"{"email":"a@b.c","password":"hunter2","role":"admin"}"#, 400),
        (br#"{"email":"a@b.c","password":"x","hunter2":1}"#, 400),
        (br#"{"email":"a@b.c","password":"x","transport":"hunter2"}"#, 400),
        (br#"{"email":"a@b.c","password":{"hunter2":1}}"#, 400),
        (br#"["a@b.c","hunter2"]"#, 400),
        (b"{\"email\":\"a@b.c\",\"password\":\"hunter2\xff\"}", 400),
        (b"{'email':'a@b.c','password':'hunter2'}", 400),
        (deep.as_bytes(), 400),
        (long.as_bytes(), 400),
    ];
    for (body, status) in rows {
        let head = login(&format!("Connection: close\r\nContent-Length: {}", body.len()), "");
        let raw = target.raw(&[head.as_bytes(), body].concat());
        assert_eq!(statuses(&raw), [status], "{}: {raw}", String::from_utf8_lossy(body));
        assert!(!raw.contains("hunter2"), "{raw}");
    }
}
