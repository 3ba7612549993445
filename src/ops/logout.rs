//! `POST /auth/logout`: any token of a session with a good signature ends it, whatever its age.

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::client::Client;
use crate::domain::event::{Event, Kind};
use crate::domain::reason::Reason;
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::store;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// Ends these sessions. Nothing to end is no error.
pub async fn logout(ctx: &Ctx, sessions: Vec<SessionId>, client: &Client) -> Result<(), Error> {
    if sessions.is_empty() {
        return Ok(());
    }
    let now = ctx.clock.now();
    Ok(ctx.store.submit(Logout { sessions, client: client.clone(), now }).await?)
}

struct Logout {
    sessions: Vec<SessionId>,
    client: Client,
    now: Timestamp,
}

impl Op for Logout {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        for id in &self.sessions {
            let Some(session) = tx.session(*id)? else { continue };
            if !ending::stands(tx, &session)? {
                continue;
            }
            ending::end(tx, &session, Reason::LoggedOut, self.now)?;
            let event = Event::new(self.now, Kind::LoggedOut).user(session.user).session(session.id);
            tx.record(&event.client(&self.client))?;
        }
        Ok(())
    }
}
