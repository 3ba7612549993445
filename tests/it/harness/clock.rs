//! A clock that only moves when a test moves it.

use std::sync::Mutex;
use std::time::Duration;

use doorward::base::time::{Clock, Timestamp, Ttl};

pub struct TestClock(Mutex<(Timestamp, Duration)>);

impl Default for TestClock {
    fn default() -> Self {
        // Not a whole second: what is rounded must show.
        Self(Mutex::new((Timestamp::from_millis(1_800_000_000_250), Duration::from_secs(1000))))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

impl TestClock {
    /// Time passes.
    pub fn advance(&self, span: Ttl) {
        let mut clock = self.0.lock().unwrap();
        *clock = (clock.0 + span, clock.1 + span.as_duration());
    }

    /// Somebody sets the wall clock.
    pub fn set_by(&self, span: Ttl) {
        let mut clock = self.0.lock().unwrap();
        clock.0 = clock.0 + span;
    }
}
