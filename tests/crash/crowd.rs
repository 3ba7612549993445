//! Many people at once, and what each may expect of the server that starts after the kill.

use futures_util::future::join_all;

use crate::chance::Chance;
use crate::person::{Doubt, Person, says};
use crate::real::api::Api;
use crate::real::{Real, Site};

/// How many people.
const PEOPLE: usize = 6;

/// Those who use a site.
pub(crate) struct Crowd(Vec<Person>);

impl Crowd {
    /// Signs everybody up.
    pub(crate) async fn new(api: &Api) -> Self {
        let emails = (0..PEOPLE).map(|number| format!("person{number}@example.com"));
        Self(join_all(emails.map(|email| Person::new(api, email))).await)
    }

    /// All act until the server is gone.
    pub(crate) async fn act(&mut self, api: &Api, chance: &mut Chance) {
        join_all(self.0.iter_mut().map(|person| person.act(api, chance.fork()))).await;
    }

    /// Expects of a server that has just started what everybody was told by the one before.
    pub(crate) async fn check(&mut self, api: &Api, chance: &mut Chance) {
        join_all(self.0.iter_mut().map(|person| person.check(api, chance.fork()))).await;
    }
}

/// Starts a server with this grace.
pub(crate) fn start(site: &Site, grace: &str) -> Real {
    site.starter().env("DOORWARD_REFRESH__GRACE", grace).start()
}

impl Person {
    async fn check(&mut self, api: &Api, mut chance: Chance) {
        if self.leaving {
            self.settle_leaving(api).await;
        }
        for at in (0..self.devices.len()).rev() {
            self.check_device(api, at).await;
        }
        self.sign_in(api).await.unwrap();
        if chance.below(3) == 0 {
            self.show_an_old_one(api).await;
        }
        for ended in self.ended.iter().rev().take(40) {
            let refused = api.refresh(&ended.tokens.refresh).await.unwrap();
            assert!(says(&refused, ended.reason), "{} lives: {refused:?}", ended.reason);
            let refused = api.me(&ended.tokens.access).await.unwrap();
            assert_eq!((refused.status, refused.code()), (401, "invalid_access_token"), "{}", ended.reason);
        }
    }

    /// A logout everywhere was not answered: it happened to all of them, or to none.
    async fn settle_leaving(&mut self, api: &Api) {
        self.leaving = false;
        let mut lives = Vec::new();
        for device in &self.devices {
            lives.push(api.me(&device.tokens.access).await.unwrap().status == 200);
        }
        assert!(lives.iter().all(|one| *one == lives[0]), "some are signed out: {lives:?}");
        if !lives[0] {
            self.all_over();
        }
    }

    async fn check_device(&mut self, api: &Api, at: usize) {
        let device = &mut self.devices[at];
        if device.doubt == Doubt::Logout {
            device.doubt = Doubt::None;
            let lives = api.me(&device.tokens.access).await.unwrap().status == 200;
            if !lives {
                self.over(at, "logged_out");
                return;
            }
        }
        assert_eq!(api.me(&device.tokens.access).await.unwrap().status, 200, "an access token is lost");
        if device.doubt == Doubt::None
            && let Some(parent) = &device.parent
        {
            let again = api.refresh(parent).await.unwrap().tokens();
            assert_eq!(again.refresh, device.tokens.refresh, "a parent has another child");
            // That may have been the second recovery in a row: here is one that needs none.
            device.refresh(api).await.unwrap();
        }
        // What was shown and not answered is answered now, and always the same.
        let shown = device.tokens.refresh.clone();
        device.refresh(api).await.unwrap();
        let again = api.refresh(&shown).await.unwrap().tokens();
        assert_eq!(again.refresh, device.tokens.refresh, "a token has two children");
        // And again, so that the next crash finds none in a row.
        for _ in 0..2 {
            device.refresh(api).await.unwrap();
        }
    }

    /// A token older than the parent ends its session and no other.
    async fn show_an_old_one(&mut self, api: &Api) {
        let Some(at) = self.devices.iter().position(|device| device.older.is_some()) else { return };
        let older = self.devices[at].older.clone().unwrap();
        let refused = api.refresh(&older).await.unwrap();
        assert!(says(&refused, "refresh_reuse"), "{refused:?}");
        self.over(at, "refresh_reuse");
        for device in &mut self.devices {
            device.refresh(api).await.unwrap();
        }
        self.sign_in(api).await.unwrap();
    }
}
