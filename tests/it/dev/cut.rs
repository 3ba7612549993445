//! Connections that are cut: what comes over the wire, byte by byte.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::dev::start::Stub;
use crate::dev::{fared, fault, signed_in};
use crate::harness::TestServer;
use crate::real::wait::until_told;

/// Sends all of it over one connection, and gives what came until that was at its end.
fn exchange(server: &TestServer, sent: &str) -> String {
    let mut stream = TcpStream::connect(server.running().addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    read_all(&mut stream)
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut came = Vec::new();
    // A reset ends it as an end does.
    if let Err(error) = stream.read_to_end(&mut came) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error:?}");
    }
    String::from_utf8(came).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn refresh(cookie: &str) -> String {
    format!(
        "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
         User-Agent: raw\r\nCookie: refreshToken={cookie}\r\n\r\n{{}}"
    )
}

/// In a thread that may block.
async fn in_thread<T: Send + 'static>(
    server: TestServer,
    run: impl FnOnce(&TestServer) -> T + Send + 'static,
) -> (TestServer, T) {
    tokio::task::spawn_blocking(move || {
        let done = run(&server);
        (server, done)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_lost_answer_was_committed_and_a_retry_gets_the_same_successor() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let cookie = bob.refresh_cookie().to_owned();
    fault(&server, "POST /auth/refresh", json!({"fault": {"kind": "lostAnswer"}, "times": 2})).await;
    let sent = refresh(&cookie);
    let (server, came) = in_thread(server, move |server| [exchange(server, &sent), exchange(server, &sent)]).await;
    assert_eq!(came, ["", ""], "not a byte of the answer");
    assert_eq!(fared(&server).await, [(2, Some(0))]);
    let seen = server.browser().get("/dev/requests").await.json();
    let seen = seen["requests"].as_array().unwrap();
    let statuses: Vec<_> =
        seen.iter().map(|call| (call["status"].as_u64(), call["faults"][0]["kind"].clone())).collect();
    assert_eq!(statuses, [(Some(200), json!("lostAnswer")), (Some(200), json!("lostAnswer"))]);
    assert_eq!(seen[1]["refresh"]["gen"], 0, "the retry shows the first token again");
    // It had rotated: what comes now is the successor, once and for all.
    bob.refresh().await.expect(200);
    let successor = bob.refresh_cookie().to_owned();
    bob.jar.insert("refreshToken".to_owned(), cookie.clone());
    bob.refresh().await.expect(200);
    assert!(bob.refresh_cookie() == successor && successor != cookie);
    bob.refresh().await.expect(200);
    assert_eq!(bob.refresh_cookie(), successor, "it is not rotated again within the grace");
    bob.me().await.expect(200);
}

#[tokio::test]
async fn a_cut_call_never_happened() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let cookie = bob.refresh_cookie().to_owned();
    fault(&server, "POST /auth/logout", json!({"fault": {"kind": "cut"}})).await;
    fault(&server, "POST /auth/refresh", json!({"fault": {"kind": "cut"}})).await;
    let sent = refresh(&cookie);
    let logout = sent.replace("/auth/refresh", "/auth/logout");
    let (server, came) = in_thread(server, move |server| [exchange(server, &logout), exchange(server, &sent)]).await;
    assert_eq!(came, ["", ""]);
    let seen = server.browser().get("/dev/requests").await.json();
    assert!(seen["requests"][0]["status"].is_null() && seen["requests"][0]["code"].is_null(), "{seen}");
    bob.refresh().await.expect(200);
    server.advance("20s");
    bob.refresh().await.expect(200);
}

#[tokio::test]
async fn what_was_answered_before_on_the_connection_still_comes() {
    let server = TestServer::dev();
    fault(&server, "/auth/me", json!({"fault": {"kind": "cut"}})).await;
    fault(&server, "/readyz", json!({"fault": {"kind": "lostAnswer"}})).await;
    let (server, ()) = in_thread(server, |server| {
        for last in ["/auth/me", "/readyz"] {
            // All at once: the answers of the first two, and nothing of the last two.
            let sent = [get("/healthz"), get("/.well-known/jwks.json"), get(last), get("/healthz")].concat();
            let came = exchange(server, &sent);
            assert_eq!(came.matches("HTTP/1.1 ").count(), 2, "{last}: {came}");
            assert!(came.contains("\"keys\"") && came.ends_with('}'), "{came}");
        }
        // One after the other over one connection that is kept.
        for (number, path) in ["/auth/me", "/healthz"].into_iter().enumerate() {
            let mut stream = TcpStream::connect(server.running().addr).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(get(path).as_bytes()).unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(&head, if number == 0 { b"HTTP/1.1 401" } else { b"HTTP/1.1 200" });
        }
    })
    .await;
    assert_eq!(fared(&server).await, [(1, Some(0)), (1, Some(0))]);
}

#[tokio::test]
async fn a_cut_connection_is_the_only_one() {
    let server = TestServer::dev();
    fault(&server, "/healthz", json!({"fault": {"kind": "cut"}, "times": 1})).await;
    let (server, ()) = in_thread(server, |server| {
        let open = TcpStream::connect(server.running().addr).unwrap();
        assert_eq!(exchange(server, &get("/healthz")), "");
        let mut open = open;
        open.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        open.write_all(get("/healthz").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        assert!(read_all(&mut open).starts_with("HTTP/1.1 200"));
    })
    .await;
    // A client sees an error of the network, and no answer.
    fault(&server, "/healthz", json!({"fault": {"kind": "lostAnswer"}})).await;
    let browser = server.browser();
    assert!(browser.request(reqwest::Method::GET, "/healthz").send().await.is_err());
}

#[tokio::test]
async fn no_descriptor_is_kept_of_a_connection_that_is_over() {
    let folder = tempfile::TempDir::new().unwrap();
    let stub = Stub::start(folder.path(), &[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let told = json!({"route": "/healthz", "fault": {"kind": "lostAnswer"}, "times": 300});
    assert_eq!(client.post(stub.url("/dev/faults")).json(&told).send().await.unwrap().status(), 201);
    let folder = format!("/proc/{}/fd", stub.child.id());
    let count = || std::fs::read_dir(&folder).unwrap().count();
    let before = count();
    for _ in 0..300 {
        assert!(client.get(stub.url("/healthz")).send().await.is_err());
    }
    assert_eq!(client.get(stub.url("/healthz")).send().await.unwrap().status(), 200);
    // The server closes its side a moment after the client has seen the end.
    let given_back = async || (count() <= before + 2).then_some(());
    until_told(&format!("there are {before} descriptors again"), Duration::from_secs(10), given_back).await;
}

#[tokio::test]
async fn a_body_comes_through_the_looking_unharmed() {
    let server = TestServer::dev();
    let (_server, ()) = in_thread(server, |server| {
        let post = |path: &str, more: &str, body: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 {more}\r\n{body}"
            )
        };
        let body = r#"{"email":"bob@example.com","password":"bob"}"#;
        let length = |body: &str| format!("Content-Length: {}\r\n", body.len());
        let chunks = |body: &str| {
            let (a, b) = body.split_at(9);
            format!("{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n", a.len(), b.len())
        };
        let chunked = "Transfer-Encoding: chunked\r\n";
        for sent in [post("/auth/login", &length(body), body), post("/auth/login", chunked, &chunks(body))] {
            assert!(exchange(server, &sent).starts_with("HTTP/1.1 200"), "{sent}");
        }
        // Too long for the call, too long to be looked at, chunked or not: its refusal is the usual one.
        for size in [8_300, 65_536, 65_537, 200_000] {
            let long = format!("{}{body}", " ".repeat(size - body.len()));
            for sent in [post("/auth/login", &length(&long), &long), post("/auth/login", chunked, &chunks(&long))] {
                let came = exchange(server, &sent);
                assert!(came.starts_with("HTTP/1.1 413") || came.is_empty(), "{size}: {came}");
            }
        }
        let cut_off = post("/auth/login", "Content-Length: 500\r\n", body);
        let mut stream = TcpStream::connect(server.running().addr).unwrap();
        stream.write_all(cut_off.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let came = read_all(&mut stream);
        assert!(came.is_empty() || came.starts_with("HTTP/1.1 400"), "{came}");
    })
    .await;
}
