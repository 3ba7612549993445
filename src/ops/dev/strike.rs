//! What a fault does to the server before the call goes on: it ends sessions, or begins new keys.

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::client::Client;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::reason::Reason;
use crate::domain::revocation::Revoked;
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::keys::{self, KeyMaker};
use crate::store;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// Ends these sessions as an administrator does.
pub async fn revoke(ctx: &Ctx, sessions: Vec<SessionId>, client: &Client) -> Result<(), Error> {
    end(ctx, sessions, Reason::EndedByAdmin, client).await
}

/// Ends these sessions as the show of a spent refresh token does.
pub async fn reuse(ctx: &Ctx, sessions: Vec<SessionId>, client: &Client) -> Result<(), Error> {
    end(ctx, sessions, Reason::RefreshReuse, client).await
}

async fn end(ctx: &Ctx, sessions: Vec<SessionId>, reason: Reason, client: &Client) -> Result<(), Error> {
    let now = ctx.clock.now();
    Ok(ctx.store.submit(End { sessions, reason, client: client.clone(), now }).await?)
}

/// Begins a new key of each use, which nobody could know before; tokens under the old ones stay good.
pub async fn rotate_keys(ctx: &Ctx) -> Result<(), Error> {
    let (now, entropy) = (ctx.clock.now(), ctx.entropy.as_ref());
    let maker = KeyMaker { master: &ctx.keys.master, database: ctx.database, now, entropy, dev: true };
    let all_new = maker.all_new(ctx.config.tokens.algorithm)?;
    ctx.store.submit(all_new).await?;
    Ok(keys::reload(ctx).await?)
}

struct End {
    sessions: Vec<SessionId>,
    reason: Reason,
    client: Client,
    now: Timestamp,
}

impl Op for End {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        for id in &self.sessions {
            let Some(session) = tx.session(*id)? else {
                // A token that the stub made has none behind it.
                tx.revoke(Revoked::Session(*id), self.now)?;
                continue;
            };
            if !ending::stands(tx, &session)? {
                continue;
            }
            ending::end(tx, &session, self.reason, self.now)?;
            let event = |kind| Event::new(self.now, kind).user(session.user).session(session.id);
            tx.record(&if self.reason == Reason::RefreshReuse {
                event(Kind::RefreshReuse).client(&self.client)
            } else {
                event(Kind::SessionEnded).fact(Fact::ByAdmin {})
            })?;
        }
        Ok(())
    }
}
