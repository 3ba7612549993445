//! Chance that can be repeated: what a failing run did is done again by its seed.

use doorward::base::time::{Clock, SystemClock};

/// A generator of numbers (splitmix64: Steele, Lea and Flood, 2014).
pub(crate) struct Chance(u64);

impl Chance {
    /// By `CRASH_SEED`, else by the time; says which.
    pub(crate) fn new() -> Self {
        let given = std::env::var("CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| SystemClock.now().millis().unsigned_abs());
        println!("CRASH_SEED={seed}");
        Self(seed)
    }

    /// Another one, so that what runs side by side does not share.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// How often to kill.
pub(crate) fn rounds() -> u64 {
    std::env::var("CRASH_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}
