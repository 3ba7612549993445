//! What is too much to be written down one by one: refreshes, counted in memory by the hour, and how many
//! sessions are alive, looked at once an hour. A job writes both to one row an hour.
//!
//! A refresh costs one atomic step here. What was counted since the job last wrote, a minute at most, is
//! lost if the server is killed; a server that is stopped writes it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::base::time::Timestamp;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::store;
use crate::store::op::Op;
use crate::store::rows::Hour;
use crate::store::tx::Tx;

/// How many bits of the present hour's number its count takes; the rest name the hour.
const COUNT_BITS: u32 = 40;

/// The last hour that can be named: in the year 3883.
const LAST_HOUR: i64 = (1 << (u64::BITS - COUNT_BITS)) - 1;

/// The refreshes of the hours that may not be written down yet, and what was written.
pub struct Activity {
    /// The present hour and its count.
    present: AtomicU64,
    /// The counts of hours before.
    over: Mutex<BTreeMap<i64, u64>>,
    written: Mutex<Written>,
}

/// What is known to stand in the database.
#[derive(Default)]
struct Written {
    /// The counts that memory still holds.
    counts: BTreeMap<i64, u64>,
    /// The hour in which the sessions were last looked at.
    looked: Option<i64>,
}

impl Activity {
    /// Goes on from what an earlier run wrote for the present hour.
    pub fn new(now: Timestamp, rows: &[Hour]) -> Self {
        let hour = named(now.hour());
        let row = rows.iter().find(|row| row.hour == hour);
        let looked = row.and_then(|row| row.live).map(|_| hour);
        let written = Written { counts: row.map(|row| (hour, row.refreshes)).into_iter().collect(), looked };
        Self {
            present: AtomicU64::new(packed(hour, row.map_or(0, |row| row.refreshes))),
            over: Mutex::default(),
            written: Mutex::new(written),
        }
    }

    /// A refresh was answered with a token.
    pub fn refreshed(&self, now: Timestamp) {
        let hour = named(now.hour());
        let next = |present: u64| match unpacked(present) {
            (same, count) if same == hour => packed(hour, count + 1),
            _ => packed(hour, 1),
        };
        let before = match self.present.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| Some(next(it))) {
            Ok(before) | Err(before) => unpacked(before),
        };
        if before.0 != hour {
            *self.over.lock().unwrap_or_else(PoisonError::into_inner).entry(before.0).or_default() += before.1;
        }
    }

    /// The counts of the hours in memory, as far as their rows may not have them yet.
    pub fn counts(&self) -> BTreeMap<i64, u64> {
        let mut counts = self.over.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (hour, count) = unpacked(self.present.load(Ordering::Relaxed));
        *counts.entry(hour).or_default() += count;
        counts
    }

    /// The counts that the database does not have.
    fn unwritten(&self) -> Vec<Hour> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |(hour, count): &(i64, u64)| *count > written.counts.get(hour).copied().unwrap_or(0);
        let rows = self.counts().into_iter().filter(is_new);
        rows.map(|(hour, refreshes)| Hour { hour, refreshes, live: None }).collect()
    }

    fn looked(&self) -> Option<i64> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).looked
    }

    /// These rows are on disk. Hours before `present` whose count is among them leave the memory.
    fn wrote(&self, rows: &[Hour], present: i64) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            written.counts.insert(row.hour, row.refreshes);
            if row.live.is_some() {
                written.looked = Some(row.hour);
            }
        }
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.retain(|hour, count| *hour >= present || written.counts.get(hour) != Some(count));
        written.counts.retain(|hour, _| *hour >= present || over.contains_key(hour));
    }
}

/// An hour as far as it can be named.
fn named(hour: i64) -> i64 {
    hour.clamp(0, LAST_HOUR)
}

/// An hour that can be named, and its count.
fn packed(hour: i64, count: u64) -> u64 {
    (hour.unsigned_abs() << COUNT_BITS) | (count & ((1 << COUNT_BITS) - 1))
}

fn unpacked(both: u64) -> (i64, u64) {
    ((both >> COUNT_BITS).cast_signed(), both & ((1 << COUNT_BITS) - 1))
}

/// Writes what was counted, and looks at the sessions where nobody did in this hour: that goes through
/// the whole table, on a reader's thread.
pub async fn keep(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.clock.now();
    let hour = named(now.hour());
    let mut rows = ctx.activity.unwritten();
    if ctx.activity.looked() != Some(hour) {
        let live = Some(ctx.store.read(move |rows| rows.count_live(rows.meta()?.epoch, now)).await?);
        match rows.iter_mut().find(|row| row.hour == hour) {
            Some(row) => row.live = live,
            None => rows.push(Hour { hour, refreshes: 0, live }),
        }
    }
    write(ctx, rows, hour).await
}

/// Writes what was counted, and nothing else: for the end.
pub async fn finish(ctx: &Ctx) -> Result<(), Error> {
    let hour = named(ctx.clock.now().hour());
    write(ctx, ctx.activity.unwritten(), hour).await
}

async fn write(ctx: &Ctx, rows: Vec<Hour>, present: i64) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    ctx.store.submit(Write(rows.clone())).await?;
    ctx.activity.wrote(&rows, present);
    Ok(())
}

struct Write(Vec<Hour>);

impl Op for Write {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        self.0.iter().try_for_each(|row| tx.put_hour(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(hour: i64) -> Timestamp {
        Timestamp::from_hour(hour)
    }

    fn row(hour: i64, refreshes: u64) -> Hour {
        Hour { hour, refreshes, live: None }
    }

    #[test]
    fn refreshes_are_counted_by_the_hour_wherever_the_clock_goes() {
        let activity = Activity::new(at(500_000), &[]);
        for hour in [500_000, 500_000, 500_001, 500_000, 500_003, 500_003, -1, i64::MAX >> 30] {
            activity.refreshed(at(hour));
        }
        let expected = [(0, 1), (500_000, 3), (500_001, 1), (500_003, 2), (LAST_HOUR, 1)];
        assert_eq!(activity.counts().into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_count_goes_on_from_the_row_of_this_hour_and_no_other() {
        let activity = Activity::new(at(10), &[row(10, 7), row(11, 100)]);
        assert_eq!((activity.unwritten(), activity.looked()), (vec![], None));
        activity.refreshed(at(10));
        assert_eq!(activity.unwritten(), [row(10, 8)]);
        let looked = Activity::new(at(10), &[Hour { hour: 10, refreshes: 7, live: Some(0) }]);
        assert_eq!(looked.looked(), Some(10));
    }

    #[test]
    fn what_is_written_is_not_written_again_and_leaves_the_memory_with_its_hour() {
        let activity = Activity::new(at(10), &[]);
        activity.refreshed(at(10));
        let first = activity.unwritten();
        assert_eq!(first, [row(10, 1)]);
        activity.wrote(&first, 10);
        assert_eq!(activity.unwritten(), []);
        // One comes while the next is on its way: it is not forgotten.
        activity.refreshed(at(10));
        let second = activity.unwritten();
        activity.refreshed(at(10));
        activity.refreshed(at(11));
        activity.wrote(&second, 11);
        assert_eq!(activity.unwritten(), [row(10, 3), row(11, 1)]);
        activity.wrote(&activity.unwritten(), 11);
        assert_eq!(activity.counts().into_iter().collect::<Vec<_>>(), [(11, 1)]);
    }

    #[test]
    fn none_is_lost_where_many_count_at_once_while_the_hour_turns() {
        let activity = Activity::new(at(1), &[]);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for number in 0..20_000 {
                        activity.refreshed(at(number / 2_000));
                    }
                });
            }
        });
        assert_eq!(activity.counts().values().sum::<u64>(), 80_000);
    }
}
