//! A browser with a jar that tests can look into, copy and meddle with.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::{PASSWORD, Seen, TestServer};

#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    seen: Arc<Seen>,
    /// Name and value of each cookie.
    pub jar: BTreeMap<String, String>,
    /// The access token, as a page holds it in memory.
    pub access: Option<String>,
    pub agent: String,
    /// Further headers of each request.
    pub headers: Vec<(String, String)>,
    /// Whether it takes cookies from answers.
    pub keeps: bool,
    /// Whether answers of 500 and more are expected.
    pub expects_failures: bool,
}

impl Browser {
    pub fn new(server: &TestServer) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            base: server.url(""),
            seen: Arc::clone(&server.seen),
            jar: BTreeMap::new(),
            access: None,
            agent: "Mozilla/5.0 (X11; Linux x86_64) Test/1.0".to_owned(),
            headers: Vec::new(),
            keeps: true,
            expects_failures: false,
        }
    }

    /// The same browser at a server that was started again, on another port.
    pub fn at(mut self, server: &TestServer) -> Self {
        self.base = server.url("");
        self
    }

    /// A request with nothing but what is said; for odd ones.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header("user-agent", &self.agent);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// Sends it with the jar's cookies and takes those of the answer.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let answer = self.send_only(request).await;
        if self.keeps {
            for (name, value, attributes) in answer.set_cookies() {
                if attributes.contains("Max-Age=0") {
                    self.jar.remove(&name);
                } else {
                    self.jar.insert(name, value);
                }
            }
        }
        if let Some(token) = answer.json()["accessToken"].as_str() {
            self.access = Some(token.to_owned());
        }
        answer
    }

    /// Sends it with the jar's cookies; the answer's are lost, as if it never came.
    pub async fn send_only(&self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let request = request.build().unwrap();
        let asked = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { asked, status, headers, text: response.text().await.unwrap() };
        self.note(&answer);
        answer
    }

    fn note(&self, answer: &Answer) {
        let json = answer.json();
        let mut secrets = self.seen.secrets.lock().unwrap();
        secrets
            .extend(["accessToken", "refreshToken"].iter().filter_map(|name| json[name].as_str()).map(str::to_owned));
        secrets.extend(answer.set_cookies().into_iter().map(|(_, value, _)| value).filter(|value| value.len() > 20));
        drop(secrets);
        if answer.status >= 500 && !self.expects_failures {
            self.seen.failures.lock().unwrap().push(format!("{answer:?}"));
        }
        for (name, want) in [("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin")] {
            assert_eq!(answer.header(name), want, "{answer:?}");
        }
        assert!(!answer.header("content-security-policy").is_empty(), "{answer:?}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{answer:?}");
        assert!(answer.header("server").is_empty(), "{answer:?}");
    }

    fn with_access(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.access {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        for name in ["password", "newPassword", "currentPassword"] {
            if let Some(password) = body[name].as_str().filter(|text| text.len() >= 12 && !text.contains('@')) {
                self.seen.secrets.lock().unwrap().push(password.to_owned());
            }
        }
        let request = self.with_access(self.request(Method::POST, path)).json(&body);
        self.send(request).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.with_access(self.request(Method::GET, path));
        self.send(request).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        let request = self.with_access(self.request(Method::DELETE, path)).header("content-type", "application/json");
        self.send(request).await
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> Answer {
        let request = self.with_access(self.request(Method::PATCH, path)).json(&body);
        self.send(request).await
    }

    pub async fn login(&mut self, email: &str) -> Answer {
        self.login_with(email, PASSWORD).await
    }

    pub async fn login_with(&mut self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({"email": email, "password": password})).await
    }

    pub async fn refresh(&mut self) -> Answer {
        let request = self.request(Method::POST, "/auth/refresh").json(&json!({}));
        self.send(request).await
    }

    /// A refresh whose answer gets lost.
    pub async fn refresh_lost(&self) -> Answer {
        self.send_only(self.request(Method::POST, "/auth/refresh").json(&json!({}))).await
    }

    pub async fn logout(&mut self) -> Answer {
        let request = self.request(Method::POST, "/auth/logout").json(&json!({}));
        self.send(request).await
    }

    pub async fn me(&mut self) -> Answer {
        self.get("/auth/me").await
    }

    /// The refresh cookie.
    pub fn refresh_cookie(&self) -> &str {
        self.jar.get("refreshToken").map_or("", String::as_str)
    }

    /// Somebody else who holds a copy of the refresh cookie, and of nothing else.
    pub fn thief(&self) -> Self {
        let mut thief = self.clone();
        thief.jar.retain(|name, _| name == "refreshToken");
        thief.access = None;
        thief
    }

    /// The kinds of the events so far, oldest first, as an administrator sees them.
    pub async fn events(&mut self) -> Vec<String> {
        let answer = self.get("/auth/admin/events?limit=200").await;
        answer.expect(200);
        let events = answer.json()["events"].as_array().unwrap().clone();
        events.iter().rev().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }
}
