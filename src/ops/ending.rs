//! How sessions end: one by its row, all of a user by the version, everyone's by the epoch. Each writes
//! the revocation that its access tokens are refused by.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::reason::Reason;
use crate::domain::revocation::Revoked;
use crate::domain::session::{Policy, Session};
use crate::domain::version::Version;
use crate::ops::error::Error;
use crate::ops::guard;
use crate::store;
use crate::store::rows::{Rows, User};
use crate::store::tx::Tx;

/// Whether nothing has ended a session yet: not its row, nor its user's state or version, nor the epoch.
/// It may be too old. What is over keeps the reason that it ended for.
pub(super) fn stands(rows: &dyn Rows, session: &Session) -> Result<bool, store::error::Error> {
    let user = rows.user(session.user)?;
    let present = guard::present(user.as_ref(), rows.meta()?.epoch);
    Ok(session.ended.is_none() && present == Ok(session.ver))
}

/// Ends one open session.
pub(super) fn end(
    tx: &mut dyn Tx,
    session: &Session,
    reason: Reason,
    now: Timestamp,
) -> Result<(), store::error::Error> {
    let over = Session { ended: Some((now, reason)), ..session.clone() };
    tx.update_session(session, &over)?;
    tx.revoke(Revoked::Session(session.id), now)
}

/// Moves a user to another state and raises their version, which ends all their sessions. False where
/// the new address is taken. Gives the new state.
pub(super) fn raise(
    tx: &mut dyn Tx,
    before: &User,
    mut after: User,
    reason: Reason,
    now: Timestamp,
) -> Result<User, Error> {
    after.version = before.version + 1;
    if !tx.update_user(before, &after)? {
        return Err(Error::EmailTaken);
    }
    tx.insert_raise(Some(after.id), after.version, reason, now)?;
    tx.revoke(Revoked::User(after.id, after.version), now)?;
    Ok(after)
}

/// Raises the epoch by one, which ends everybody's sessions.
pub(super) fn raise_epoch(tx: &mut dyn Tx, reason: Reason, now: Timestamp) -> Result<i64, store::error::Error> {
    let after = tx.meta()?.epoch + 1;
    raise_epoch_to(tx, after, reason, now)
}

/// Raises the epoch to this one.
pub(super) fn raise_epoch_to(
    tx: &mut dyn Tx,
    after: i64,
    reason: Reason,
    now: Timestamp,
) -> Result<i64, store::error::Error> {
    tx.set_epoch(tx.meta()?.epoch, after)?;
    tx.insert_raise(None, after, reason, now)?;
    tx.revoke(Revoked::Everyone(after), now)?;
    Ok(after)
}

/// Removes a user. Their sessions stay for a while, to say why they ended: what was over before keeps its reason.
pub(super) fn delete(tx: &mut dyn Tx, user: &User, policy: &Policy, now: Timestamp) -> Result<(), store::error::Error> {
    for session in tx.open_sessions(user.id)? {
        let over = how_over(tx, user, &session, policy, now)?.unwrap_or((Some(now), Reason::AccountDeleted));
        let ended = Some((over.0.unwrap_or(now), over.1));
        tx.update_session(&session, &Session { ended, ..session.clone() })?;
    }
    tx.delete_user(user)?;
    // No token carries this version: all are refused.
    tx.revoke(Revoked::User(user.id, i64::MAX), now)
}

/// Why a token is refused of a session that its own row doesn't end, where `said` is what stands in its way at
/// present: the first of what raised its version or the epoch, even if the account was disabled since, or the
/// token became too old.
pub(super) fn why_refused(
    rows: &dyn Rows,
    user: &User,
    ver: Version,
    (said, too_old): (Reason, Timestamp),
) -> Result<Reason, store::error::Error> {
    let present = Version { epoch: rows.meta()?.epoch, number: user.version };
    if said == Reason::Unknown {
        return why_not_present(rows, user.id, ver, present);
    }
    let raised = first_raise(rows, user.id, ver, present)?;
    let by_age = [Reason::IdleExpired, Reason::AbsoluteExpired].contains(&said);
    Ok(raised.filter(|(at, _)| !by_age || *at <= too_old).map_or(said, |(_, reason)| reason))
}

/// Why a version that is not the present one is not: what raised it, or that the database went back.
fn why_not_present(
    rows: &dyn Rows,
    user: UserId,
    ver: Version,
    present: Version,
) -> Result<Reason, store::error::Error> {
    let is_ahead = ver.number > present.number;
    if ver.epoch > present.epoch || (is_ahead && ver.epoch == present.epoch) {
        return Ok(Reason::RolledBack);
    }
    let raise = first_raise(rows, user, ver, present)?.map_or(Reason::Unknown, |(_, reason)| reason);
    // A restore raises the epoch, and nothing else explains a version that is ahead of an older file's.
    Ok(if is_ahead && raise != Reason::Restored { Reason::RolledBack } else { raise })
}

/// Why a session that is not there is not: it began after the backup was made that was restored since.
pub(super) fn why_not_there(rows: &dyn Rows, ver: Version) -> Result<Option<Reason>, store::error::Error> {
    if ver.epoch >= rows.meta()?.epoch {
        return Ok(None);
    }
    Ok(rows.raise_above(None, ver.epoch)?.map(|(_, reason)| reason).filter(|reason| *reason == Reason::Restored))
}

/// What first raised the epoch or the version above that of a session, as far as it is still known.
fn first_raise(
    rows: &dyn Rows,
    user: UserId,
    ver: Version,
    present: Version,
) -> Result<Option<(Timestamp, Reason)>, store::error::Error> {
    let everyone = if ver.epoch < present.epoch { rows.raise_above(None, ver.epoch)? } else { None };
    let user = if ver.number < present.number { rows.raise_above(Some(user), ver.number)? } else { None };
    Ok(match (everyone, user) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    })
}

/// How a session of a user came to be over: when, as far as that is known, and why; the first of what
/// could have ended it. Nothing for a live one.
pub(super) fn how_over(
    rows: &dyn Rows,
    user: &User,
    session: &Session,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<(Option<Timestamp>, Reason)>, store::error::Error> {
    let present = Version { epoch: rows.meta()?.epoch, number: user.version };
    let too_old = Some(session.too_old_at(policy)).filter(|(at, _)| *at <= now);
    let raised = first_raise(rows, user.id, session.ver, present)?;
    let first = [session.ended, raised, too_old].into_iter().flatten().min_by_key(|(at, _)| *at);
    match first {
        Some((at, reason)) => Ok(Some((Some(at), reason))),
        None if session.ver == present => Ok(None),
        None => Ok(Some((None, why_not_present(rows, user.id, session.ver, present)?))),
    }
}

/// The sessions of a user that can still be refreshed; newest first.
pub(super) fn live(
    rows: &dyn Rows,
    user: &User,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Session>, store::error::Error> {
    let ver = Version { epoch: rows.meta()?.epoch, number: user.version };
    let mut open = rows.open_sessions(user.id)?;
    open.retain(|session| session.is_live(ver, policy, now));
    Ok(open)
}
