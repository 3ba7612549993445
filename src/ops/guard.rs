//! Who may act, read again in the act's own transaction: a token may be older than the state.

use crate::base::time::Timestamp;
use crate::domain::reason::Reason;
use crate::domain::session::Session;
use crate::domain::user::Status;
use crate::domain::version::Version;
use crate::ops::caller::{Actor, FRESH};
use crate::ops::error::Error;
use crate::store::rows::{Rows, User};

/// The caller and their session, if both are good now.
pub(super) fn acting(rows: &dyn Rows, actor: &Actor) -> Result<(User, Session), Error> {
    let user = rows.user(actor.user)?.ok_or(Error::InvalidAccessToken)?;
    let session = rows.session(actor.session)?.ok_or(Error::InvalidAccessToken)?;
    let ver = Version { epoch: rows.meta()?.epoch, number: user.version };
    let good = user.status == Status::Active && session.ended.is_none() && session.user == user.id;
    if good && actor.ver == ver && session.ver == ver { Ok((user, session)) } else { Err(Error::InvalidAccessToken) }
}

/// The caller, if they are an administrator now.
pub(super) fn acting_admin(rows: &dyn Rows, actor: &Actor) -> Result<User, Error> {
    let (user, _) = acting(rows, actor)?;
    if user.role.is_admin() { Ok(user) } else { Err(Error::Forbidden) }
}

/// Refuses an act that destroys where the password was given too long ago. A time in the future means
/// that the clock went back: then it is asked again.
pub(super) fn fresh(actor: &Actor, now: Timestamp) -> Result<(), Error> {
    if (now - actor.auth_time).abs() <= FRESH { Ok(()) } else { Err(Error::ReauthRequired) }
}

/// What a live token of this user must carry, or why none can.
pub(super) fn present(user: Option<&User>, epoch: i64) -> Result<Version, Reason> {
    match user {
        None => Err(Reason::AccountDeleted),
        Some(user) if user.status == Status::Disabled => Err(Reason::AccountDisabled),
        Some(user) => Ok(Version { epoch, number: user.version }),
    }
}
