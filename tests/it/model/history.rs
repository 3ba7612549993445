//! What happens to the file itself: keys of another process, copies, and copies put back.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use doorward::base::entropy::SystemEntropy;
use doorward::base::time::{Clock as _, Ttl};
use doorward::config::Config;
use doorward::domain::event::Kind;
use doorward::domain::key::Algorithm;
use doorward::ops::keys::KeyMaker;
use doorward::ops::start::proven_master;
use doorward::store::rows::EventFilter;
use doorward::store::sqlite::beside;

use crate::harness::TestServer;
use crate::model::reference::{ABSOLUTE, Database, GRACE, IDLE, LATE_RECOVERY, SHORT_ABSOLUTE};
use crate::model::world::World;

/// Every rule at an edge that stories reach, and no limit on guesses.
pub fn settings(config: &mut Config) {
    config.refresh.grace = Ttl::from_millis(GRACE);
    config.refresh.late_recovery = Ttl::from_millis(LATE_RECOVERY);
    config.refresh.idle_ttl = Ttl::from_millis(IDLE);
    config.refresh.absolute_ttl = Ttl::from_millis(ABSOLUTE);
    config.limits.login.burst = 10_000;
    config.limits.login_address.burst = 10_000;
    config.limits.account_failures = 10_000;
    config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
}

/// The same with short access tokens, and sessions that end early.
fn short(config: &mut Config) {
    settings(config);
    config.tokens.access_ttl = Ttl::from_mins(2);
    config.refresh.absolute_ttl = Ttl::from_millis(SHORT_ABSOLUTE);
}

/// Looks into the file beside the server.
pub struct Beside {
    file: beside::Beside,
    folder: PathBuf,
    last_event: Cell<i64>,
}

/// A copy of the file, and of the model at that time.
pub struct Copy {
    file: Vec<u8>,
    model: Database,
    over: BTreeSet<usize>,
}

impl Beside {
    pub fn open(server: &TestServer) -> Self {
        let folder = server.folder().to_owned();
        Self { file: beside::Beside::open(&folder).unwrap(), folder, last_event: Cell::new(0) }
    }

    /// The names of all keys.
    pub fn kids(&self) -> BTreeSet<String> {
        self.file.read(|rows| rows.keys()).unwrap().into_iter().map(|key| key.kid).collect()
    }

    /// Kind and session of each event since the last look, oldest first, but for failed sign-ins, which fold.
    pub fn new_events(&self) -> Vec<(String, Option<String>)> {
        let mut events = self.file.read(|rows| rows.events(EventFilter::default(), 20)).unwrap();
        events.retain(|stored| stored.id > self.last_event.get());
        if let Some(newest) = events.first() {
            self.last_event.set(newest.id);
        }
        let shown = events.into_iter().rev().filter(|stored| stored.event.kind != Kind::SignInFailed);
        shown.map(|stored| (stored.event.kind.to_string(), stored.event.session.map(|id| id.to_string()))).collect()
    }

    /// As `doorward keys rotate` does it.
    pub fn new_keys(&self, server: &TestServer) {
        let (database, have) = self.file.read(|rows| Ok((rows.meta()?.database, rows.keys()?))).unwrap();
        let config = Config { data_dir: self.folder.clone(), ..Config::default() };
        let master = proven_master(&config, database, &have).unwrap();
        let entropy = SystemEntropy::default();
        let maker = KeyMaker { master: &master, database, now: server.clock.now(), entropy: &entropy, dev: false };
        self.file.run(&maker.rotation(&have, Algorithm::ES256).unwrap()).unwrap();
    }
}

impl World {
    pub fn restart(&mut self, is_short: bool) {
        self.stop();
        self.access_ttl = if is_short { 2 } else { 15 } * 60_000;
        self.start();
    }

    pub fn stop(&mut self) {
        self.beside = None;
        self.server.stop();
    }

    pub fn start(&mut self) {
        let is_short = self.access_ttl == 2 * 60_000;
        self.model.absolute = if is_short { SHORT_ABSOLUTE } else { ABSOLUTE };
        self.server.start_again(if is_short { short } else { settings });
        self.client = self.client.clone().at(&self.server);
        let beside = Beside::open(&self.server);
        beside.new_events();
        self.beside = Some(beside);
    }

    /// New keys sign; the old ones still check.
    pub fn new_keys(&mut self, is_beside: bool) {
        if !is_beside {
            self.stop();
        }
        let beside = self.beside.take().unwrap_or_else(|| Beside::open(&self.server));
        beside.new_keys(&self.server);
        self.model.kids = beside.kids();
        beside.new_events();
        self.beside = Some(beside);
        if !is_beside {
            self.stop();
            self.start();
        }
    }

    /// The stopped server's file is copied.
    pub fn copy(&mut self) {
        self.stop();
        let file = std::fs::read(self.server.folder().join("doorward.db")).unwrap();
        self.copy = Some(Copy { file, model: self.model.clone(), over: self.over.clone() });
        self.start();
    }

    /// The copy takes the file's place, if there is one.
    pub fn put_back(&mut self) {
        let Some(copy) = self.copy.take() else { return };
        self.stop();
        std::fs::write(self.server.folder().join("doorward.db"), &copy.file).unwrap();
        (self.model, self.over) = (copy.model.clone(), copy.over.clone());
        self.history += 1;
        self.copy = Some(copy);
        self.start();
    }
}
