//! Whether the wall clock can be believed: a clock that jumped must not purge what is still needed.

use std::time::Duration;

use crate::base::time::{Timestamp, Ttl};

/// By how much the wall clock may move against the monotonic one, and how long a purge waits after it did.
const HOUR: Ttl = Ttl::from_mins(60);

/// What was seen at the last look.
pub(super) struct Clocks {
    wall: Timestamp,
    monotonic: Duration,
    /// By the monotonic clock: until then nothing is purged.
    wait: Option<Duration>,
    /// The time stored by an earlier run is looked at once.
    first: bool,
}

/// What to make of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They go together.
    Good,
    /// The wall clock has just moved.
    Moved,
    /// It moved less than an hour ago.
    Waiting,
}

impl Clocks {
    pub(super) const fn new(wall: Timestamp, monotonic: Duration) -> Self {
        Self { wall, monotonic, wait: None, first: true }
    }

    /// Looks again. `stored` is the last time in the database: at the first look after a start it must
    /// not lie more than an hour ahead. (It may lie far behind: the server was off.)
    pub(super) fn judge(&mut self, wall: Timestamp, monotonic: Duration, stored: Option<Timestamp>) -> Verdict {
        let passed = Ttl::from(monotonic.saturating_sub(self.monotonic));
        let moved = Ttl::from_millis((wall - self.wall).millis().saturating_sub(passed.millis())).abs() > HOUR;
        let went_back = self.first && stored.is_some_and(|stored| stored - wall > HOUR);
        (self.wall, self.monotonic, self.first) = (wall, monotonic, false);
        if moved || went_back {
            self.wait = Some(monotonic.saturating_add(HOUR.as_duration()));
            return Verdict::Moved;
        }
        if self.wait.is_some_and(|until| monotonic < until) { Verdict::Waiting } else { Verdict::Good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mins(mins: u64) -> Duration {
        Duration::from_secs(mins * 60)
    }

    #[test]
    fn a_clock_that_jumps_stops_the_purge_for_an_hour() {
        let start = Timestamp::from_secs(1_000_000);
        let mut clocks = Clocks::new(start, mins(0));
        assert_eq!(clocks.judge(start + Ttl::from_mins(1), mins(1), Some(start)), Verdict::Good);
        let year = start + Ttl::from_days(365);
        assert_eq!(clocks.judge(year, mins(2), Some(start)), Verdict::Moved);
        assert_eq!(clocks.judge(year + Ttl::from_mins(59), mins(61), Some(start)), Verdict::Waiting);
        assert_eq!(clocks.judge(year + Ttl::from_mins(60), mins(62), Some(start)), Verdict::Good);
        assert_eq!(clocks.judge(start, mins(63), Some(year)), Verdict::Moved);
    }

    #[test]
    fn a_start_before_the_last_time_stored_waits_and_one_long_after_does_not() {
        let now = Timestamp::from_secs(1_000_000);
        assert_eq!(Clocks::new(now, mins(0)).judge(now, mins(0), Some(now + Ttl::from_mins(61))), Verdict::Moved);
        assert_eq!(Clocks::new(now, mins(0)).judge(now, mins(0), Some(now - Ttl::from_days(90))), Verdict::Good);
    }
}
