//! What people see where programs get a problem, and that programs get it.

use doorward::config::Registration;
use reqwest::Method;
use serde_json::json;

use crate::harness::TestServer;
use crate::harness::answer::Answer;
use crate::harness::browser::Browser;

/// As a browser asks for where somebody sends it.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn visit(browser: &mut Browser, method: Method, path: &str, lines: &[(&str, &str)]) -> Answer {
    let mut request = browser.request(method, path).header("accept", ACCEPT).header("accept-language", "de");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    browser.send(request).await
}

#[track_caller]
fn expect_page(answer: &Answer, status: u16, words: &str) {
    answer.expect(status);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{answer:?}");
    assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    assert!(answer.text.contains(words) && !answer.text.contains("{{"), "{answer:?}");
}

#[tokio::test]
async fn people_get_a_page_where_there_is_nothing() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for path in ["/nothing-here", "/admin/users", "/login/more", "/assets/x/y", "/client/nothing.js", "/.env", "/demo"]
    {
        let answer = visit(&mut browser, Method::GET, path, &[("sec-fetch-mode", "navigate")]).await;
        expect_page(&answer, 404, "Hier ist nichts");
    }
    expect_page(&visit(&mut browser, Method::GET, "/nothing", &[]).await, 404, "Hier ist nichts");
    let head = visit(&mut browser, Method::HEAD, "/nothing", &[]).await;
    head.expect(404);
    assert_eq!((head.header("content-type"), head.text.as_str()), ("text/html; charset=utf-8", ""));
}

#[tokio::test]
async fn programs_and_scripts_get_the_problem() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for accept in ["*/*", "application/json", "application/problem+json", "text/html, application/json", ""] {
        let request = browser.request(Method::GET, "/nothing").header("accept", accept);
        browser.send(request).await.expect_problem(404, "not_found");
    }
    for mode in ["cors", "no-cors", "same-origin"] {
        let answer = visit(&mut browser, Method::GET, "/nothing", &[("sec-fetch-mode", mode)]).await;
        answer.expect_problem(404, "not_found");
    }
    for path in ["/auth/", "/auth/nothing", "/auth/admin", "/dev/", "/dev/state"] {
        visit(&mut browser, Method::GET, path, &[]).await.expect_problem(404, "not_found");
    }
    visit(&mut browser, Method::GET, "/auth/login", &[]).await.expect_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page_and_nowhere_else() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let stays = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (path, target) in [
        ("/login/", "/login"),
        ("/login/?return_to=/admin", "/login?return_to=/admin"),
        ("/account/", "/account"),
        ("/admin/", "/admin"),
        ("/setup/", "/setup"),
    ] {
        let answer = stays.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 308, "{answer:?}");
        assert_eq!(answer.headers()["location"], target, "{answer:?}");
    }
    for path in
        ["//evil.example/", "//login/", "/login//", "/auth/login/", "/%2flogin/", "/nothing/", "/dev/", "/assets/"]
    {
        browser.get(path).await.expect_problem(404, "not_found");
    }
    visit(&mut browser, Method::POST, "/login/", &[]).await.expect(404);
}

#[tokio::test]
async fn a_closed_registration_says_that_it_goes_by_invitation() {
    let server = TestServer::start();
    let mut browser = server.browser();
    expect_page(&visit(&mut browser, Method::GET, "/register", &[]).await, 403, "Nur mit Einladung");
    browser.get("/register").await.expect_problem(403, "registration_closed");
    let open = TestServer::with(|config| config.registration = Registration::Open);
    visit(&mut open.browser(), Method::GET, "/register", &[]).await.expect(200);
}

#[tokio::test]
async fn a_form_that_a_browser_sends_by_itself_is_refused_with_a_page_that_repeats_nothing() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for path in ["/login", "/setup", "/link", "/account", "/admin"] {
        let own = browser.request(Method::GET, "/").build().unwrap().url().origin().ascii_serialization();
        let request = browser.request(Method::POST, path).header("accept", ACCEPT).header("origin", own);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = browser.send(request.body("email=ann%40example.com&password=hunter2hunter2")).await;
        expect_page(&answer, 405, "Nothing was sent on");
        assert_eq!(answer.header("allow"), "GET, HEAD", "{answer:?}");
        assert!(!answer.text.contains("hunter2") && !answer.text.contains("ann@"), "{answer:?}");
    }
}

#[tokio::test]
async fn the_set_up_shows_its_form_only_as_long_as_there_is_nobody() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let page = visit(&mut browser, Method::GET, "/setup", &[]).await;
    page.expect(200);
    assert!(page.text.contains("id=\"form\""), "{page:?}");
    server.admin().await;
    let page = visit(&mut browser, Method::GET, "/setup", &[]).await;
    page.expect(200);
    assert!(!page.text.contains("<form") && page.text.contains("href=\"/login\""), "{page:?}");
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_is_told_which_one() {
    let server = TestServer::with(|config| config.registration = Registration::Open);
    let mut browser = server.browser();
    for (password, status, rule, min, max) in [
        ("short".to_owned(), 422, "too_short", json!(8), json!(null)),
        ("x".repeat(257), 422, "too_long", json!(null), json!(256)),
        ("x".repeat(1025), 400, "too_large", json!(null), json!(1024)),
        ("nul\0nul\0nul".to_owned(), 400, "nul", json!(null), json!(null)),
        ("password1".to_owned(), 422, "common", json!(null), json!(null)),
        ("ann.miller@example.com".to_owned(), 422, "address", json!(null), json!(null)),
        ("Doorward".to_owned(), 422, "service_name", json!(null), json!(null)),
    ] {
        let body = json!({"email": "ann.miller@example.com", "password": password});
        let answer = browser.post("/auth/register", body).await;
        answer.expect(status);
        let json = answer.json();
        assert_eq!((&json["rule"], &json["min"], &json["max"]), (&json!(rule), &min, &max), "{answer:?}");
    }
}
