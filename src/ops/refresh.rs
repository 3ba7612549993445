//! `POST /auth/refresh`: the table of the contract, section 3, in one operation.

use std::net::Ipv4Addr;

use crate::base::time::Timestamp;
use crate::crypto::jwt::CantSign;
use crate::crypto::refresh::{RefreshLink, RefreshToken, exp_for};
use crate::domain::client::Client;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::hash::{DeviceHash, TokenHash};
use crate::domain::reason::Reason;
use crate::domain::session::{Decision, Policy, Session, Shown, decide};
use crate::ops::ctx::Ctx;
use crate::ops::dev::chain::{Note, Outcome};
use crate::ops::error::{Error, settle};
use crate::ops::tokens::{self, Access, Mint, Refresh};
use crate::ops::try_op::TryOp;
use crate::ops::{ending, guard};
use crate::store::aside::{Aside, Task};
use crate::store::rows::{Rows, User};
use crate::store::tx::Tx;

/// Gives the successor of the token shown, or the same one again, with a new access token.
pub async fn refresh(
    ctx: &Ctx,
    shown: RefreshToken,
    device: Option<DeviceHash>,
    client: &Client,
) -> Result<(Access, Refresh), Error> {
    let now = ctx.clock.now();
    let (rotate, successor) = Rotate::new(ctx, &shown, (device, client.clone()), now)?;
    let (refresh, access) = {
        let given = ctx.store.submit(rotate).await?;
        if let Some(dev) = &ctx.dev {
            let (session, generation) = (shown.link().session(), shown.link().generation());
            let outcome = outcome(given.as_ref());
            outcome.inspect(|outcome| dev.chains.note(Note { session, generation, at: now, outcome: *outcome }));
        }
        given?.tokens(ctx, shown, successor, now)?
    };
    ctx.activity.refreshed(now);
    let access = match access {
        Signed::Beside(access) => access.done().await.ok_or(CantSign::Failed)??,
        Signed::Now(access) => access,
    };
    Ok((access, refresh))
}

/// Whether a token may still be good, as far as it says itself: a hint for pages, never a proof.
pub fn may_live(ctx: &Ctx, shown: &RefreshToken) -> bool {
    ctx.clock.now() < shown.link().exp()
}

/// What a show would bring from the device and the place of the last one, and the row that it would meet.
/// Nothing changes.
pub(super) async fn foresee(
    ctx: &Ctx,
    shown: &RefreshToken,
    now: Timestamp,
) -> Result<(Decision, Option<Session>), Error> {
    let (mut rotate, _) =
        Rotate::new(ctx, shown, (None, Client::new(Ipv4Addr::LOCALHOST.into(), "", String::new())), now)?;
    let mut look = move |rows: &dyn Rows| -> Result<_, Error> {
        if let Some(row) = rows.session(rotate.link.session())? {
            (rotate.shown.device, rotate.shown.client) = (row.device, row.client);
        }
        let (decision, found) = rotate.judge(rows)?;
        Ok((decision, found.map(|(session, _)| session)))
    };
    ctx.store.read(move |rows| settle(look(rows))).await?
}

struct Rotate {
    link: RefreshLink,
    shown: Shown,
    /// The hash and the end of the successor, should this show rotate.
    next: (TokenHash, Timestamp),
    policy: Policy,
    mint: Mint,
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
    /// The same, by a recovery.
    Late,
}

/// The access token, or who makes it.
enum Signed {
    Now(Access),
    Beside(Aside<Result<Access, Error>>),
}

struct Given {
    what: What,
    user: User,
    session: Session,
    /// Its access token, where it is made beside the sync.
    access: Option<Aside<Result<Access, Error>>>,
}

impl TryOp for Rotate {
    type Out = Given;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Given, Error> {
        let (decision, found) = self.judge(tx)?;
        let Some((session, user)) = found else { return Err(Error::SessionEnded(refusal(decision))) };
        match decision {
            Decision::Refuse(reason) => Err(Error::SessionEnded(reason)),
            Decision::Same => Ok(Given::new(What::Same, user, session)),
            Decision::Replay => Ok(Given::new(What::Row, user, session)),
            Decision::Rotate => {
                let session = self.rotate(tx, &session)?;
                Ok(Given::new(What::Next, user, session))
            }
            Decision::Recover(recoveries) => {
                let after = Session { recoveries, ..session.clone() };
                tx.update_session(&session, &after)?;
                tx.record(&self.event(Kind::LateRecovery, &session))?;
                Ok(Given::new(What::Late, user, after))
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

    fn try_aside(&self, given: &mut Given) -> Option<Task> {
        let mint = self.mint.clone();
        let claims = mint.claims_of(&given.user, &given.session, self.now).ok()?;
        let (access, task) = Aside::new(move || mint.sign(&claims));
        given.access = Some(access);
        Some(task)
    }
}

impl Given {
    const fn new(what: What, user: User, session: Session) -> Self {
        Self { what, user, session, access: None }
    }

    /// The tokens that go out: a refresh token, of the one shown and its successor as of now, and an access token.
    fn tokens(
        self,
        ctx: &Ctx,
        shown: RefreshToken,
        successor: RefreshToken,
        now: Timestamp,
    ) -> Result<(Refresh, Signed), Error> {
        let token = match self.what {
            What::Same => shown,
            What::Next => successor,
            What::Row | What::Late => shown.link().successor(self.session.rotated_at, self.session.exp)?,
        };
        let refresh = tokens::refresh(ctx, token, &self.session, now);
        let access = match self.access {
            Some(beside) => Signed::Beside(beside),
            None => Signed::Now(tokens::access(ctx, &self.user, &self.session, now)?),
        };
        Ok((refresh, access))
    }
}

impl Rotate {
    /// Makes the successor too, as of now.
    fn new(
        ctx: &Ctx,
        shown: &RefreshToken,
        (device, client): (Option<DeviceHash>, Client),
        now: Timestamp,
    ) -> Result<(Self, RefreshToken), Error> {
        let policy = ctx.policy();
        let link = shown.link();
        let successor = link.successor(now, exp_for(now, policy.idle_ttl, link.end()))?;
        let shown = Shown {
            generation: link.generation(),
            hash: shown.hash(),
            exp: link.exp(),
            end: link.end(),
            ver: link.ver(),
            device,
            client,
        };
        let next = (successor.hash(), successor.link().exp());
        Ok((Self { link: link.clone(), shown, next, policy, mint: Mint::of(ctx), now }, successor))
    }

    /// What to do, and with which row of whom. A refusal has its reason in full; it alone may come without rows.
    fn judge(&self, rows: &dyn Rows) -> Result<(Decision, Option<(Session, User)>), Error> {
        let session = rows.session(self.link.session())?.filter(|row| row.user == self.link.user());
        let user = rows.user(self.link.user())?;
        let present = guard::present(user.as_ref(), rows.meta()?.epoch);
        let is_parent = self.is_parent(session.as_ref())?;
        let decision = decide(session.as_ref(), present, &self.shown, is_parent, &self.policy, self.now);
        let (session, user) = match (session, user) {
            (Some(session), Some(user)) => (session, user),
            // The row tells why, though its user is gone.
            (Some(_), None) => return Ok((decision, None)),
            (None, _) => {
                let reason = ending::why_not_there(rows, self.shown.ver)?;
                return Ok((Decision::Refuse(reason.unwrap_or_else(|| refusal(decision))), None));
            }
        };
        let decision = if let Decision::Refuse(said) = decision
            && session.ended.is_none()
        {
            let too_old = self.policy.too_old_at(Some(&session), &self.shown).0;
            Decision::Refuse(ending::why_refused(rows, &user, self.shown.ver, (said, too_old))?)
        } else {
            decision
        };
        Ok((decision, Some((session, user))))
    }

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

/// What the stub remembers of it. A failure of the server is nothing that came of the token.
fn outcome(given: Result<&Given, &Error>) -> Option<Outcome> {
    match given {
        Ok(Given { what: What::Next, .. }) => Some(Outcome::Rotated),
        Ok(Given { what: What::Same, .. }) => Some(Outcome::Same),
        Ok(Given { what: What::Row, .. }) => Some(Outcome::Replayed),
        Ok(Given { what: What::Late, .. }) => Some(Outcome::Recovered),
        Err(Error::SessionEnded(reason)) => Some(Outcome::Refused(*reason)),
        Err(_) => None,
    }
}
