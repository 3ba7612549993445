//! `POST /auth/refresh`: the table of the contract, section 3, in one operation.

use crate::base::time::Timestamp;
use crate::crypto::refresh::{RefreshLink, RefreshToken, exp_for};
use crate::domain::client::Client;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::hash::{DeviceHash, TokenHash};
use crate::domain::reason::Reason;
use crate::domain::session::{Decision, Policy, Session, Shown, decide};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::tokens::{self, Access, Refresh};
use crate::ops::try_op::TryOp;
use crate::ops::{ending, guard};
use crate::store::rows::User;
use crate::store::tx::Tx;

/// Gives the successor of the token shown, or the same one again, with a new access token.
pub async fn refresh(
    ctx: &Ctx,
    shown: RefreshToken,
    device: Option<DeviceHash>,
    client: &Client,
) -> Result<(Access, Refresh), Error> {
    let now = ctx.clock.now();
    let policy = ctx.policy();
    let link = shown.link();
    let successor = link.successor(now, exp_for(now, policy.idle_ttl, link.end()))?;
    let rotate = Rotate {
        link: link.clone(),
        shown: Shown {
            generation: link.generation(),
            hash: shown.hash(),
            exp: link.exp(),
            end: link.end(),
            ver: link.ver(),
            device,
            client: client.clone(),
        },
        next: (successor.hash(), successor.link().exp()),
        policy,
        now,
    };
    let given = ctx.store.submit(rotate).await??;
    ctx.activity.refreshed(now);
    let token = match given.what {
        What::Same => shown,
        What::Next => successor,
        What::Row => shown.link().successor(given.session.rotated_at, given.session.exp)?,
    };
    Ok((tokens::access(ctx, &given.user, &given.session, now)?, tokens::refresh(token, now)))
}

/// Whether a token may still be good, as far as it says itself: a hint for pages, never a proof.
pub fn may_live(ctx: &Ctx, shown: &RefreshToken) -> bool {
    ctx.clock.now() < shown.link().exp()
}

struct Rotate {
    link: RefreshLink,
    shown: Shown,
    /// The hash and the end of the successor, should this show rotate.
    next: (TokenHash, Timestamp),
    policy: Policy,
    now: Timestamp,
}

/// Which token goes out.
enum What {
    /// The one shown.
    Same,
    /// The successor as of now.
    Next,
    /// The successor as of the row's times.
    Row,
}

struct Given {
    what: What,
    user: User,
    session: Session,
}

impl TryOp for Rotate {
    type Out = Given;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Given, Error> {
        let session = tx.session(self.link.session())?.filter(|row| row.user == self.link.user());
        let user = tx.user(self.link.user())?;
        let present = guard::present(user.as_ref(), tx.meta()?.epoch);
        let is_parent = self.is_parent(session.as_ref())?;
        let decision = decide(session.as_ref(), present, &self.shown, is_parent, &self.policy, self.now);
        let (Some(session), Some(user)) = (session, user) else {
            let reason = ending::why_not_there(tx, self.shown.ver)?;
            return Err(Error::SessionEnded(reason.unwrap_or_else(|| refusal(decision))));
        };
        match decision {
            Decision::Refuse(Reason::Unknown) if session.ended.is_none() => {
                let reason = match present {
                    Ok(present) => ending::why_not_present(tx, user.id, self.shown.ver, present)?,
                    Err(reason) => reason,
                };
                Err(Error::SessionEnded(reason))
            }
            Decision::Refuse(reason) => Err(Error::SessionEnded(reason)),
            Decision::Same => Ok(Given { what: What::Same, user, session }),
            Decision::Replay => Ok(Given { what: What::Row, user, session }),
            Decision::Rotate => {
                let session = self.rotate(tx, &session)?;
                Ok(Given { what: What::Next, user, session })
            }
            Decision::Recover(recoveries) => {
                let after = Session { recoveries, ..session.clone() };
                tx.update_session(&session, &after)?;
                tx.record(&self.event(Kind::LateRecovery, &session))?;
                Ok(Given { what: What::Row, user, session: after })
            }
            Decision::End(reason) => {
                ending::end(tx, &session, reason, self.now)?;
                let kind = if reason == Reason::RolledBack { Kind::RolledBack } else { Kind::RefreshReuse };
                tx.record(&self.event(kind, &session))?;
                // A refusal that writes: the session is over.
                Err(Error::SessionEnded(reason))
            }
        }
    }
}

impl Rotate {
    /// Whether the row's token is the successor of the one shown. A token that can't be signed is no proof
    /// against anybody: that is an error.
    fn is_parent(&self, row: Option<&Session>) -> Result<bool, Error> {
        match row.filter(|row| row.generation == self.shown.generation + 1) {
            None => Ok(false),
            Some(row) => Ok(self.link.successor(row.rotated_at, row.exp)?.hash() == row.hash),
        }
    }

    fn rotate(&self, tx: &mut dyn Tx, before: &Session) -> Result<Session, Error> {
        let after = Session {
            generation: before.generation + 1,
            hash: self.next.0,
            rotated_at: self.now,
            exp: self.next.1,
            client: self.shown.client.clone(),
            by_device: before.shown_by_device(&self.shown),
            ..before.clone()
        };
        tx.update_session(before, &after)?;
        Ok(after)
    }

    fn event(&self, kind: Kind, session: &Session) -> Event {
        let age = (self.now - session.rotated_at).secs();
        let fact = Fact::Shown { generation: self.shown.generation, current: session.generation, age_seconds: age };
        Event::new(self.now, kind).user(session.user).session(session.id).client(&self.shown.client).fact(fact)
    }
}

/// What a decision on a session that is not there says.
fn refusal(decision: Decision) -> Reason {
    match decision {
        Decision::Refuse(reason) => reason,
        Decision::Same | Decision::Replay | Decision::Rotate | Decision::Recover(_) | Decision::End(_) => {
            Reason::Unknown
        }
    }
}
