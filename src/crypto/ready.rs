//! Keys made ready for use, a few for each thread: to make one ready costs as much as to use it, and jsonwebtoken's
//! can't be shared between threads.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many keys a thread keeps: those of a ring, and those of the ring before.
const MOST: usize = 4;

/// Tells keys apart: no two of this process have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(u64);

impl Number {
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a thread keeps, the last used first.
pub(super) struct Ready<K: ?Sized>(Vec<(Number, Box<K>)>);

impl<K: ?Sized> Ready<K> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The key of this number, made ready where it is not yet. None where it can't be.
    pub(super) fn get(&mut self, number: Number, make: impl FnOnce() -> Option<Box<K>>) -> Option<&K> {
        let ready = match self.0.iter().position(|(kept, _)| *kept == number) {
            Some(0) => return self.first(),
            Some(at) => self.0.remove(at),
            None => (number, make()?),
        };
        self.0.truncate(MOST - 1);
        self.0.insert(0, ready);
        self.first()
    }

    fn first(&self) -> Option<&K> {
        self.0.first().map(|(_, key)| &**key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_made_once_while_few_are_used() {
        let numbers = [(); MOST + 1].map(|()| Number::next());
        let mut ready = Ready::<Number>::new();
        let mut made = 0;
        let mut get = |number| {
            let make = || {
                made += 1;
                Some(Box::new(number))
            };
            assert_eq!(ready.get(number, make), Some(&number));
            made
        };
        for _ in 0..2 {
            for (at, number) in numbers[..MOST].iter().enumerate() {
                assert!(get(*number) > at && get(*number) <= MOST);
            }
        }
        get(numbers[0]);
        assert_eq!(get(numbers[MOST]), MOST + 1);
        assert_eq!(get(numbers[0]), MOST + 1);
        assert_eq!(get(numbers[1]), MOST + 2, "the one used longest ago went");
    }

    #[test]
    fn what_can_t_be_made_is_not_kept() {
        let (number, mut ready) = (Number::next(), Ready::<u8>::new());
        assert_eq!(ready.get(number, || None), None);
        assert_eq!(ready.get(number, || Some(Box::new(7))), Some(&7));
    }
}
