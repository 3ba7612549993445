//! The way back in, by file access alone: a recovery link for an administrator who is locked out, or the
//! set-up link where there is none.

use crate::base::entropy::Entropy;
use crate::base::time::Timestamp;
use crate::domain::email::EmailKey;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::link::LinkKind;
use crate::domain::user::Status;
use crate::ops::admin::by::By;
use crate::ops::error::Error;
use crate::ops::link::{self, Draft};
use crate::ops::try_op::TryOp;
use crate::store::rows::{Link, User};
use crate::store::tx::Tx;

/// Writes the row of the link. Who it is for is read in the same transaction.
pub struct Recover {
    /// The administrator who was named; else the only one.
    named: Option<EmailKey>,
    link: Link,
    now: Timestamp,
}

/// What came of it. Only [`Recovery::Made`] wrote anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The link's row, and whose it is: nobody's, where it is for the set-up.
    Made(Link, Option<User>),
    /// Nobody was named, and there is more than one administrator.
    Several(Vec<User>),
    /// The user who was named is no administrator.
    NoAdmin(User),
    /// The administrator who was named is disabled: no password would let them in.
    Disabled(User),
}

impl Recover {
    /// The operation, and the draft that becomes the link: of the row in [`Recovery::Made`].
    pub fn draw(named: Option<EmailKey>, now: Timestamp, entropy: &dyn Entropy) -> Result<(Self, Draft), Error> {
        let draft = Draft::draw(LinkKind::Setup, None, now, entropy)?;
        Ok((Self { named, link: draft.link, now }, draft))
    }

    fn make(&self, tx: &mut dyn Tx, user: Option<User>) -> Result<Recovery, Error> {
        let kind = if user.is_some() { LinkKind::Recovery } else { LinkKind::Setup };
        let owner = user.as_ref().map(|user| user.id);
        let link = Link { kind, user: owner, expires_at: self.now + kind.ttl(), ..self.link };
        link::put(tx, &link)?;
        tx.record(
            &By::Shell.event(self.now, Kind::LinkCreated, owner).fact(Fact::Link { link: kind.word().to_owned() }),
        )?;
        Ok(Recovery::Made(link, user))
    }
}

impl TryOp for Recover {
    type Out = Recovery;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Recovery, Error> {
        if let Some(key) = &self.named {
            let user = tx.user_by_email(key)?.ok_or(Error::NotFound)?;
            return match user.status {
                _ if !user.role.is_admin() => Ok(Recovery::NoAdmin(user)),
                Status::Disabled => Ok(Recovery::Disabled(user)),
                Status::Active => self.make(tx, Some(user)),
            };
        }
        let admins = tx.admins()?;
        match admins.as_slice() {
            [] => self.make(tx, None),
            [only] => self.make(tx, Some(only.clone())),
            _ => Ok(Recovery::Several(admins)),
        }
    }
}
