//! The Rust of the README against a running server.

use std::sync::Arc;
use std::time::Duration;

use doorward::base::entropy::SystemEntropy;
use doorward::base::time::{Clock, SystemClock, Timestamp, Ttl};
use doorward::config::Config;
use doorward::domain::key::Algorithm;
use doorward::server::{Env, Running, Server};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::readme::check::{Claims, check};

/// Ours, so far from the system's.
struct Moved(Ttl);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

/// A server with an administrator who signed in.
struct Signed {
    keys: JwkSet,
    answer: Value,
    running: Running,
    _folder: TempDir,
}

impl Signed {
    async fn in_to(set: impl FnOnce(&mut Config), ahead: Ttl) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config =
            Config { data_dir: folder.path().to_owned(), listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        config.passwords.bcrypt_cost = 4;
        config.tokens.issuer = Some("http://localhost:8484".to_owned());
        set(&mut config);
        let env = Env { clock: Arc::new(Moved(ahead)), entropy: Arc::new(SystemEntropy::default()) };
        let running = Server::start_with(config, env).unwrap();
        let link = running.setup_link.as_ref().unwrap().url.expose().clone();
        let body = json!({
            "secret": link.split_once('#').unwrap().1, "email": "ann@example.com",
            "password": "correct horse battery", "transport": "body",
        });
        let (client, base) = (reqwest::Client::new(), format!("http://{}", running.addr));
        let answer = client.post(format!("{base}/auth/setup")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let answer = answer.json().await.unwrap();
        let keys = client.get(format!("{base}/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        Self { keys, answer, running, _folder: folder }
    }

    fn text(&self, member: &str) -> &str {
        self.answer[member].as_str().unwrap()
    }

    fn checked(&self) -> Result<Claims, Error> {
        check(&self.keys, self.text("accessToken"))
    }

    fn stop(self) {
        self.running.stop();
    }
}

#[tokio::test]
async fn it_takes_access_tokens_of_this_server_and_nothing_else() {
    let signed = Signed::in_to(|_| {}, Ttl::ZERO).await;
    let claims = signed.checked().unwrap();
    assert_eq!(claims.sub, signed.answer["user"]["id"]);
    assert_eq!((claims.email.as_str(), claims.role.as_str()), ("ann@example.com", "admin"));
    assert_eq!(claims.sid.len(), 36);
    let other = Signed::in_to(|_| {}, Ttl::ZERO).await;
    // Under the name of our key.
    let named = |token: &str| {
        let ours = signed.text("accessToken").split('.').next().unwrap();
        format!("{ours}.{}", token.split_once('.').unwrap().1)
    };
    let foreign = [other.text("accessToken").to_owned(), named(other.text("accessToken"))];
    let broken = [signed.text("refreshToken").to_owned(), "nonsense".to_owned(), String::new()];
    for token in foreign.into_iter().chain(broken) {
        assert!(check(&signed.keys, &token).is_err(), "{token}");
    }
    signed.stop();
    other.stop();
}

#[tokio::test]
async fn it_refuses_what_is_not_pinned() {
    let refused = async |set: fn(&mut Config), expected: ErrorKind| {
        let signed = Signed::in_to(set, Ttl::ZERO).await;
        assert_eq!(*signed.checked().unwrap_err().kind(), expected);
        signed.stop();
    };
    refused(|config| config.tokens.issuer = Some("https://evil.example".to_owned()), ErrorKind::InvalidIssuer).await;
    refused(|config| config.tokens.audience = "other".to_owned(), ErrorKind::InvalidAudience).await;
    refused(|config| config.tokens.algorithm = Algorithm::EdDSA, ErrorKind::InvalidAlgorithm).await;
}

#[tokio::test]
async fn it_allows_half_a_minute_between_the_clocks() {
    let life = Ttl::from_mins(15);
    let ended = async |secs: i64| {
        let ahead = Ttl::from_millis(-life.millis() - 1000 * secs);
        let signed = Signed::in_to(|_| {}, ahead).await;
        let checked = signed.checked().map(drop);
        signed.stop();
        checked
    };
    assert!(ended(20).await.is_ok());
    assert_eq!(*ended(40).await.unwrap_err().kind(), ErrorKind::ExpiredSignature);
}
