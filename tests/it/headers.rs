//! Headers that depend on the way by which a browser came.

use reqwest::Method;

use crate::harness::TestServer;

const OPENER: &str = "cross-origin-opener-policy";

/// Elsewhere browsers ignore it and complain on the console, where nothing else is to be seen.
#[tokio::test]
async fn the_opener_policy_is_sent_where_browsers_heed_it() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for (host, line, heeded) in [
        ("localhost:8484", None, true),
        ("127.0.0.1", None, true),
        ("[::1]:8484", None, true),
        ("door.localhost", None, true),
        ("door.test:8484", None, false),
        ("192.168.1.5:8484", None, false),
        ("localhost.door.test", None, false),
        ("door.test", Some(("sec-fetch-site", "none")), true),
        ("door.test", Some(("x-forwarded-proto", "https")), true),
        ("door.test", Some(("x-forwarded-proto", "http")), false),
        ("door.test", Some(("origin", "https://door.test")), true),
        ("door.test", Some(("origin", "http://door.test")), false),
    ] {
        for path in ["/login", "/nowhere", "/healthz"] {
            let mut request = browser.request(Method::GET, path).header("host", host);
            if let Some((name, value)) = line {
                request = request.header(name, value);
            }
            let answer = browser.send(request).await;
            let want = if heeded { "same-origin" } else { "" };
            assert_eq!(answer.header(OPENER), want, "{host} {line:?} {answer:?}");
        }
    }
}

#[tokio::test]
async fn behind_an_https_address_the_opener_policy_is_always_sent() {
    let server = TestServer::with(|config| config.public_url = Some("https://auth.example.com".parse().unwrap()));
    let mut browser = server.browser();
    let request = browser.request(Method::GET, "/login").header("host", "10.0.0.5");
    assert_eq!(browser.send(request).await.header(OPENER), "same-origin");
}
