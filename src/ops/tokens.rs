//! What a client gets: an access token, and a refresh token by the way of its session.

use std::sync::Arc;

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::id::SessionId;
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::config::Config;
use crate::crypto::access::{self, AccessClaims, CLIENT_ID};
use crate::crypto::digest::DeviceSecret;
use crate::crypto::keys::Keyring;
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

/// Makes access tokens. A clone may do so on any thread, for as long as it likes: it holds no store.
#[derive(Clone)]
pub(super) struct Mint {
    keys: Keyring,
    issuer: Arc<str>,
    config: Arc<Config>,
    entropy: Arc<dyn Entropy>,
}

impl Mint {
    /// By the keys and settings of the moment.
    pub(super) fn of(ctx: &Ctx) -> Self {
        let (config, entropy) = (Arc::clone(&ctx.config), Arc::clone(&ctx.entropy));
        Self { keys: ctx.keyring(), issuer: Arc::clone(&ctx.issuer), config, entropy }
    }

    /// What an access token says of a user whose password was just given, for its whole life.
    pub(super) fn claims(
        &self,
        user: &User,
        (sid, ver): (SessionId, Version),
        now: Timestamp,
    ) -> Result<AccessClaims, NoEntropy> {
        Ok(AccessClaims {
            iss: self.issuer.to_string(),
            aud: self.config.tokens.audience.clone(),
            sub: user.id,
            sid,
            ver,
            email: user.email.clone(),
            role: user.role.as_str().to_owned(),
            iat: now,
            exp: now + self.config.tokens.access_ttl,
            jti: jti(bytes(self.entropy.as_ref())?),
            client_id: CLIENT_ID.to_owned(),
            auth_time: now,
        })
    }

    /// The same of a session. Its token never outlives it.
    pub(super) fn claims_of(&self, user: &User, session: &Session, now: Timestamp) -> Result<AccessClaims, NoEntropy> {
        let mut claims = self.claims(user, (session.id, session.ver), now)?;
        let end = session.ends(self.config.refresh.absolute_ttl);
        (claims.exp, claims.auth_time) = (claims.exp.min(end), session.auth_time);
        Ok(claims)
    }

    /// Signs what [`Mint::claims_of`] gave.
    pub(super) fn sign(&self, claims: &AccessClaims) -> Result<Access, Error> {
        let token = access::sign(&self.keys, claims)?;
        Ok(Access { token, expires_in: claims.exp - claims.iat, server_time: claims.iat })
    }
}

/// Signs an access token of a session.
pub fn access(ctx: &Ctx, user: &User, session: &Session, now: Timestamp) -> Result<Access, Error> {
    let mint = Mint::of(ctx);
    mint.sign(&mint.claims_of(user, session, now)?)
}

/// A refresh token of a session, and how long its cookie is kept.
pub fn refresh(ctx: &Ctx, token: RefreshToken, session: &Session, now: Timestamp) -> Refresh {
    let end = session.ends(ctx.config.refresh.absolute_ttl).min(token.link().end());
    Refresh { max_age: end - now, token }
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
        refresh: refresh(ctx, begun.refresh, &begun.session, now),
        device: device.filter(|_| begun.new_device),
        user: begun.user,
    })
}
