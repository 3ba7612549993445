//! How long a guesser waits: a bucket a guesser and account, and waits an account that double.

use crate::base::time::{Timestamp, Ttl};

/// "That many at once, then one each window/n": the generic cell rate algorithm over our own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once. At least one.
    pub burst: u32,
    /// The window, in which as many come back.
    pub window: Ttl,
}

impl Rate {
    /// The time until one more is allowed.
    pub fn interval(self) -> Ttl {
        Ttl::from_millis((self.window.millis() / i64::from(self.burst.max(1))).max(1))
    }

    /// Takes one, given the bucket's state (the time at which it will be empty again).
    /// Gives the new state, or how long to wait.
    pub fn take(self, empty_at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Ttl> {
        // A state further ahead than a full bucket means that the clock went back: it counts as full.
        let full = now + self.window;
        let from = empty_at.unwrap_or(now).max(now).min(full);
        let next = from + self.interval();
        if next > full { Err(next - full) } else { Ok(next) }
    }

    /// Until one more could be taken at once than now; nothing where all could be. What is used comes back interval
    /// by interval: the next one when what is used is a whole number of intervals again.
    pub fn next_back(self, empty_at: Option<Timestamp>, now: Timestamp) -> Ttl {
        if let Err(wait) = self.take(empty_at, now) {
            return wait;
        }
        let (used, interval) = (Self::used(empty_at, now).millis(), self.interval().millis());
        let over = used % interval;
        Ttl::from_millis(if used > 0 && over == 0 { interval } else { over })
    }

    /// How long until all of it is back.
    fn used(empty_at: Option<Timestamp>, now: Timestamp) -> Ttl {
        empty_at.unwrap_or(now).max(now) - now
    }

    /// How many could be taken at once now.
    pub fn remaining(self, empty_at: Option<Timestamp>, now: Timestamp) -> u32 {
        let used = Self::used(empty_at, now);
        let used = u32::try_from((used.millis() + self.interval().millis() - 1) / self.interval().millis());
        self.burst.saturating_sub(used.unwrap_or(u32::MAX))
    }
}

/// The longest wait of an account.
pub const MAX_WAIT: Ttl = Ttl::from_mins(15);

/// Failures in a row, and when the last one was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many since the last good sign-in.
    pub count: u32,
    /// When the last one was.
    pub last: Option<Timestamp>,
}

impl Failures {
    /// How long this account still waits: nothing up to `free` failures in a row, then 1 s that doubles,
    /// to 15 minutes.
    pub fn wait(self, free: u32, now: Timestamp) -> Option<Ttl> {
        let over = self.count.checked_sub(free).filter(|over| *over > 0)?;
        let wait = Ttl::from_secs(1_i64 << (over - 1).min(10)).min(MAX_WAIT);
        // A failure in the future means that the clock went back; no wait grows by that.
        let since = (now - self.last?).max(Ttl::ZERO);
        (since < wait).then(|| Ttl::from_millis(wait.millis() - since.millis()))
    }

    /// One more.
    #[must_use]
    pub fn more(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last: Some(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_at_once_then_one_each_three_minutes() {
        let rate = Rate { burst: 5, window: Ttl::from_mins(15) };
        let now = Timestamp::from_secs(1_000);
        let mut state = None;
        for left in (0..5).rev() {
            state = Some(rate.take(state, now).unwrap());
            assert_eq!(rate.remaining(state, now), left);
        }
        assert_eq!(rate.take(state, now), Err(Ttl::from_mins(3)));
        assert!(rate.take(state, now + Ttl::from_mins(3)).is_ok());
        let back = now - Ttl::from_days(1);
        assert_eq!(rate.take(state, back), Err(Ttl::from_mins(3)), "the clock went back: full, and no longer");
    }

    #[test]
    fn a_bucket_tells_what_is_left_and_when_one_comes_back() {
        let rate = Rate { burst: 5, window: Ttl::from_mins(15) };
        let now = Timestamp::from_secs(1_000);
        let once = rate.take(None, now).unwrap();
        let twice = rate.take(Some(once), now).unwrap();
        for (empty_at, at, remaining, back) in [
            (None, now, 5, 0),
            (Some(once), now, 4, 180),
            (Some(twice), now, 3, 180),
            (Some(twice), now + Ttl::from_secs(60), 3, 120),
            (Some(once), now + Ttl::from_mins(3), 5, 0),
            (Some(now + Ttl::from_secs(890)), now, 0, 170),
            (Some(now + Ttl::from_days(1)), now, 0, 180),
        ] {
            let told = (rate.remaining(empty_at, at), rate.next_back(empty_at, at));
            assert_eq!(told, (remaining, Ttl::from_secs(back)), "{empty_at:?} {at:?}");
        }
    }

    #[test]
    fn the_eleventh_failure_starts_a_wait_that_doubles_to_fifteen_minutes() {
        let now = Timestamp::from_secs(1_000);
        let wait = |count| Failures { count, last: Some(now) }.wait(10, now).map(Ttl::secs);
        assert_eq!(
            [wait(0), wait(10), wait(11), wait(12), wait(20), wait(21), wait(u32::MAX)],
            [None, None, Some(1), Some(2), Some(512), Some(900), Some(900)]
        );
        let spent = Failures { count: 11, last: Some(now) };
        assert_eq!(spent.wait(10, now + Ttl::from_secs(1)), None);
        assert_eq!(spent.wait(10, now - Ttl::from_days(9)), Some(Ttl::from_secs(1)));
    }
}
