//! What became of the refresh tokens that were shown: the last thousand shows, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::reason::Reason;

/// So many are kept; past that the oldest goes.
const MOST: usize = 1_000;

/// What came of a show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next token; the session moved on.
    Rotated,
    /// The token shown, since it had just been made.
    Same,
    /// The next token again, which had been given before.
    Replayed,
    /// The same, late or from elsewhere: this generation needed it.
    Recovered,
    /// Nothing.
    Refused(Reason),
}

/// One show of one refresh token with a good signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its session.
    pub session: SessionId,
    /// Its number in it.
    pub generation: i64,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub struct Chains(Mutex<VecDeque<Note>>);

impl Outcome {
    /// As its JSON holds it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Same => "same",
            Self::Replayed => "replayed",
            Self::Recovered => "recovered",
            Self::Refused(_) => "refused",
        }
    }
}

impl Chains {
    fn notes(&self) -> MutexGuard<'_, VecDeque<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers one more.
    pub fn note(&self, note: Note) {
        let mut notes = self.notes();
        if notes.len() >= MOST {
            notes.pop_front();
        }
        notes.push_back(note);
    }

    /// All, oldest first.
    pub fn all(&self) -> Vec<Note> {
        self.notes().iter().copied().collect()
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.notes().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_are_kept_in_their_order() {
        let chains = Chains::default();
        let note = |generation| Note {
            session: SessionId::from_bytes([1; 16]),
            generation,
            at: Timestamp::from_secs(generation),
            outcome: Outcome::Rotated,
        };
        for generation in 0..1_500 {
            chains.note(note(generation));
        }
        let kept: Vec<_> = chains.all().iter().map(|note| note.generation).collect();
        assert_eq!(kept, (500..1_500).collect::<Vec<_>>());
        chains.clear();
        assert!(chains.all().is_empty());
    }
}
