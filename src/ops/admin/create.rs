//! Makes a user, who sets a first password through a link.

use crate::base::entropy::Entropy;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::link::LinkKind;
use crate::domain::user::Role;
use crate::ops::admin::by::{By, Needs};
use crate::ops::error::Error;
use crate::ops::link::{self, Draft, NewLink};
use crate::ops::register::new_user;
use crate::ops::try_op::TryOp;
use crate::store::rows::{Link, User};
use crate::store::tx::Tx;

/// Makes a user. Without a password there is an invitation.
pub struct Create {
    by: By,
    user: User,
    invitation: Option<Link>,
    now: Timestamp,
}

impl Create {
    /// A user with a password that is already hashed.
    pub fn with_password(
        by: By,
        email: &Email,
        role: Role,
        password: (String, u32),
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> Result<Self, Error> {
        let user = new_user(UserId::new(now, entropy)?, email, role, Some(password), now);
        Ok(Self { by, user, invitation: None, now })
    }

    /// A user who is invited. The draft becomes the link once the operation has run.
    pub fn invited(
        by: By,
        email: &Email,
        role: Role,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> Result<(Self, Draft), Error> {
        let user = new_user(UserId::new(now, entropy)?, email, role, None, now);
        let draft = Draft::draw(LinkKind::Invitation, Some(user.id), now, entropy)?;
        Ok((Self { by, user, invitation: Some(draft.link), now }, draft))
    }
}

impl TryOp for Create {
    type Out = User;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<User, Error> {
        let needs = if self.user.role.is_admin() { Needs::FreshPassword } else { Needs::Token };
        self.by.check(tx, needs, self.now)?;
        if !tx.insert_user(&self.user)? {
            return Err(Error::EmailTaken);
        }
        if let Some(link) = &self.invitation {
            link::put(tx, link)?;
        }
        let event = self.by.event(self.now, Kind::UserCreated, Some(self.user.id));
        tx.record(&event.fact(Fact::Role { role: self.user.role.as_str().to_owned() }))?;
        Ok(self.user.clone())
    }
}

/// Makes an invited user on the running server.
pub async fn invite(
    ctx: &crate::ops::ctx::Ctx,
    caller: &crate::ops::caller::Caller<crate::ops::caller::Admin>,
    email: &str,
    role: Role,
) -> Result<(User, NewLink), Error> {
    let email = Email::parse(email)?;
    let chance = (ctx.clock.now(), ctx.entropy.as_ref());
    let (create, draft) = Create::invited(By::from(caller), &email, role, chance)?;
    let user = ctx.store.submit(create).await??;
    let link = link::given(ctx, draft, &user.email);
    Ok((user, link))
}
