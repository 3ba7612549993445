//! A user as JSON and as words.

use serde::Serialize;

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::cli::table::NOTHING;
use crate::store::rows::User;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    id: UserId,
    email: &'a str,
    role: &'a str,
    status: &'static str,
    has_password: bool,
    created_at: Timestamp,
    signed_in_at: Option<Timestamp>,
}

impl<'a> From<&'a User> for View<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            email: &user.email,
            role: user.role.as_str(),
            status: user.status.word(),
            has_password: user.password.is_some(),
            created_at: user.created_at,
            signed_in_at: user.signed_in_at,
        }
    }
}

/// A time that may be none.
pub(super) fn when(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NOTHING.to_owned(), Timestamp::rfc3339)
}
