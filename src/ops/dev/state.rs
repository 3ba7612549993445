//! What is there: users, sessions, and what became of the refresh tokens of each.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::reason::Reason;
use crate::domain::session::Session;
use crate::ops::ctx::Ctx;
use crate::ops::dev::chain::Note;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::store::rows::User;

/// At most so many users, by their addresses, and so many sessions, the newest.
const MOST: u32 = 200;

/// All of it at one moment.
pub struct State {
    /// When.
    pub now: Timestamp,
    /// The users in the order of their addresses.
    pub users: Vec<User>,
    /// The sessions, newest first.
    pub sessions: Vec<Known>,
}

/// A session.
pub struct Known {
    /// Its row.
    pub session: Session,
    /// When it ended, as far as that is known, and why.
    pub over: Option<(Option<Timestamp>, Reason)>,
    /// What became of its refresh tokens, oldest first, as far as that is remembered.
    pub chain: Vec<Note>,
}

/// Looks.
pub async fn look(ctx: &Ctx) -> Result<State, Error> {
    let (now, policy) = (ctx.clock.now(), ctx.policy());
    let read = move |rows: &dyn crate::store::rows::Rows| {
        let users = rows.users("", "", MOST)?;
        let mut found = Vec::new();
        for user in &users {
            for session in rows.sessions(user.id, MOST)? {
                let over = ending::how_over(rows, user, &session, &policy, now)?;
                found.push(Known { session, over, chain: Vec::new() });
            }
        }
        // An id of version 7 begins with its time.
        found.sort_by_key(|known| Reverse(known.session.id));
        found.truncate(MOST as usize);
        Ok((users, found))
    };
    let (users, mut sessions) = ctx.store.read(read).await?;
    let mut chains: HashMap<SessionId, Vec<Note>> = HashMap::new();
    for note in ctx.dev.iter().flat_map(|dev| dev.chains.all()) {
        chains.entry(note.session).or_default().push(note);
    }
    for known in &mut sessions {
        known.chain = chains.remove(&known.session.id).unwrap_or_default();
    }
    Ok(State { now, users, sessions })
}
