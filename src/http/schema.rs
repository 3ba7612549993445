//! What several calls take and give, as the description says it.

use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};

use crate::config::warning::Warning;
use crate::domain::email::MAX_BYTES as MAX_EMAIL;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::password::{BadPassword, MAX_BYTES as MAX_TYPED, MAX_LENGTH};
use crate::domain::reason::Reason;
use crate::http::code::Code;

/// The lowest that `passwords.min_length` can be set to.
const MIN_LENGTH: usize = 6;

/// An e-mail address, which may hold letters of any script (RFC 6531).
pub fn email() -> ObjectBuilder {
    let format = SchemaFormat::Custom("idn-email".to_owned());
    text().format(Some(format)).max_length(Some(MAX_EMAIL)).examples(["ann@example.com"])
}

/// A role.
pub fn role() -> ObjectBuilder {
    text().pattern(Some("^[a-z][a-z0-9_-]{0,31}$"))
}

/// A password that is to be right.
pub fn typed_password() -> ObjectBuilder {
    secret().max_length(Some(MAX_TYPED))
}

/// A password that is to be set. What it must be like depends on the settings too.
pub fn new_password() -> ObjectBuilder {
    secret().min_length(Some(MIN_LENGTH)).max_length(Some(MAX_LENGTH)).description(Some(
        "The password to be: not shorter than the setting `passwords.min_length` (8 unless set), and none that is \
         well known.",
    ))
}

/// An algorithm of an access token.
pub fn algorithm() -> ObjectBuilder {
    text().enum_values(Some(["ES256", "EdDSA", "RS256", "HS256"]))
}

/// The kind of an event.
pub fn event_kind() -> ObjectBuilder {
    text().enum_values(Some(Kind::ALL.iter().map(|kind| kind.word())))
}

/// What it is with a setting, where a warning is about one.
pub fn settings_issue() -> ObjectBuilder {
    let words = Warning::ISSUES.iter().map(|issue| Some(*issue));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([None])))
}

/// What an event tells beyond its kind: objects with a code, whose further members go with it.
pub fn facts() -> ArrayBuilder {
    let code = text().enum_values(Some(Fact::CODES.iter().copied()));
    ArrayBuilder::new().items(ObjectBuilder::new().property("code", code).required("code"))
}

/// Why a session ended, if anybody knows.
pub fn reason() -> ObjectBuilder {
    let words = Reason::ALL.iter().map(|reason| Some(reason.word()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([None])))
}

/// The rule that a password breaks.
pub fn password_rule() -> ObjectBuilder {
    text().enum_values(Some(BadPassword::RULES))
}

/// The stable word of a refusal.
pub fn code() -> ObjectBuilder {
    text().enum_values(Some(Code::ALL.iter().map(|code| code.word())))
}

fn secret() -> ObjectBuilder {
    // U+0000 is in no password.
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))).pattern(Some("^[^\\u0000]*$"))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
