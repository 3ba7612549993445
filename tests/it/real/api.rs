//! The calls as an application without cookies makes them: refresh tokens travel in bodies.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// How long an answer may take on a busy machine before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of one server. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
}

/// What a sign-in or a refresh gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// For `Authorization: Bearer`.
    pub(crate) access: String,
    /// For the next refresh.
    pub(crate) refresh: String,
}

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The body; null where there is none.
    pub(crate) json: Value,
}

/// No answer came: the connection ended, or never began.
pub(crate) type Lost = reqwest::Error;

impl Answer {
    /// The tokens of a call that went well.
    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        let text = |name: &str| self.json[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned();
        assert!(matches!(self.status, 200 | 201), "{self:?}");
        Tokens { access: text("accessToken"), refresh: text("refreshToken") }
    }

    /// The code of a refusal; empty where it is none.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// Why the session ended; empty where it is not said.
    pub(crate) fn reason(&self) -> &str {
        self.json["reason"].as_str().unwrap_or_default()
    }
}

impl Api {
    /// A client of the server at this address.
    pub(crate) fn new(addr: SocketAddr) -> Self {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { client, base: format!("http://{addr}") }
    }

    /// Makes the first administrator and signs them in.
    pub(crate) async fn setup(&self, secret: &str, email: &str) -> Tokens {
        let body = json!({ "secret": secret, "email": email, "password": PASSWORD, "transport": "body" });
        self.post("/auth/setup", &body).await.unwrap().tokens()
    }

    /// Makes a user and signs them in.
    pub(crate) async fn register(&self, email: &str) -> Tokens {
        let body = json!({ "email": email, "password": PASSWORD, "transport": "body" });
        self.post("/auth/register", &body).await.unwrap().tokens()
    }

    /// Signs a user in.
    pub(crate) async fn login(&self, email: &str) -> Result<Answer, Lost> {
        let body = json!({ "email": email, "password": PASSWORD, "transport": "body" });
        self.post("/auth/login", &body).await
    }

    /// Shows a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Answer, Lost> {
        self.post("/auth/refresh", &json!({ "refreshToken": token })).await
    }

    /// Ends a session.
    pub(crate) async fn logout(&self, token: &str) -> Result<Answer, Lost> {
        self.post("/auth/logout", &json!({ "refreshToken": token })).await
    }

    /// Ends all sessions of a user.
    pub(crate) async fn logout_all(&self, access: &str) -> Result<Answer, Lost> {
        ask(self.client.post(format!("{}/auth/logout-all", self.base)).bearer_auth(access)).await
    }

    /// Shows an access token.
    pub(crate) async fn me(&self, access: &str) -> Result<Answer, Lost> {
        ask(self.client.get(format!("{}/auth/me", self.base)).bearer_auth(access)).await
    }

    /// Any other GET.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Lost> {
        ask(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Any other call of somebody who is signed in.
    pub(crate) async fn act(&self, method: &str, path: &str, access: &str, body: &Value) -> Result<Answer, Lost> {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        ask(request.bearer_auth(access).json(body)).await
    }

    /// Any other POST.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer, Lost> {
        ask(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }
}

async fn ask(request: RequestBuilder) -> Result<Answer, Lost> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    let body = response.bytes().await?;
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Ok(Answer { status, retry_after, json })
}
