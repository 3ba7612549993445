//! Acts on one user, and says what came of it.

use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::table::count;
use crate::domain::user::Status;
use crate::ops;
use crate::ops::admin::act::{Act, ActOn, Done, Target};
use crate::ops::admin::by::By;
use crate::store::rows::User;

/// Whether the last administrator who can sign in may go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    /// They stay.
    No,
    /// They may.
    Yes,
}

impl From<bool> for Force {
    fn from(force: bool) -> Self {
        if force { Self::Yes } else { Self::No }
    }
}

/// Acts. The user was looked up a moment ago.
pub(super) fn act(desk: &Desk, user: &User, act: Act, force: Force) -> Result<Done, Error> {
    let on = ActOn {
        by: By::Shell,
        target: Target::Id(user.id),
        act,
        force: force == Force::Yes,
        policy: desk.policy(),
        now: desk.now(),
    };
    desk.run(&on).map_err(|error| {
        if !matches!(error, Error::Ops(ops::error::Error::LastAdmin)) {
            return error;
        }
        Error::Failed(format!(
            "{} is the last administrator who can sign in; without them only `doorward admin-link` leads back in. \
             Make another first with `doorward user set-role EMAIL admin`, or say --force",
            user.email
        ))
    })
}

/// Acts, says what was done, and waits for the running server where sessions may have ended.
pub(super) fn act_and_tell(desk: &Desk, user: &User, what: Act, force: Force) -> Result<(), Error> {
    let done = act(desk, user, what.clone(), force)?;
    output::line(sentence(&what, user, &done))?;
    let ended = done.user.version != user.version || matches!(what, Act::Delete);
    if ended { desk.await_server() } else { Ok(()) }
}

/// What came of it, in words.
fn sentence(act: &Act, before: &User, done: &Done) -> String {
    let email = &before.email;
    let ended = || format!("{} ended", count(done.sessions as u64, "live session"));
    match act {
        Act::Disable if before.status == Status::Disabled => format!("{email} was disabled already"),
        Act::Disable => format!("{email} is disabled; {}", ended()),
        Act::Enable if before.status == Status::Active => format!("{email} was enabled already"),
        Act::Enable => format!("{email} is enabled and can sign in again"),
        Act::Unlock => format!("the failures of {email} are forgotten; the next sign-in waits for nothing"),
        Act::Delete => format!("{email} is deleted; {}", ended()),
        Act::SetRole(role) if *role == before.role => format!("{email} has the role {} already", role.as_str()),
        Act::SetRole(role) => format!("{email} has the role {} now; {}", role.as_str(), ended()),
        Act::SetEmail(new) => format!("{email} has the address {} now", new.as_str()),
        Act::SetPassword(_) => format!("{email} has a new password; {}", ended()),
        Act::LogoutAll => format!("{email} is signed out everywhere; {}", ended()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::UserId;
    use crate::base::time::Timestamp;
    use crate::domain::lockout::Failures;
    use crate::domain::user::Role;

    fn said(act: &Act, before: &User) -> String {
        sentence(act, before, &Done { user: before.clone(), sessions: 1 })
    }

    #[test]
    fn a_sentence_says_what_changed_and_what_did_not() {
        let ann = User {
            id: UserId::from_bytes([1; 16]),
            email: "ann@example.com".to_owned(),
            email_key: "ann@example.com".to_owned(),
            password: None,
            role: Role::user(),
            status: Status::Active,
            version: 0,
            failures: Failures::default(),
            created_at: Timestamp::from_secs(0),
            signed_in_at: None,
        };
        assert_eq!(said(&Act::Disable, &ann), "ann@example.com is disabled; 1 live session ended");
        assert_eq!(said(&Act::Enable, &ann), "ann@example.com was enabled already");
        assert_eq!(said(&Act::SetRole(Role::user()), &ann), "ann@example.com has the role user already");
        assert_eq!(
            said(&Act::SetRole(Role::admin()), &ann),
            "ann@example.com has the role admin now; 1 live session ended"
        );
        let disabled = User { status: Status::Disabled, ..ann };
        assert_eq!(said(&Act::Disable, &disabled), "ann@example.com was disabled already");
    }
}
