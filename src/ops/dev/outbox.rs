//! What would have gone out to people: the links that were made. The one place of the stub that shows secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::domain::link::LinkKind;

/// How many are kept.
pub const MOST: usize = 100;

/// Something for a person.
#[derive(Debug)]
pub struct Message {
    /// To which address.
    pub to: String,
    /// What its link does.
    pub kind: LinkKind,
    /// The link, the secret in its fragment.
    pub url: Secret<String>,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it works.
    pub expires: Timestamp,
}

/// The messages of one stub, the newest last.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<VecDeque<Message>>);

impl Outbox {
    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one in; past the most that are kept the oldest goes.
    pub fn put(&self, message: Message) {
        let mut messages = self.messages();
        messages.push_back(message);
        while messages.len() > MOST {
            messages.pop_front();
        }
    }

    /// What there is, each looked at in its turn.
    pub fn map<T>(&self, look: impl Fn(&Message) -> T) -> Vec<T> {
        self.messages().iter().map(look).collect()
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.messages().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_debug_shows_no_link() {
        let outbox = Outbox::default();
        for number in 0..MOST + 5 {
            let url = Secret::new(format!("http://x/link#{number}"));
            let (made, expires) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
            outbox.put(Message { to: number.to_string(), kind: LinkKind::Invitation, url, made, expires });
        }
        let to = outbox.map(|message| message.to.clone());
        assert_eq!((to.len(), to[0].as_str(), to[MOST - 1].as_str()), (MOST, "5", "104"));
        assert!(!format!("{outbox:?}").contains("http://"));
        outbox.clear();
        assert!(outbox.map(|_| ()).is_empty());
    }
}
