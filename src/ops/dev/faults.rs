//! Faults on demand: which of them a call meets. No clock is read, and chance comes from the fault's own seed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ops::dev::pattern::Pattern;

/// How many may be there that are not used up.
pub const MOST: usize = 100;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is refused before anything happens.
    Status {
        /// 400 to 599.
        status: u16,
        /// The word of the refusal, where one was chosen.
        code: Option<&'static str>,
        /// Seconds of `Retry-After`.
        retry_after: Option<u32>,
    },
    /// It waits before anything happens, in milliseconds.
    Delay(u32),
    /// All happens, and the answer never goes out.
    LostAnswer,
    /// The connection is cut before anything happens.
    Cut,
    /// The answer comes in pieces, so many milliseconds before each.
    SlowBody(u32),
    /// An administrator ends the session first.
    Revoke,
    /// New signing keys are begun first.
    RotateKeys,
    /// The session ends first, as if a spent refresh token had been shown.
    Reuse,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Often {
    /// The next calls that it fits.
    Times(u32),
    /// Of the calls that it fits this share, 0 to 1: the same ones for the same seed.
    Share {
        /// Of one call.
        share: f64,
        /// Which calls those are.
        seed: u64,
    },
}

/// A fault, and how it fared.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its number.
    pub id: u64,
    /// For which calls.
    pub pattern: Pattern,
    /// What goes wrong.
    pub act: Act,
    /// How often.
    pub often: Often,
    /// How many calls it fitted.
    pub fitted: u64,
    /// How many calls met it.
    pub met: u64,
}

/// What decides which faults a call meets.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Such as `POST`.
    pub method: &'a str,
    /// The address, without the query.
    pub path: &'a str,
    /// Whether it is of the server's own calls: no page, no part of one, none of the stub's.
    pub is_own: bool,
    /// Whether it shows a token of a session.
    pub has_session: bool,
}

/// There are as many as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} faults are there that are not used up")]
pub struct TooMany;

/// The faults of one stub.
#[derive(Debug, Default)]
pub struct Faults(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    last: u64,
    faults: Vec<Fault>,
}

impl Act {
    /// Whether nothing happens after it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Status { .. } | Self::Cut)
    }

    const fn needs_session(self) -> bool {
        matches!(self, Self::Revoke | Self::Reuse)
    }
}

impl Fault {
    /// How many calls can still meet it; nothing where there is no end.
    pub fn left(&self) -> Option<u64> {
        match self.often {
            Often::Times(times) => Some(u64::from(times).saturating_sub(self.met)),
            Often::Share { .. } => None,
        }
    }

    fn fits(&self, call: &Call<'_>) -> bool {
        self.left() != Some(0)
            && (call.is_own || !self.pattern.is_wide())
            && (call.has_session || !self.act.needs_session())
            && self.pattern.fits(call.method, call.path)
    }

    fn strikes(&mut self) -> bool {
        self.fitted += 1;
        let strikes = match self.often {
            Often::Times(_) => true,
            Often::Share { share, seed } => draw(seed, self.fitted) < share,
        };
        self.met += u64::from(strikes);
        strikes
    }
}

/// The chance of the n-th call, 0 to 1: splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
fn draw(seed: u64, n: u64) -> f64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
}

impl Faults {
    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, and gives its number. Where there is no more room the oldest that is used up gives way.
    pub fn add(&self, pattern: Pattern, act: Act, often: Often) -> Result<u64, TooMany> {
        let mut list = self.list();
        if list.faults.len() >= MOST {
            let spent = list.faults.iter().position(|fault| fault.left() == Some(0)).ok_or(TooMany)?;
            list.faults.remove(spent);
        }
        list.last += 1;
        let id = list.last;
        list.faults.push(Fault { id, pattern, act, often, fitted: 0, met: 0 });
        Ok(id)
    }

    /// What this call meets: all that fit, in the order in which they were added, up to one that ends it.
    pub fn meet(&self, call: &Call<'_>) -> Vec<(u64, Act)> {
        let mut met = Vec::new();
        for fault in &mut self.list().faults {
            if fault.fits(call) && fault.strikes() {
                met.push((fault.id, fault.act));
                if fault.act.is_end() {
                    break;
                }
            }
        }
        met
    }

    /// All, oldest first.
    pub fn all(&self) -> Vec<Fault> {
        self.list().faults.clone()
    }

    /// Takes one away; false where there is none of that number.
    pub fn remove(&self, id: u64) -> bool {
        let mut list = self.list();
        let before = list.faults.len();
        list.faults.retain(|fault| fault.id != id);
        list.faults.len() < before
    }

    /// Takes all away.
    pub fn clear(&self) {
        self.list().faults.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFRESH: Call<'_> = Call { method: "POST", path: "/auth/refresh", is_own: true, has_session: true };
    const STATUS: Act = Act::Status { status: 503, code: None, retry_after: None };

    fn add(faults: &Faults, pattern: &str, act: Act, often: Often) -> u64 {
        faults.add(pattern.parse().unwrap(), act, often).unwrap()
    }

    fn ids(faults: &Faults, call: Call<'_>) -> Vec<u64> {
        faults.meet(&call).into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn all_that_fit_are_met_in_their_order_up_to_one_that_ends_the_call() {
        let faults = Faults::default();
        let delay = add(&faults, "/auth/*", Act::Delay(1), Often::Times(2));
        add(&faults, "GET /auth/refresh", Act::Cut, Often::Times(1));
        let status = add(&faults, "*", STATUS, Often::Times(1));
        let slow = add(&faults, "*", Act::SlowBody(1), Often::Times(1));
        assert_eq!(ids(&faults, REFRESH), [delay, status]);
        assert_eq!(ids(&faults, REFRESH), [delay, slow]);
        assert!(ids(&faults, REFRESH).is_empty());
        let fared: Vec<_> = faults.all().iter().map(|fault| (fault.met, fault.left())).collect();
        assert_eq!(fared, [(2, Some(0)), (0, Some(1)), (1, Some(0)), (1, Some(0))]);
    }

    #[test]
    fn a_share_is_the_same_calls_for_the_same_seed_and_about_as_many() {
        let run = |seed| {
            let faults = Faults::default();
            add(&faults, "*", STATUS, Often::Share { share: 0.3, seed });
            (0..1_000).map(|_| !faults.meet(&REFRESH).is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        for seed in [0, 7, u64::MAX] {
            let met = run(seed).into_iter().filter(|met| *met).count();
            assert!((230..370).contains(&met), "{seed}: {met}");
        }
        let all = Often::Share { share: 1.0, seed: 3 };
        let faults = Faults::default();
        add(&faults, "*", STATUS, all);
        assert!((0..1_000).all(|_| !faults.meet(&REFRESH).is_empty()));
    }

    #[test]
    fn pages_are_hit_only_by_name_and_sessions_only_where_one_is_shown() {
        let faults = Faults::default();
        let page = Call { method: "GET", path: "/login", is_own: false, has_session: true };
        add(&faults, "*", Act::Delay(1), Often::Times(9));
        assert!(ids(&faults, page).is_empty());
        let named = add(&faults, "/login", Act::Delay(1), Often::Times(9));
        assert_eq!(ids(&faults, page), [named]);
        let revoke = add(&faults, "POST /auth/refresh", Act::Revoke, Often::Times(1));
        assert!(!ids(&faults, Call { has_session: false, ..REFRESH }).contains(&revoke));
        assert!(ids(&faults, REFRESH).contains(&revoke));
    }

    #[test]
    fn there_are_never_more_than_may_be_and_spent_ones_give_way() {
        let faults = Faults::default();
        for _ in 0..MOST {
            add(&faults, "*", Act::Cut, Often::Times(1));
        }
        let one_more = || faults.add("*".parse().unwrap(), Act::Cut, Often::Times(1));
        assert_eq!(one_more(), Err(TooMany));
        assert_eq!(ids(&faults, REFRESH), [1]);
        assert_eq!(one_more(), Ok(101));
        assert_eq!((faults.all().len(), faults.all()[0].id), (MOST, 2));
        assert!(faults.remove(101) && !faults.remove(101));
        faults.clear();
        assert!(faults.all().is_empty());
        assert_eq!(one_more(), Ok(102), "a number is given once");
    }
}
