//! `doorward::testing`: the stub in the process of a test.

use doorward::base::time::Ttl;
use doorward::ops::dev::faults::{Act, Often};
use doorward::testing;
use reqwest::Client;
use serde_json::{Value, json};

async fn ask(stub: &testing::Stub, path: &str, session: &testing::Session) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let asked = match path {
        "/auth/refresh" => {
            client.post(stub.url().to_owned() + path).json(&json!({"refreshToken": session.refresh_token}))
        }
        _ => client.get(stub.url().to_owned() + path).bearer_auth(&session.access_token),
    };
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn it_signs_in_moves_the_clock_and_goes_back() {
    let stub = testing::start().unwrap();
    let bob = stub.session("bob@example.com").unwrap();
    let (status, me) = ask(&stub, "/auth/me", &bob).await;
    assert_eq!((status, me["id"].as_str()), (200, Some(bob.user.as_str())));
    stub.snapshot("bob").unwrap();
    stub.clock().advance(Ttl::from_mins(16));
    assert_eq!(ask(&stub, "/auth/me", &bob).await.1["code"], "access_token_expired");
    assert_eq!(ask(&stub, "/auth/refresh", &bob).await.0, 200);
    stub.reset().unwrap();
    assert_eq!(ask(&stub, "/auth/me", &bob).await.1["code"], "invalid_access_token");
    stub.restore("bob").unwrap();
    assert_eq!(ask(&stub, "/auth/me", &bob).await.0, 200);
    assert!(matches!(stub.restore("nobody"), Err(testing::Error::Refused(_))));
    assert!(stub.session("eve@example.com").is_err() && stub.session("zoe@example.com").is_err());
    assert!(matches!(stub.session("zoe"), Err(testing::Error::Email(_))));
}

#[tokio::test]
async fn it_makes_tokens_that_are_good_and_such_that_are_not() {
    let stub = testing::start().unwrap();
    let mut session = stub.session("bob@example.com").unwrap();
    for (flaw, status) in [("none", 200), ("expired", 401), ("wrong_issuer", 401), ("alg_none", 401)] {
        session.access_token = stub.token("bob@example.com", flaw).unwrap();
        assert_eq!(ask(&stub, "/auth/me", &session).await.0, status, "{flaw}");
    }
    assert!(stub.token("bob@example.com", "ugly").is_err() && stub.token("zoe@example.com", "none").is_err());
}

#[tokio::test]
async fn many_see_nothing_of_each_other() {
    let stubs: Vec<_> = (0..30).map(|_| testing::start().unwrap()).collect();
    let sessions: Vec<_> = stubs.iter().map(|stub| stub.session("bob@example.com").unwrap()).collect();
    stubs[0].clock().advance(Ttl::from_days(8));
    for (at, (stub, session)) in stubs.iter().zip(&sessions).enumerate() {
        assert_eq!(ask(stub, "/auth/refresh", session).await.0, if at == 0 { 401 } else { 200 });
        // The same keys, another issuer: what one gave is nothing to the next.
        let next = &stubs[(at + 1) % stubs.len()];
        assert_eq!(ask(next, "/auth/me", session).await.0, 401);
    }
}

#[tokio::test]
async fn it_fails_as_asked_and_tells_what_it_saw() {
    let stub = testing::start().unwrap();
    let bob = stub.session("bob@example.com").unwrap();
    let busy = Act::Status { status: 503, code: None, retry_after: None };
    stub.faults().add("GET /auth/me".parse().unwrap(), busy, Often::Times(1)).unwrap();
    assert_eq!(ask(&stub, "/auth/me", &bob).await.0, 503);
    assert_eq!(ask(&stub, "/auth/me", &bob).await.0, 200);
    let (seen, _) = stub.requests().page(None, 10);
    let seen: Vec<_> = seen.iter().map(|(_, call)| (call.path.as_str(), call.status)).collect();
    assert_eq!(seen, [("/auth/me", Some(503)), ("/auth/me", Some(200))]);
    assert_eq!(stub.outbox().map(|message| message.to.clone()), [""; 0]);
}

#[test]
fn other_settings_hold_and_it_is_a_stub_all_the_same() {
    let stub = testing::start_with(|config| config.tokens.access_ttl = Ttl::from_secs(30)).unwrap();
    let session = stub.session("ann@example.com").unwrap();
    assert!(stub.issuer().ends_with("/dev") && session.access_token.len() > 100);
    assert!(matches!(testing::start_with(|config| config.dev = None), Err(testing::Error::NoStub)));
}
