//! A server, all that was ever seen of it, and the model beside it.

use std::collections::{BTreeMap, BTreeSet};

use doorward::base::time::{Clock as _, Ttl};
use reqwest::Method;
use serde_json::json;

use crate::harness::answer::Answer;
use crate::harness::browser::Browser;
use crate::harness::{PASSWORD, TestServer};
use crate::model::check::{Wrong, refused, same};
use crate::model::history::{self, Beside, Copy};
use crate::model::reference::{ABSOLUTE, Access, Database, Given, IDLE};
use crate::model::reference::{Session, Show, Token, User};
use crate::model::step::{Act, Place, Seat, Step};

const USERS: [&str; 2] = ["ann@example.com", "bob@example.com"];
const HOME: &str = "192.0.2";
const AWAY: &str = "198.51.100";
const AGENT: &str = "Home/1";

/// The server and the model.
pub struct World {
    pub server: TestServer,
    pub client: Browser,
    pub beside: Option<Beside>,
    pub model: Database,
    /// Every refresh token that was ever made, and its text.
    pub tokens: Vec<(Token, String)>,
    /// Those that somebody got, in their order.
    pub seen: Vec<usize>,
    pub accesses: Vec<(Access, String)>,
    /// Texts of the device cookies.
    devices: Vec<String>,
    /// Ids of the sessions.
    pub sessions: Vec<String>,
    pub ids: Vec<String>,
    /// Tokens refused for good: none may ever work again.
    pub over: BTreeSet<usize>,
    pub copy: Option<Copy>,
    pub history: usize,
    pub access_ttl: i64,
    passwords: usize,
}

impl World {
    pub async fn begin() -> Self {
        let server = TestServer::with(history::settings);
        let mut admin = server.admin().await;
        let mut ids = Vec::new();
        for email in USERS {
            let invited = admin.post("/auth/admin/users", json!({"email": email})).await;
            ids.push(invited.text("/user/id"));
            let url = invited.text("/link/url");
            let body = json!({"secret": url.rsplit_once('#').unwrap().1, "password": PASSWORD});
            server.browser().post("/auth/link", body).await.expect(204);
        }
        let user = User {
            version: 0,
            enabled: true,
            exists: true,
            editor: false,
            password: PASSWORD.to_owned(),
            devices: BTreeSet::new(),
        };
        let beside = Beside::open(&server);
        let kids = beside.kids();
        beside.new_events();
        let mut world = Self {
            client: server.browser(),
            server,
            beside: Some(beside),
            model: Database {
                epoch: 0,
                absolute: ABSOLUTE,
                users: vec![user.clone(), user],
                sessions: BTreeMap::new(),
                raises: Vec::new(),
                kids,
            },
            tokens: Vec::new(),
            seen: Vec::new(),
            accesses: Vec::new(),
            devices: Vec::new(),
            sessions: Vec::new(),
            ids,
            over: BTreeSet::new(),
            copy: None,
            history: 0,
            access_ttl: 15 * 60_000,
            passwords: 0,
        };
        // The links that set the passwords.
        (0..USERS.len()).for_each(|user| world.model.raise(user, "password_changed", world.now()));
        world.login(0, Seat::Fresh).await.unwrap();
        world
    }

    /// Does it, and compares.
    pub async fn step(&mut self, step: &Step) -> Result<(), Wrong> {
        match *step {
            Step::Login { user, seat } => self.login(user, seat).await?,
            Step::Refresh { back, place, lost } => {
                if let Some(token) = pick(&self.seen, back) {
                    self.refresh(token, place, lost).await?;
                }
            }
            Step::Logout { back, astray } => {
                if let Some(token) = pick(&self.seen, back) {
                    self.logout(token, astray).await?;
                }
            }
            Step::LogoutAll { back } => self.logout_all(back).await?,
            Step::Password { back, lost } => self.password(back, lost).await?,
            Step::Act { user, act } => self.act(user, act).await?,
            Step::Everyone => self.everyone().await?,
            Step::Clock(by) => self.server.clock.set_by(Ttl::from_millis(by)),
            Step::Restart { short } => self.restart(short),
            Step::NewKeys { beside } => self.new_keys(beside),
            Step::Copy => self.copy(),
            Step::PutBack => self.put_back(),
        }
        self.check_accesses(8).await
    }

    /// After a restart every token that was ever seen is shown once more.
    pub async fn epilogue(&mut self) -> Result<(), Wrong> {
        self.restart(false);
        self.check_accesses(usize::MAX).await?;
        for token in self.seen.clone() {
            self.refresh(token, Place::Home, false).await?;
        }
        self.check_accesses(usize::MAX).await
    }

    pub fn now(&self) -> i64 {
        self.server.clock.now().millis()
    }

    fn facts(&self) -> Vec<Token> {
        self.tokens.iter().map(|(token, _)| token.clone()).collect()
    }

    /// A client with these cookies at this place.
    fn at(&self, refresh: Option<usize>, show: &Show) -> Browser {
        let mut client = self.client.clone();
        show.agent.clone_into(&mut client.agent);
        client.headers = vec![("x-forwarded-for".to_owned(), show.network.to_owned() + ".7")];
        if let Some(token) = refresh {
            client.jar.insert("refreshToken".to_owned(), self.tokens[token].1.clone());
        }
        if let Some(device) = show.device {
            client.jar.insert("device".to_owned(), self.devices[device].clone());
        }
        client
    }

    async fn login(&mut self, user: usize, seat: Seat) -> Result<(), Wrong> {
        // How a failed sign-in is answered and counted is another matter.
        if !(self.model.users[user].exists && self.model.users[user].enabled) {
            return Ok(());
        }
        let held = match seat {
            Seat::Still(back) => pick(&self.seen, back).filter(|token| !self.tokens[*token].0.body),
            Seat::Fresh | Seat::Known | Seat::App => None,
        };
        let device = match seat {
            Seat::Known => self.devices.len().checked_sub(1),
            Seat::Still(_) => held.and_then(|token| self.device_of(token)),
            Seat::Fresh | Seat::App => None,
        };
        let body = matches!(seat, Seat::App);
        let show = Show { device, agent: AGENT, network: HOME };
        let mut asked = json!({"email": USERS[user], "password": self.model.users[user].password});
        if body {
            asked["transport"] = json!("body");
        }
        let client = self.at(held, &show);
        let answer = client.send_only(client.request(Method::POST, "/auth/login").json(&asked)).await;
        same(&answer.status, &200, &answer)?;
        if let Some(held) = held.filter(|held| self.model.kids.contains(&self.tokens[*held].0.kid)) {
            self.model.end_standing(self.tokens[held].0.session, "signed_in_again");
        }
        let device = if body { None } else { Some(self.device_after(user, device, &answer)?) };
        let now = self.now();
        let session = self.sessions.len();
        let end = (now + self.model.absolute).div_euclid(1000) * 1000;
        let ver = self.model.ver(user);
        let token = Token {
            session,
            user,
            generation: 0,
            parent: None,
            ver,
            body,
            iat: now.div_euclid(1000) * 1000,
            exp: (now + IDLE).min(end).div_euclid(1000) * 1000,
            end,
            kid: String::new(),
        };
        let row = Session {
            user,
            ver,
            device,
            current: self.tokens.len(),
            made: now,
            end,
            rotation: None,
            at: now,
            recovered: BTreeSet::new(),
            ended: None,
        };
        self.model.sessions.insert(session, row);
        self.given(&answer, &Given::New(token), false)?;
        self.events(&[("signed_in", Some(session))])
    }

    /// A good login keeps a device that this account knows, and brings another in place of any else.
    fn device_after(&mut self, user: usize, shown: Option<usize>, answer: &Answer) -> Result<usize, Wrong> {
        let set = answer.set_cookies().into_iter().find(|(name, ..)| name == "device").map(|(_, value, _)| value);
        let known = shown.filter(|device| self.model.users[user].devices.contains(device));
        same(&set.is_none(), &known.is_some(), &answer)?;
        let device = known.unwrap_or(self.devices.len());
        self.devices.extend(set);
        self.model.users[user].devices.insert(device);
        Ok(device)
    }

    fn device_of(&self, token: usize) -> Option<usize> {
        self.model.sessions.get(&self.tokens[token].0.session).and_then(|session| session.device)
    }

    fn show(&self, token: usize, place: Place) -> Show {
        let own = self.device_of(token);
        let other = (0..self.devices.len()).rev().find(|device| Some(*device) != own);
        let home = Show { device: own, agent: AGENT, network: HOME };
        match place {
            Place::Home | Place::NextDoor => home,
            Place::Bare => Show { device: None, ..home },
            Place::OtherAgent => Show { agent: "Other/1", ..home },
            Place::Travelling => Show { network: AWAY, ..home },
            Place::OtherDevice => Show { device: other, ..home },
            Place::Thief => Show { device: None, agent: "Thief/1", network: AWAY },
        }
    }

    async fn refresh(&mut self, token: usize, place: Place, lost: bool) -> Result<(), Wrong> {
        let show = self.show(token, place);
        let body = self.tokens[token].0.body;
        let mut client = self.at((!body).then_some(token), &show);
        if matches!(place, Place::NextDoor) {
            client.headers[0].1 = format!("{HOME}.200");
        }
        let shown = if body { json!({"refreshToken": self.tokens[token].1}) } else { json!({}) };
        let answer = client.send_only(client.request(Method::POST, "/auth/refresh").json(&shown)).await;
        let facts = self.facts();
        let (due, events) = self.model.refresh(&facts, token, show, self.now());
        match due {
            Ok(given) => {
                if self.over.contains(&token) {
                    return Err("the model itself revives a token".to_owned());
                }
                same(&answer.status, &200, &format!("{given:?} was due of {:?}: {answer:?}", facts[token]))?;
                self.given(&answer, &given, lost)?;
            }
            Err(refusal) => {
                refused(&answer, &refusal)?;
                if !matches!(refusal.1, None | Some("idle_expired" | "absolute_expired")) {
                    self.over.insert(token);
                }
            }
        }
        self.events(&events)
    }

    async fn logout(&mut self, token: usize, astray: bool) -> Result<(), Wrong> {
        let facts = self.tokens[token].0.clone();
        let in_body = facts.body != astray;
        let client = self.at((!in_body).then_some(token), &self.show(token, Place::Home));
        let shown = if in_body { json!({"refreshToken": self.tokens[token].1}) } else { json!({}) };
        let answer = client.send_only(client.request(Method::POST, "/auth/logout").json(&shown)).await;
        let known = self.model.kids.contains(&facts.kid);
        if astray && known {
            refused(&answer, &("invalid_refresh_token", None))?;
            return self.events(&[]);
        }
        same(&answer.status, &204, &answer)?;
        same(&answer.set_cookies().len(), &usize::from(!in_body), &answer)?;
        let ends = known && self.model.end_standing(facts.session, "logged_out");
        let event = ("logged_out", Some(facts.session));
        self.events(if ends { std::slice::from_ref(&event) } else { &[] })
    }

    async fn logout_all(&mut self, back: usize) -> Result<(), Wrong> {
        let Some((access, text)) = pick(&self.accesses, back) else { return Ok(()) };
        let client = self.at(None, &Show { device: None, agent: AGENT, network: HOME });
        let request = client.request(Method::POST, "/auth/logout-all").bearer_auth(text).json(&json!({}));
        let answer = client.send_only(request).await;
        if let Err(code) = self.model.accepts(&access, self.now()) {
            refused(&answer, &(code, None))?;
            return self.events(&[]);
        }
        same(&answer.status, &200, &answer)?;
        let live = self.model.live(&self.facts(), access.user, self.now());
        same(&answer.json()["sessions"], &json!(live), &answer)?;
        self.model.raise(access.user, "logged_out_everywhere", self.now());
        self.events(&[("logged_out_everywhere", Some(access.session))])
    }

    async fn password(&mut self, back: usize, lost: bool) -> Result<(), Wrong> {
        let Some((access, text)) = pick(&self.accesses, back) else { return Ok(()) };
        let device = self.model.sessions.get(&access.session).and_then(|session| session.device);
        let show = Show { device, agent: AGENT, network: HOME };
        let client = self.at(None, &show);
        self.passwords += 1;
        let new = format!("another horse, another battery {}", self.passwords);
        self.server.secret(&new);
        let body = json!({"currentPassword": self.model.users[access.user].password, "newPassword": new});
        let request = client.request(Method::POST, "/auth/password").bearer_auth(text).json(&body);
        let answer = client.send_only(request).await;
        let now = self.now();
        if let Err(code) = self.model.accepts(&access, now) {
            refused(&answer, &(code, None))?;
            return self.events(&[]);
        }
        same(&answer.status, &200, &answer)?;
        self.model.users[access.user].password = new;
        self.model.users[access.user].devices.retain(|known| Some(*known) == device);
        self.model.raise(access.user, "password_changed", now);
        let ver = self.model.ver(access.user);
        let session = self.model.sessions.get_mut(&access.session).unwrap();
        let before = self.tokens[session.current].0.clone();
        let token = Token {
            generation: before.generation + 1,
            parent: None,
            ver,
            iat: now.div_euclid(1000) * 1000,
            exp: (now + IDLE).min(before.end).div_euclid(1000) * 1000,
            kid: String::new(),
            ..before
        };
        (session.ver, session.current, session.rotation, session.at) = (ver, self.tokens.len(), None, now);
        self.given(&answer, &Given::New(token), lost)?;
        self.events(&[("password_changed", Some(access.session))])
    }

    /// An administrator who has just given the password.
    async fn admin(&self) -> Browser {
        let mut admin = self.client.clone();
        let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": "body"});
        admin.post("/auth/login", body).await.expect(200);
        admin
    }

    async fn act(&mut self, user: usize, act: Act) -> Result<(), Wrong> {
        let mut admin = self.admin().await;
        let path = format!("/auth/admin/users/{}", self.ids[user]);
        let answer = match act {
            Act::Disable => admin.post(&format!("{path}/disable"), json!({})).await,
            Act::Enable => admin.post(&format!("{path}/enable"), json!({})).await,
            Act::LogoutAll => admin.post(&format!("{path}/logout-all"), json!({})).await,
            Act::Delete => admin.delete(&path).await,
            Act::ChangeRole => {
                let role = if self.model.users[user].editor { "user" } else { "editor" };
                admin.patch(&path, json!({"role": role})).await
            }
        };
        if !self.model.users[user].exists {
            same(&answer.status, &404, &answer)?;
            return self.events(&[("signed_in", None)]);
        }
        same(&(answer.status / 100), &2, &answer)?;
        let events =
            [Some(("signed_in", None)), self.model.act(&self.facts(), user, act, self.now()).map(|kind| (kind, None))];
        self.events(&events.into_iter().flatten().collect::<Vec<_>>())
    }

    async fn everyone(&mut self) -> Result<(), Wrong> {
        let mut admin = self.admin().await;
        let answer = admin.post("/auth/admin/logout-all", json!({})).await;
        same(&answer.status, &200, &answer)?;
        self.model.raise_epoch(self.now());
        self.events(&[("signed_in", None), ("everyone_logged_out", None)])
    }
}

/// The one so many places before the last.
fn pick<T: Clone>(from: &[T], back: usize) -> Option<T> {
    let last = from.len().checked_sub(1)?;
    from.get(last - back % from.len()).cloned()
}
