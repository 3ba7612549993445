//! Acts on one user: one operation, so that no act can forget what the others do (who may, the last
//! administrator, the version, the links, the event).

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::email::{Email, EmailKey};
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::session::Policy;
use crate::domain::user::{Role, Status};
use crate::ops::admin::by::{By, Needs};
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::try_op::TryOp;
use crate::store::rows::{Rows, User};
use crate::store::tx::Tx;

/// What is done.
#[derive(Clone, Debug)]
pub enum Act {
    /// They can't sign in any more.
    Disable,
    /// They can again.
    Enable,
    /// Their failures are forgotten.
    Unlock,
    /// They are gone.
    Delete,
    /// Another role.
    SetRole(Role),
    /// Another address.
    SetEmail(Email),
    /// Another password, already hashed. Only from the shell: nobody sets another's password.
    SetPassword((String, u32)),
    /// All their sessions are over.
    LogoutAll,
}

/// To whom.
#[derive(Clone, Debug)]
pub enum Target {
    /// By id.
    Id(UserId),
    /// By address.
    Email(EmailKey),
}

/// An act on a user.
pub struct ActOn {
    /// By whose right.
    pub by: By,
    /// To whom.
    pub target: Target,
    /// What.
    pub act: Act,
    /// Even if it is the last administrator.
    pub force: bool,
    /// By which a session is live, or was over before.
    pub policy: Policy,
    /// When.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Done {
    /// The user as they are now, or were before they were deleted.
    pub user: User,
    /// How many live sessions it ended.
    pub sessions: usize,
}

impl Act {
    const fn needs(&self) -> Needs {
        match self {
            Self::Disable | Self::Delete | Self::SetRole(_) | Self::SetEmail(_) | Self::SetPassword(_) => {
                Needs::FreshPassword
            }
            Self::Enable | Self::Unlock | Self::LogoutAll => Needs::Token,
        }
    }

    /// Whether after it they are no administrator that can sign in.
    fn takes_admin(&self) -> bool {
        match self {
            Self::Disable | Self::Delete => true,
            Self::SetRole(role) => !role.is_admin(),
            Self::Enable | Self::Unlock | Self::SetEmail(_) | Self::SetPassword(_) | Self::LogoutAll => false,
        }
    }
}

impl Target {
    /// Finds them.
    pub fn find(&self, rows: &dyn Rows) -> Result<User, Error> {
        let user = match self {
            Self::Id(id) => rows.user(*id)?,
            Self::Email(key) => rows.user_by_email(key)?,
        };
        user.ok_or(Error::NotFound)
    }
}

impl TryOp for ActOn {
    type Out = Done;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Done, Error> {
        self.by.check(tx, self.act.needs(), self.now)?;
        let user = self.target.find(tx)?;
        if !self.force && self.act.takes_admin() && is_last_admin(tx, &user)? {
            return Err(Error::LastAdmin);
        }
        let live = ending::live(tx, &user, &self.policy, self.now)?.len();
        let after = self.apply(tx, &user)?;
        let sessions = if after.version == user.version && !matches!(self.act, Act::Delete) { 0 } else { live };
        Ok(Done { user: after, sessions })
    }
}

impl ActOn {
    fn apply(&self, tx: &mut dyn Tx, user: &User) -> Result<User, Error> {
        let same = user.clone();
        match &self.act {
            Act::Disable if user.status == Status::Disabled => Ok(same),
            Act::Disable => {
                let after = User { status: Status::Disabled, ..same };
                self.raise(tx, user, after, Reason::AccountDisabled, Kind::UserDisabled)
            }
            Act::Enable if user.status == Status::Active => Ok(same),
            Act::Enable => self.update(tx, user, User { status: Status::Active, ..same }, Kind::UserEnabled),
            Act::Unlock => {
                tx.trim_devices(user.id, 0, None)?;
                self.update(tx, user, User { failures: Failures::default(), ..same }, Kind::UserUnlocked)
            }
            Act::Delete => {
                ending::delete(tx, user, &self.policy, self.now)?;
                self.record(tx, user, Kind::UserDeleted, None)?;
                Ok(same)
            }
            Act::SetRole(role) if *role == user.role => Ok(same),
            Act::SetRole(role) => {
                let after = User { role: role.clone(), ..same };
                self.raise(tx, user, after, Reason::RoleChanged, Kind::RoleChanged)
            }
            Act::SetEmail(email) => {
                let after =
                    User { email: email.as_str().to_owned(), email_key: email.key().as_str().to_owned(), ..same };
                self.update(tx, user, after, Kind::EmailChanged)
            }
            Act::SetPassword(password) => {
                let after = User { password: Some(password.clone()), failures: Failures::default(), ..same };
                tx.trim_devices(user.id, 0, None)?;
                self.raise(tx, user, after, Reason::PasswordChanged, Kind::PasswordSet)
            }
            Act::LogoutAll => {
                let after = ending::raise(tx, user, same, Reason::EndedByAdmin, self.now)?;
                self.record(tx, user, Kind::UserLoggedOut, None)?;
                Ok(after)
            }
        }
    }

    /// A change that ends all sessions and voids all links.
    fn raise(&self, tx: &mut dyn Tx, before: &User, after: User, reason: Reason, kind: Kind) -> Result<User, Error> {
        let after = ending::raise(tx, before, after, reason, self.now)?;
        tx.void_links(Some(after.id), None)?;
        let [from, to] = [before, &after].map(|user| user.role.as_str().to_owned());
        let fact = (kind == Kind::RoleChanged).then_some(Fact::RoleChange { from, to });
        self.record(tx, before, kind, fact)?;
        Ok(after)
    }

    /// A change that leaves the sessions as they are. Links are bound to address and status: they are void.
    fn update(&self, tx: &mut dyn Tx, before: &User, after: User, kind: Kind) -> Result<User, Error> {
        if !tx.update_user(before, &after)? {
            return Err(Error::EmailTaken);
        }
        if kind != Kind::UserUnlocked {
            tx.void_links(Some(after.id), None)?;
        }
        self.record(tx, before, kind, None)?;
        Ok(after)
    }

    fn record(&self, tx: &mut dyn Tx, user: &User, kind: Kind, fact: Option<Fact>) -> Result<(), Error> {
        let event = self.by.event(self.now, kind, Some(user.id));
        Ok(tx.record(&event.facts(fact.into_iter().collect()))?)
    }
}

/// Whether this is the last administrator, or the last of them who can sign in: who was invited and never
/// set a password can't.
fn is_last_admin(rows: &dyn Rows, user: &User) -> Result<bool, Error> {
    let mut admins = rows.admins()?;
    let is_only = |admins: &[User]| admins.len() == 1 && admins.first().is_some_and(|admin| admin.id == user.id);
    if is_only(&admins) {
        return Ok(true);
    }
    admins.retain(|admin| admin.password.is_some());
    Ok(is_only(&admins))
}

/// Acts on the running server.
pub async fn act(
    ctx: &crate::ops::ctx::Ctx,
    caller: &crate::ops::caller::Caller<crate::ops::caller::Admin>,
    id: UserId,
    act: Act,
) -> Result<Done, Error> {
    let (now, policy) = (ctx.clock.now(), ctx.policy());
    let forgives = matches!(act, Act::Unlock);
    let on = ActOn { by: By::from(caller), target: Target::Id(id), act, force: false, policy, now };
    let done = ctx.store.submit(on).await??;
    if forgives {
        ctx.guesses.forgive(Email::parse(&done.user.email)?.key());
    }
    Ok(done)
}
