//! What an event tells beyond its kind, in parts: so that a page can say it in any language.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::id::SessionId;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident = $word:literal { $($(#[$field_doc:meta])* $field:ident: $of:ty,)* }
        => $text:literal;)*) => {
        /// One thing that an event tells. The codes and the names of the members are stable; the text in
        /// English is what the command line shows.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "code", rename_all_fields = "camelCase")]
        pub enum Fact { $($(#[$doc])* #[serde(rename = $word)] $name { $($(#[$field_doc])* $field: $of,)* },)* }

        impl Fact {
            /// The code of each kind of fact.
            pub const CODES: &[&str] = &[$($word,)*];
        }

        impl fmt::Display for Fact {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name { $($field,)* } => write!(f, $text),)* }
            }
        }
    };
}

facts! {
    /// Which refresh token was shown, and how long after the last rotation.
    Shown = "shown" {
        /// The generation shown.
        generation: i64,
        /// The generation of the session.
        current: i64,
        /// Seconds since the rotation to it; negative where a clock went back.
        age_seconds: i64,
    } => "generation {generation} of {current}, {age_seconds} s after";
    /// An administrator did it.
    ByAdmin = "by_admin" {} => "by an administrator";
    /// The owner did it.
    ByOwner = "by_owner" {} => "by its owner";
    /// Whoever had a link did it.
    ByLink = "by_link" {} => "by a link";
    /// A role was given.
    Role = "role" {
        /// The role.
        role: String,
    } => "role {role}";
    /// A role was changed.
    RoleChange = "role_change" {
        /// The role before.
        from: String,
        /// The role after.
        to: String,
    } => "from {from} to {to}";
    /// What the link does.
    Link = "link" {
        /// The word of its kind.
        link: String,
    } => "{link}";
    /// How many live sessions ended.
    Sessions = "sessions" {
        /// How many.
        sessions: usize,
    } => "{sessions} sessions";
    /// Another session ended by it.
    Ended = "ended" {
        /// Why: the word of its reason.
        reason: String,
        /// Which.
        session_id: SessionId,
    } => "{reason}: {session_id}";
    /// The backup that became the database.
    Backup = "backup" {
        /// When it was made, in RFC 3339.
        made_at: String,
    } => "backup of {made_at}";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_an_object_with_a_code_and_a_text() {
        let id: SessionId = "01890000-0000-7000-8000-000000000000".parse().unwrap();
        for (fact, json, text) in [
            (
                Fact::Shown { generation: 0, current: 2, age_seconds: 11 },
                r#"{"code":"shown","generation":0,"current":2,"ageSeconds":11}"#,
                "generation 0 of 2, 11 s after",
            ),
            (Fact::ByAdmin {}, r#"{"code":"by_admin"}"#, "by an administrator"),
            (Fact::Role { role: "a-b".to_owned() }, r#"{"code":"role","role":"a-b"}"#, "role a-b"),
            (Fact::Sessions { sessions: 3 }, r#"{"code":"sessions","sessions":3}"#, "3 sessions"),
            (
                Fact::Ended { reason: "signed_in_again".to_owned(), session_id: id },
                r#"{"code":"ended","reason":"signed_in_again","sessionId":"01890000-0000-7000-8000-000000000000"}"#,
                "signed_in_again: 01890000-0000-7000-8000-000000000000",
            ),
        ] {
            assert_eq!((serde_json::to_string(&fact).unwrap().as_str(), fact.to_string().as_str()), (json, text));
            assert_eq!(serde_json::from_str::<Fact>(json).unwrap(), fact);
        }
    }
}
