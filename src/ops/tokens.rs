//! What a client gets: an access token, and a refresh token by the way of its session.

use crate::base::entropy::{NoEntropy, bytes};
use crate::base::id::SessionId;
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access::{self, AccessClaims, CLIENT_ID};
use crate::crypto::digest::DeviceSecret;
use crate::crypto::refresh::RefreshToken;
use crate::crypto::token::jti;
use crate::domain::session::Session;
use crate::domain::version::Version;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::opening::Begun;
use crate::store::rows::User;

/// An access token as it goes out.
#[derive(Debug)]
pub struct Access {
    /// The token.
    pub token: Secret<String>,
    /// How long it lives from now.
    pub expires_in: Ttl,
    /// This server's time when it was made.
    pub server_time: Timestamp,
}

/// A refresh token as it goes out.
#[derive(Debug)]
pub struct Refresh {
    /// The token, which says how it travels.
    pub token: RefreshToken,
    /// How long its cookie is kept: to the session's absolute end.
    pub max_age: Ttl,
}

/// What a sign-in gives.
#[derive(Debug)]
pub struct SignedIn {
    /// The user, as they are now.
    pub user: User,
    /// The access token.
    pub access: Access,
    /// The refresh token.
    pub refresh: Refresh,
    /// The device cookie, where the browser needs another than it showed.
    pub device: Option<DeviceSecret>,
}

/// Signs an access token of a session. It never outlives its session.
pub fn access(ctx: &Ctx, user: &User, session: &Session, now: Timestamp) -> Result<Access, Error> {
    let mut claims = claims(ctx, user, (session.id, session.ver), now)?;
    let exp = claims.exp.min(session.end);
    (claims.exp, claims.auth_time) = (exp, session.auth_time);
    Ok(Access { token: access::sign(&ctx.keyring(), &claims)?, expires_in: exp - now, server_time: now })
}

/// What an access token says of a user whose password was just given, for its whole life.
pub(super) fn claims(
    ctx: &Ctx,
    user: &User,
    (sid, ver): (SessionId, Version),
    now: Timestamp,
) -> Result<AccessClaims, NoEntropy> {
    Ok(AccessClaims {
        iss: ctx.issuer.clone(),
        aud: ctx.config.tokens.audience.clone(),
        sub: user.id,
        sid,
        ver,
        email: user.email.clone(),
        role: user.role.as_str().to_owned(),
        iat: now,
        exp: now + ctx.config.tokens.access_ttl,
        jti: jti(bytes(ctx.entropy.as_ref())?),
        client_id: CLIENT_ID.to_owned(),
        auth_time: now,
    })
}

/// A refresh token, and how long its cookie is kept.
pub fn refresh(token: RefreshToken, now: Timestamp) -> Refresh {
    Refresh { max_age: token.link().end() - now, token }
}

/// What the holder of a session that has just begun gets.
pub(super) fn signed_in(
    ctx: &Ctx,
    begun: Begun,
    device: Option<DeviceSecret>,
    now: Timestamp,
) -> Result<SignedIn, Error> {
    Ok(SignedIn {
        access: access(ctx, &begun.user, &begun.session, now)?,
        refresh: refresh(begun.refresh, now),
        device: device.filter(|_| begun.new_device),
        user: begun.user,
    })
}
