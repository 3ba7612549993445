//! What the tokens say that a call shows, and whether they are good, in a word. Never the tokens themselves.

use serde_json::Value;

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::crypto::access::{self, BadAccess};
use crate::crypto::refresh::{BadRefresh, RefreshToken};
use crate::crypto::token::MAX_LEN;
use crate::domain::session::Transport;
use crate::ops::ctx::Ctx;
use crate::ops::dev::parts::decoded;
use crate::ops::dev::scrub;

/// The longest claim that is kept, in bytes.
const MAX_CLAIM: usize = 64;

/// An access token that was shown. What it says may be a lie where its signature doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAccess {
    /// `good`, or why not.
    pub verdict: &'static str,
    /// Its name.
    pub jti: Option<String>,
    /// The user.
    pub sub: Option<String>,
    /// The session.
    pub sid: Option<String>,
    /// When it runs out, in seconds since 1970.
    pub exp: Option<i64>,
}

/// A refresh token that was shown; the same holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRefresh {
    /// `good` as far as it says itself, or why not. Whether its session lives the answer says.
    pub verdict: &'static str,
    /// How it came: `cookie` or `body`.
    pub by: &'static str,
    /// The session.
    pub sid: Option<String>,
    /// Its number in its session.
    pub generation: Option<i64>,
    /// Its name.
    pub jti: Option<String>,
}

/// Looks at an access token. With a good signature and a session that was not ended: the session too.
pub fn access(ctx: &Ctx, token: &str, now: Timestamp) -> (ShownAccess, Option<SessionId>) {
    let checked = access::verify(&ctx.keyring(), token, &ctx.issuer, &ctx.config.tokens.audience, now);
    let ended = |claims: &access::AccessClaims| ctx.store.revocations().refuses(claims.sub, claims.sid, claims.ver);
    let (verdict, session) = match &checked {
        Ok(claims) if ended(claims) => ("ended", None),
        Ok(claims) => ("good", Some(claims.sid)),
        Err(BadAccess::Malformed) => ("malformed", None),
        Err(BadAccess::BadSignature) => ("bad_signature", None),
        Err(BadAccess::NotForUs) => ("not_for_us", None),
        Err(BadAccess::NotYet) => ("not_yet", None),
        Err(BadAccess::Expired) => ("expired", None),
    };
    let (claims, is_ours) = (claims(token), !matches!(verdict, "malformed" | "bad_signature"));
    let text = |name| claim_text(&claims, name, is_ours);
    let exp = claims.get("exp").and_then(Value::as_i64);
    (ShownAccess { verdict, jti: text("jti"), sub: text("sub"), sid: text("sid"), exp }, session)
}

/// Looks at a refresh token. With a good signature: its session too.
pub fn refresh(ctx: &Ctx, token: &str, by: Transport, now: Timestamp) -> (ShownRefresh, Option<SessionId>) {
    let (verdict, session) = match RefreshToken::parse(&ctx.keyring(), token, by) {
        Ok(token) if now >= token.link().exp() => ("expired", Some(token.link().session())),
        Ok(token) => ("good", Some(token.link().session())),
        Err(BadRefresh::Malformed) => ("malformed", None),
        Err(BadRefresh::BadSignature) => ("bad_signature", None),
        Err(BadRefresh::NotForUs) => ("not_for_us", None),
        Err(BadRefresh::WrongTransport) => ("wrong_transport", None),
    };
    let by = match by {
        Transport::Cookie => "cookie",
        Transport::Body => "body",
    };
    let (claims, is_ours) = (claims(token), !matches!(verdict, "malformed" | "bad_signature"));
    let text = |name| claim_text(&claims, name, is_ours);
    let generation = claims.get("gen").and_then(Value::as_i64);
    (ShownRefresh { verdict, by, sid: text("sid"), generation, jti: text("jti") }, session)
}

/// A claim as it stands there. In what this server did not sign anything may stand, so that is scrubbed.
fn claim_text(claims: &Value, name: &str, is_ours: bool) -> Option<String> {
    let claim = claims.get(name)?.as_str()?;
    Some(if is_ours { scrub::cut(claim.to_owned(), MAX_CLAIM) } else { scrub::text(claim, MAX_CLAIM) })
}

/// The claims as they stand there, believed or not; null where there are none.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).filter(|_| token.len() <= MAX_LEN);
    claims.and_then(decoded).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn claims_are_read_from_anything_and_cut_to_size() {
        let token = |claims: &str| format!("x.{}.y", URL_SAFE_NO_PAD.encode(claims));
        let read = |claims: &str| claim_text(&super::claims(&token(claims)), "jti", false);
        assert_eq!(read(r#"{"jti":"abc"}"#).as_deref(), Some("abc"));
        assert_eq!(read(&format!(r#"{{"jti":"{}"}}"#, "é".repeat(99))).map(|jti| jti.len()), Some(MAX_CLAIM));
        assert_eq!(read(&format!(r#"{{"jti":"{}"}}"#, "a".repeat(43))).as_deref(), Some(scrub::HIDDEN));
        for none in [r#"{"jti":7}"#, "[]", "{", ""] {
            assert_eq!(read(none), None, "{none}");
        }
        for none in ["", ".", "..", "a.%.b", &token(&" ".repeat(MAX_LEN))] {
            assert_eq!(super::claims(none), Value::Null, "{none}");
        }
    }
}
