//! A person with devices, who remembers what was acknowledged and what was under way when the server died.

use futures_util::future::{join, join_all};

use crate::chance::Chance;
use crate::real::api::{Answer, Api, Lost, Tokens};

/// How many devices each has.
const DEVICES: usize = 3;

/// One session, as its owner knows it.
pub(crate) struct Device {
    /// The last tokens that came.
    pub(crate) tokens: Tokens,
    /// The refresh token before, if it was shown and answered by another.
    pub(crate) parent: Option<String>,
    /// The one before that.
    pub(crate) older: Option<String>,
    /// What is under way.
    pub(crate) doubt: Doubt,
}

/// What was asked and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nothing.
    None,
    /// A refresh with the last token.
    Refresh,
    /// A logout.
    Logout,
}

/// A session that is over, and why.
pub(crate) struct Ended {
    pub(crate) tokens: Tokens,
    pub(crate) reason: &'static str,
}

/// Somebody with an account.
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) devices: Vec<Device>,
    pub(crate) ended: Vec<Ended>,
    /// A logout everywhere is under way.
    pub(crate) leaving: bool,
}

impl Device {
    fn new(tokens: Tokens) -> Self {
        Self { tokens, parent: None, older: None, doubt: Doubt::None }
    }

    /// Shows the refresh token.
    pub(crate) async fn refresh(&mut self, api: &Api) -> Result<(), Lost> {
        self.doubt = Doubt::Refresh;
        let answer = api.refresh(&self.tokens.refresh).await?;
        self.doubt = Doubt::None;
        self.take(answer.tokens());
        Ok(())
    }

    /// Notes new tokens. Within the grace they may be the same.
    pub(crate) fn take(&mut self, next: Tokens) {
        if next.refresh != self.tokens.refresh {
            self.older = self.parent.take();
            self.parent = Some(self.tokens.refresh.clone());
        }
        self.tokens = next;
    }

    /// Shows it twice at once: both get the same one.
    async fn refresh_twice(&mut self, api: &Api) -> Result<(), Lost> {
        self.doubt = Doubt::Refresh;
        let (one, other) = join(api.refresh(&self.tokens.refresh), api.refresh(&self.tokens.refresh)).await;
        let (one, other) = (one?.tokens(), other?.tokens());
        assert_eq!(one.refresh, other.refresh, "two tabs went apart");
        self.doubt = Doubt::None;
        self.take(one);
        // Without a grace the second needed a recovery: not three in a row.
        self.refresh(api).await
    }
}

impl Person {
    /// Signs up, and in on all devices.
    pub(crate) async fn new(api: &Api, email: String) -> Self {
        let first = Device::new(api.register(&email).await);
        let mut person = Self { email, devices: vec![first], ended: Vec::new(), leaving: false };
        person.sign_in(api).await.unwrap();
        person
    }

    /// Signs in on the devices that are missing.
    pub(crate) async fn sign_in(&mut self, api: &Api) -> Result<(), Lost> {
        while self.devices.len() < DEVICES {
            self.devices.push(Device::new(api.login(&self.email).await?.tokens()));
        }
        Ok(())
    }

    /// Does one thing after the other until no answer comes.
    pub(crate) async fn act(&mut self, api: &Api, mut chance: Chance) {
        while self.act_once(api, &mut chance).await.is_ok() {}
    }

    async fn act_once(&mut self, api: &Api, chance: &mut Chance) -> Result<(), Lost> {
        let at = usize::try_from(chance.below(DEVICES as u64)).unwrap();
        match chance.below(100) {
            0..75 => join_all(self.devices.iter_mut().map(|device| device.refresh(api))).await.into_iter().collect(),
            75..85 => self.devices[at].refresh_twice(api).await,
            85..93 => {
                self.devices[at].doubt = Doubt::Logout;
                let answer = api.logout(&self.devices[at].tokens.refresh).await?;
                assert_eq!(answer.status, 204, "{answer:?}");
                self.over(at, "logged_out");
                self.sign_in(api).await
            }
            _ => {
                self.leaving = true;
                let answer = api.logout_all(&self.devices[at].tokens.access).await?;
                assert_eq!(answer.status, 200, "{answer:?}");
                self.all_over();
                self.sign_in(api).await
            }
        }
    }

    /// Notes that a session is over.
    pub(crate) fn over(&mut self, at: usize, reason: &'static str) {
        self.ended.push(Ended { tokens: self.devices.remove(at).tokens, reason });
    }

    /// Notes that all are.
    pub(crate) fn all_over(&mut self) {
        self.leaving = false;
        while !self.devices.is_empty() {
            self.over(0, "logged_out_everywhere");
        }
    }
}

/// Whether an answer says that the session is over for this reason.
pub(crate) fn says(answer: &Answer, reason: &str) -> bool {
    (answer.status, answer.code(), answer.reason()) == (401, "session_ended", reason)
}
