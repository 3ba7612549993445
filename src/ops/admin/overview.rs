//! The server at a glance: how many users and sessions there are, and what happened in a week.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::time::{Timestamp, Ttl};
use crate::domain::event::Kind;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::doctor::clients::{self, Shared};
use crate::ops::doctor::disk;
use crate::ops::doctor::files::{self, Exposed};
use crate::ops::error::{Error, settle};
use crate::store::rows::{Hour, HourCount, LiveCounts, Rows, UserCounts};

/// How many hours it looks back, this one among them: a week.
pub const HOURS: usize = 7 * 24;

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
    /// How many refreshes were answered with a token, an hour a number.
    pub refreshes: Vec<u64>,
    /// How many sessions were alive when each hour was young, where the server ran and looked; the last
    /// number is of now.
    pub live: Vec<Option<u64>>,
    /// How many bytes are free where the database is, where the system tells.
    pub disk_free: Option<u64>,
    /// The kind of network file system that the database is on, if it is.
    pub network_disk: Option<&'static str>,
    /// Files of the server that others can get at.
    pub exposed: Vec<Exposed>,
    /// The one address from which all seem to come, though others reach the server.
    pub shared: Option<Shared>,
}

/// To count the live sessions goes through all rows: 0.45 s for a million of them. So where there are many,
/// the numbers are kept for a second per this many: eight minutes for a million.
const PER_SECOND: u64 = 2_000;

/// Fewer than this are counted anew at every look.
const MANY: u64 = 20_000;

/// What was counted before and need not be counted again.
#[derive(Default)]
pub struct Counted {
    /// The events of hours that are over: nothing is added to them any more.
    events: Mutex<Past>,
    /// The live sessions, where there are many.
    sessions: Mutex<Option<Look>>,
}

/// The live sessions as they were counted.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Timestamp,
    epoch: i64,
    counts: LiveCounts,
}

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
    let this = now.hour();
    let first = this + 1 - i64::try_from(HOURS).unwrap_or(1);
    // Before the rows are read: what leaves the memory later is among them.
    let refreshed = ctx.activity.counts();
    let (past, look) = (ctx.counted.since(first, this), ctx.counted.look());
    let folder = &ctx.config.data_dir;
    let (disk_free, network_disk, exposed) = (disk::free(folder), disk::network(folder), files::exposed(folder));
    let config = Arc::clone(&ctx.config);
    let read = move |rows: &dyn Rows| {
        let look = || -> Result<_, Error> {
            by.check(rows, Needs::Token, now)?;
            let epoch = rows.meta()?.epoch;
            let sessions = match look.filter(|look| look.holds(epoch, now)) {
                Some(look) => look,
                None => Look { at: now, epoch, counts: rows.count_live_by_use(epoch, now)? },
            };
            let mut counts = past.counts;
            counts.extend(rows.count_events(Timestamp::from_hour(past.hours.end))?);
            let shared = clients::shared(rows, &config, None)?;
            Ok((rows.count_users()?, sessions, counts, rows.hours(first)?, shared))
        };
        settle(look())
    };
    let (users, look, counts, rows, shared) = ctx.store.read(read).await??;
    let events = by_kind(&counts, first);
    ctx.counted.keep(first, this, counts);
    ctx.counted.keep_look(look);
    let sessions = look.counts;
    let refreshes = refreshes(&rows, &refreshed, first);
    let live = live(&rows, sessions.all, first);
    let from = Timestamp::from_hour(first);
    Ok(Overview { now, users, sessions, from, events, refreshes, live, disk_free, network_disk, exposed, shared })
}

/// Where an hour stands in a week that begins with `first`.
fn place(hour: i64, first: i64) -> Option<usize> {
    usize::try_from(hour - first).ok().filter(|place| *place < HOURS)
}

/// What is written and what is counted in memory; both are of the whole hour, so the higher is true.
fn refreshes(rows: &[Hour], counts: &BTreeMap<i64, u64>, first: i64) -> Vec<u64> {
    let mut hours = vec![0; HOURS];
    let written = rows.iter().map(|row| (row.hour, row.refreshes));
    for (hour, count) in written.chain(counts.iter().map(|(hour, count)| (*hour, *count))) {
        if let Some(place) = place(hour, first).and_then(|place| hours.get_mut(place)) {
            *place = count.max(*place);
        }
    }
    hours
}

fn live(rows: &[Hour], now: u64, first: i64) -> Vec<Option<u64>> {
    let mut hours = vec![None; HOURS];
    for row in rows {
        if let Some(place) = place(row.hour, first).and_then(|place| hours.get_mut(place)) {
            *place = row.live;
        }
    }
    if let Some(last) = hours.last_mut() {
        *last = Some(now);
    }
    hours
}

impl Look {
    /// Whether it is still good. Everybody's log-out is seen at once.
    fn holds(&self, epoch: i64, now: Timestamp) -> bool {
        let age = now - self.at;
        let kept = Ttl::from_secs(i64::try_from(self.counts.all / PER_SECOND).unwrap_or(i64::MAX));
        self.counts.all >= MANY && self.epoch == epoch && Ttl::ZERO <= age && age < kept
    }
}

impl Counted {
    /// Nothing is known any more.
    pub fn forget(&self) {
        *self.sessions.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Past::default();
    }

    fn look(&self) -> Option<Look> {
        *self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_look(&self, look: Look) {
        *self.sessions.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
    }

    /// What is known of the hours from `first` on; `this` is the present one. Nothing after the clock went back.
    fn since(&self, first: i64, this: i64) -> Past {
        let mut past = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Past { hours: first..end, counts };
    }
}

/// One row of numbers a kind. What lies in the future, since a clock went back, is left out.
fn by_kind(counts: &[HourCount], first: i64) -> Vec<(Kind, Vec<i64>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let mut hours = vec![0; HOURS];
        for counted in counts.iter().filter(|counted| counted.kind == *kind) {
            if let Some(hour) = place(counted.hour, first).and_then(|place| hours.get_mut(place)) {
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
    fn refreshes_are_what_is_written_or_counted_whichever_is_more() {
        let row = |hour, refreshes| Hour { hour, refreshes, live: None };
        let rows = [row(999, 9), row(1_000, 4), row(1_166, 5), row(1_167, 7), row(1_168, 9)];
        let hours = refreshes(&rows, &BTreeMap::from([(998, 1), (1_166, 6), (1_167, 2), (1_200, 3)]), 1_000);
        assert_eq!((hours.len(), hours[0], hours[166], hours[167]), (HOURS, 4, 6, 7));
        assert_eq!(hours.iter().sum::<u64>(), 17);
    }

    #[test]
    fn an_hour_in_which_nobody_looked_is_unknown_and_the_last_is_of_now() {
        let row = |hour, live| Hour { hour, refreshes: 0, live };
        let hours = live(&[row(999, Some(1)), row(1_000, Some(0)), row(1_001, None), row(1_167, Some(8))], 3, 1_000);
        assert_eq!((hours[0], hours[1], hours[166], hours[167]), (Some(0), None, None, Some(3)));
        assert_eq!(hours.iter().flatten().count(), 2);
    }

    #[test]
    fn sessions_are_counted_anew_unless_they_are_many_and_were_counted_lately() {
        let at = Timestamp::from_secs(1_000);
        let look = |all| Look { at, epoch: 3, counts: LiveCounts { all, hour: 0, day: 0 } };
        for (all, epoch, seconds, holds) in [
            (19_999, 3, 0, false),
            (20_000, 3, 9, true),
            (20_000, 3, 10, false),
            (20_000, 4, 1, false),
            (20_000, 3, -1, false),
            (1_000_000, 3, 499, true),
            (1_000_000, 3, 500, false),
        ] {
            let found = look(all).holds(epoch, at + Ttl::from_secs(seconds));
            assert_eq!(found, holds, "{all} sessions, epoch {epoch}, after {seconds} s");
        }
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
