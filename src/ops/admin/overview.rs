//! The server at a glance: how many users and sessions there are, and what happened in a week.

use std::sync::{Mutex, PoisonError};

use crate::base::time::{Timestamp, Ttl};
use crate::domain::event::Kind;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::{Error, settle};
use crate::store::rows::{HourCount, LiveCounts, Rows, UserCounts};

/// How many hours it looks back, this one among them: a week.
pub const HOURS: usize = 7 * 24;

const HOUR: Ttl = Ttl::from_mins(60);

/// The server at a glance.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The moment that it is of.
    pub now: Timestamp,
    /// The users.
    pub users: UserCounts,
    /// The sessions that can be refreshed.
    pub sessions: LiveCounts,
    /// When the first of the hours began.
    pub from: Timestamp,
    /// How many events of each kind there were, an hour a number; kinds without any are left out.
    pub events: Vec<(Kind, Vec<i64>)>,
    /// How many bytes are free where the database is, where the system tells.
    pub disk_free: Option<u64>,
}

/// The events of hours that are over, counted once: nothing is added to them any more.
#[derive(Default)]
pub struct Counted(Mutex<Past>);

/// What was counted.
#[derive(Clone, Debug, Default)]
struct Past {
    /// The first hour that is counted, and the first after them that is not.
    hours: std::ops::Range<i64>,
    counts: Vec<HourCount>,
}

/// Looks.
pub async fn overview(ctx: &Ctx, caller: &Caller<Admin>) -> Result<Overview, Error> {
    let (by, now) = (By::from(caller), ctx.clock.now());
    let this = hour_of(now);
    let first = this + 1 - i64::try_from(HOURS).unwrap_or(1);
    let past = ctx.counted.since(first, this);
    let disk_free = rustix::fs::statvfs(&ctx.config.data_dir).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    let read = move |rows: &dyn Rows| {
        let look = || -> Result<_, Error> {
            by.check(rows, Needs::Token, now)?;
            let sessions = rows.count_live_by_use(rows.meta()?.epoch, now)?;
            let mut counts = past.counts;
            counts.extend(rows.count_events(start_of(past.hours.end))?);
            Ok((rows.count_users()?, sessions, counts))
        };
        settle(look())
    };
    let (users, sessions, counts) = ctx.store.read(read).await??;
    let events = by_kind(&counts, first);
    ctx.counted.keep(first, this, counts);
    Ok(Overview { now, users, sessions, from: start_of(first), events, disk_free })
}

/// Which hour a time lies in, counted from the first of 1970.
const fn hour_of(time: Timestamp) -> i64 {
    time.millis().div_euclid(HOUR.millis())
}

const fn start_of(hour: i64) -> Timestamp {
    Timestamp::from_millis(hour * HOUR.millis())
}

impl Counted {
    /// What is known of the hours from `first` on; `this` is the present one. Nothing after the clock went back.
    fn since(&self, first: i64, this: i64) -> Past {
        let mut past = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if past.hours.start > first || past.hours.end <= first || past.hours.end >= this {
            return Past { hours: first..first, counts: Vec::new() };
        }
        past.counts.retain(|counted| counted.hour >= first);
        past
    }

    /// Keeps the hours that are over. The one before the present is not yet: equal failures within a
    /// minute are added to one event.
    fn keep(&self, first: i64, this: i64, mut counts: Vec<HourCount>) {
        let end = this - 1;
        counts.retain(|counted| counted.hour < end);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Past { hours: first..end, counts };
    }
}

/// One row of numbers a kind. What lies in the future, since a clock went back, is left out.
fn by_kind(counts: &[HourCount], first: i64) -> Vec<(Kind, Vec<i64>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let mut hours = vec![0; HOURS];
        for counted in counts.iter().filter(|counted| counted.kind == *kind) {
            if let Some(hour) = usize::try_from(counted.hour - first).ok().and_then(|hour| hours.get_mut(hour)) {
                *hour += counted.count;
            }
        }
        if hours.iter().any(|count| *count > 0) {
            all.push((*kind, hours));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(hour: i64, kind: Kind, count: i64) -> HourCount {
        HourCount { hour, kind, count }
    }

    #[test]
    fn numbers_stand_at_their_hour_and_the_future_is_left_out() {
        let found = by_kind(
            &[
                at(1_000, Kind::SignedIn, 2),
                at(1_167, Kind::SignedIn, 3),
                at(1_168, Kind::SignedIn, 5),
                at(999, Kind::LoggedOut, 7),
            ],
            1_000,
        );
        let [(Kind::SignedIn, hours)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((hours.len(), hours[0], hours[167], hours.iter().sum::<i64>()), (HOURS, 2, 3, 5));
    }

    #[test]
    fn hours_that_are_over_are_counted_once() {
        let counted = Counted::default();
        assert_eq!(counted.since(100, 267).hours, 100..100);
        let all = [100, 265, 266, 267].map(|hour| at(hour, Kind::SignedIn, 1));
        counted.keep(100, 267, all.to_vec());
        for (first, this, known) in [
            (100, 267, Some(vec![100, 265])),
            (101, 268, Some(vec![265])),
            (265, 432, Some(vec![265])),
            (266, 433, None),
            (99, 266, None),
            (200, 266, None),
        ] {
            let past = counted.since(first, this);
            let hours: Vec<_> = past.counts.iter().map(|counted| counted.hour).collect();
            assert_eq!((past.hours.end, hours), known.map_or((first, vec![]), |hours| (266, hours)), "{first} {this}");
        }
    }
}
