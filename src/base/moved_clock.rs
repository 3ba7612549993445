//! A clock that is moved: for the development stub, which need not wait a week to see a session run out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::time::{Clock, Timestamp, Ttl};

/// Another clock, and how far this one is moved against it.
pub struct MovedClock {
    under: Arc<dyn Clock>,
    hands: Mutex<Hands>,
}

#[derive(Clone, Copy, Default)]
struct Hands {
    /// How far the wall clock is ahead; negative where it is behind.
    ahead: Ttl,
    /// How far the monotonic one is ahead, in milliseconds: it never goes back.
    monotonic: i64,
    /// What both show while they stand still.
    frozen: Option<(Timestamp, Duration)>,
}

impl MovedClock {
    /// Shows what the other shows.
    pub fn new(under: Arc<dyn Clock>) -> Self {
        Self { under, hands: Mutex::default() }
    }

    /// Moves it, by a negative span back; the monotonic clock only forward.
    pub fn advance(&self, span: Ttl) {
        self.change(|hands, _, _| {
            let forward = span.max(Ttl::ZERO);
            hands.ahead = Ttl::from_millis(hands.ahead.millis().saturating_add(span.millis()));
            hands.monotonic = hands.monotonic.saturating_add(forward.millis());
            if let Some((wall, monotonic)) = &mut hands.frozen {
                *wall = *wall + span;
                *monotonic = monotonic.saturating_add(forward.as_duration());
            }
        });
    }

    /// Sets it to a point in time.
    pub fn set(&self, to: Timestamp) {
        self.advance(to - self.now());
    }

    /// Lets it stand still, or go on from where it stands.
    pub fn freeze(&self, still: bool) {
        self.change(|hands, wall, monotonic| match (still, hands.frozen) {
            (true, None) => hands.frozen = Some((hands.wall(wall), hands.monotonic(monotonic))),
            (false, Some((shown, counted))) => {
                hands.frozen = None;
                hands.ahead = shown - wall;
                hands.monotonic = Ttl::from(counted).millis().saturating_sub(Ttl::from(monotonic).millis());
            }
            (true, Some(_)) | (false, None) => {}
        });
    }

    /// The true time again. The monotonic clock goes on from where it was.
    pub fn release(&self) {
        self.freeze(false);
        self.change(|hands, _, _| hands.ahead = Ttl::ZERO);
    }

    /// How far it is ahead of the true time.
    pub fn ahead(&self) -> Ttl {
        self.now() - self.under.now()
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.hands().frozen.is_some()
    }

    fn hands(&self) -> Hands {
        *self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Hands, Timestamp, Duration)) {
        let (wall, monotonic) = (self.under.now(), self.under.monotonic());
        change(&mut self.hands.lock().unwrap_or_else(PoisonError::into_inner), wall, monotonic);
    }
}

impl Hands {
    fn wall(&self, under: Timestamp) -> Timestamp {
        self.frozen.map_or_else(|| under + self.ahead, |(wall, _)| wall)
    }

    fn monotonic(&self, under: Duration) -> Duration {
        let moved = Duration::from_millis(self.monotonic.unsigned_abs());
        let running = if self.monotonic < 0 { under.saturating_sub(moved) } else { under.saturating_add(moved) };
        self.frozen.map_or(running, |(_, monotonic)| monotonic)
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.hands().wall(self.under.now())
    }

    fn monotonic(&self) -> Duration {
        self.hands().monotonic(self.under.monotonic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks a second at each look.
    struct Ticking(Mutex<i64>);

    impl Clock for Ticking {
        fn now(&self) -> Timestamp {
            let mut secs = self.0.lock().unwrap();
            *secs += 1;
            Timestamp::from_secs(*secs)
        }
        fn monotonic(&self) -> Duration {
            Duration::from_secs(u64::try_from(*self.0.lock().unwrap()).unwrap())
        }
    }

    fn clock() -> MovedClock {
        MovedClock::new(Arc::new(Ticking(Mutex::new(1_000))))
    }

    #[test]
    fn it_shows_the_true_time_until_it_is_moved_and_once_it_is_released() {
        let clock = clock();
        assert_eq!(clock.now(), Timestamp::from_secs(1_001));
        clock.advance(Ttl::from_secs(500));
        assert_eq!(clock.now(), Timestamp::from_secs(1_503));
        clock.set(Timestamp::from_secs(7));
        assert!((7..20).contains(&clock.now().secs()));
        clock.release();
        assert!((1_003..1_020).contains(&clock.now().secs()) && !clock.is_frozen());
    }

    #[test]
    fn frozen_it_stands_and_moves_only_by_hand() {
        let clock = clock();
        clock.freeze(true);
        let at = clock.now();
        assert!(clock.now() == at && clock.is_frozen());
        clock.advance(Ttl::from_mins(1));
        assert_eq!((clock.now(), clock.now() - at), (at + Ttl::from_mins(1), Ttl::from_mins(1)));
        clock.freeze(false);
        assert!(clock.now() > at + Ttl::from_mins(1) && clock.now() < at + Ttl::from_mins(2));
    }

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let clock = clock();
        let mut last = clock.monotonic();
        let steps: [&dyn Fn(); 7] = [
            &|| clock.advance(Ttl::from_secs(100)),
            &|| clock.advance(Ttl::from_secs(-5_000)),
            &|| clock.freeze(true),
            &|| clock.advance(Ttl::from_secs(9)),
            &|| clock.freeze(false),
            &|| clock.set(Timestamp::from_secs(3)),
            &|| clock.release(),
        ];
        for (number, step) in steps.into_iter().enumerate() {
            step();
            let _ = clock.now();
            assert!(clock.monotonic() >= last, "step {number}");
            last = clock.monotonic();
        }
        assert!(last >= Duration::from_secs(1_109));
    }
}
