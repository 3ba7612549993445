//! The copy in memory of what was ended: asked for every access token, so the database need not be.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Clock, Timestamp, Ttl};
use crate::domain::revocation::{Revocation, Revoked};
use crate::domain::version::Version;

/// What this server refuses. The writer adds to it after a commit and before the answer.
pub struct Revocations {
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    epoch: i64,
    /// The highest number taken up.
    last: i64,
    sessions: HashMap<SessionId, i64>,
    users: HashMap<UserId, (i64, i64)>,
    /// By number: what it was, until when by the wall clock, and by the monotonic one.
    rows: HashMap<i64, (Revoked, Timestamp, Duration)>,
}

impl Revocations {
    /// Begins with the rows that are in the database.
    pub fn new(clock: Arc<dyn Clock>, epoch: i64, rows: &[Revocation]) -> Self {
        let new = Self { clock, state: RwLock::new(State { epoch, ..State::default() }) };
        new.add(rows);
        new
    }

    /// Refuses what these rows end, from now on.
    pub fn add(&self, rows: &[Revocation]) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let left = (row.until - now).max(Ttl::ZERO).as_duration();
            state.add(row, monotonic.saturating_add(left));
        }
    }

    /// Whether an access token of this session is refused.
    pub fn refuses(&self, user: UserId, session: SessionId, ver: Version) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        ver.epoch != state.epoch
            || state.sessions.contains_key(&session)
            || state.users.get(&user).is_some_and(|(_, number)| *number != ver.number)
    }

    /// The highest number that was taken up.
    pub fn last(&self) -> i64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).last
    }

    /// Forgets the rows whose time has passed by both clocks, and gives their numbers.
    pub fn expire(&self) -> Vec<i64> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let is_over = |row: &(Revoked, Timestamp, Duration)| now > row.1 && monotonic > row.2;
        let over: Vec<i64> = state.rows.iter().filter(|(_, row)| is_over(row)).map(|(seq, _)| *seq).collect();
        for seq in &over {
            state.forget(*seq);
        }
        over
    }
}

impl State {
    fn add(&mut self, row: &Revocation, deadline: Duration) {
        self.last = self.last.max(row.seq);
        self.rows.insert(row.seq, (row.what, row.until, deadline));
        match row.what {
            Revoked::Session(id) => {
                self.sessions.insert(id, row.seq);
            }
            Revoked::User(id, number) => {
                let newest = self.users.entry(id).or_insert((row.seq, number));
                if newest.0 <= row.seq {
                    *newest = (row.seq, number);
                }
            }
            // The newest row decides; an epoch once left never comes back.
            Revoked::Everyone(epoch) => self.epoch = self.epoch.max(epoch),
        }
    }

    fn forget(&mut self, seq: i64) {
        match self.rows.remove(&seq) {
            Some((Revoked::Session(id), ..)) if self.sessions.get(&id) == Some(&seq) => {
                self.sessions.remove(&id);
            }
            Some((Revoked::User(id, _), ..)) if self.users.get(&id).is_some_and(|row| row.0 == seq) => {
                self.users.remove(&id);
            }
            _ => {}
        }
    }
}
