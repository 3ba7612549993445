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

    /// Begins anew with the rows that are in the database: it knows better than a copy that was added to
    /// for a commit that failed.
    pub fn replace(&self, epoch: i64, rows: &[Revocation]) {
        let fresh = Self::new(Arc::clone(&self.clock), epoch, rows);
        let state = fresh.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
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

    /// The numbers of the rows whose time has passed by both clocks.
    pub fn expired(&self) -> Vec<i64> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let is_over = |row: &(Revoked, Timestamp, Duration)| now > row.1 && monotonic > row.2;
        state.rows.iter().filter(|(_, row)| is_over(row)).map(|(seq, _)| *seq).collect()
    }

    /// Forgets rows, once they are gone from the database too.
    pub fn forget(&self, seqs: &[i64]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for seq in seqs {
            state.forget(*seq);
        }
    }
}

impl State {
    fn add(&mut self, row: &Revocation, deadline: Duration) {
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000_000);
    const ANN: UserId = UserId::from_bytes([1; 16]);

    /// Both clocks, as a test moves them.
    struct Hands(Mutex<(Timestamp, Duration)>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            self.0.lock().unwrap().0
        }
        fn monotonic(&self) -> Duration {
            self.0.lock().unwrap().1
        }
    }

    fn new(rows: &[Revocation]) -> (Arc<Hands>, Revocations) {
        let hands = Arc::new(Hands(Mutex::new((START, Duration::ZERO))));
        (Arc::clone(&hands), Revocations::new(hands, 0, rows))
    }

    const fn row(seq: i64, what: Revoked) -> Revocation {
        Revocation { seq, what, until: Timestamp::from_secs(1_000_060) }
    }

    const fn session(number: u8) -> SessionId {
        SessionId::from_bytes([number; 16])
    }

    fn refuses(revocations: &Revocations, number: i64, of: u8) -> bool {
        revocations.refuses(ANN, session(of), Version { epoch: 0, number })
    }

    #[test]
    fn a_row_is_over_by_both_clocks_and_stays_until_it_is_forgotten() {
        let (hands, revocations) = new(&[row(1, Revoked::Session(session(1)))]);
        for (secs, monotonic, over) in [(61, 60, [].as_slice()), (60, 61, &[]), (61, 61, &[1])] {
            *hands.0.lock().unwrap() = (START + Ttl::from_secs(secs), Duration::from_secs(monotonic));
            assert_eq!(revocations.expired(), over, "{secs} {monotonic}");
        }
        assert!(refuses(&revocations, 0, 1));
        revocations.forget(&[1]);
        assert!(!refuses(&revocations, 0, 1));
        assert_eq!(revocations.expired(), [0_i64; 0]);
    }

    #[test]
    fn forgetting_an_older_row_leaves_the_newer_one() {
        let (_, revocations) = new(&[row(1, Revoked::User(ANN, 1)), row(2, Revoked::User(ANN, 2))]);
        revocations.forget(&[1]);
        assert_eq!([1, 2, 3].map(|number| refuses(&revocations, number, 1)), [true, false, true]);
    }

    #[test]
    fn what_is_not_in_the_database_is_refused_until_it_is_read_again() {
        let (_, revocations) = new(&[row(1, Revoked::Session(session(1)))]);
        revocations.add(&[
            row(2, Revoked::Session(session(2))),
            row(3, Revoked::User(ANN, 1)),
            row(4, Revoked::Everyone(1)),
        ]);
        assert!(refuses(&revocations, 0, 2) && refuses(&revocations, 0, 3));
        revocations.replace(0, &[row(1, Revoked::Session(session(1)))]);
        assert_eq!([1, 2, 3].map(|of| refuses(&revocations, 0, of)), [true, false, false]);
    }
}
