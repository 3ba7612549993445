//! Who calls with an access token. A handler that forgets to ask has nothing to work with.

use std::marker::PhantomData;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access::{self, AccessClaims, BadAccess, Verified};
use crate::domain::client::Client;
use crate::domain::version::Version;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;

/// So long after the password was given an act that destroys needs no other.
pub const FRESH: Ttl = Ttl::from_mins(5);

/// The bearer of an access token that is good now. `Role` says what was checked besides.
#[derive(Clone, Debug)]
pub struct Caller<Role = User> {
    claims: Verified<AccessClaims>,
    client: Client,
    role: PhantomData<Role>,
}

/// Anybody who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct User;

/// Somebody whose token says that they are an administrator. Whether they are one *now* is read in the
/// act's own transaction.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

/// What an operation needs to know of its caller.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// At which epoch and version.
    pub ver: Version,
    /// When the password was last given.
    pub auth_time: Timestamp,
    /// From where.
    pub client: Client,
}

impl Caller {
    /// Checks a token: by itself, and against what was ended. The database is not asked.
    pub fn authenticate(ctx: &Ctx, token: Option<&str>, client: &Client) -> Result<Self, Error> {
        let token = token.ok_or(Error::NoAccessToken)?;
        let now = ctx.clock.now();
        let claims = access::verify(&ctx.keyring(), token, &ctx.issuer, &ctx.config.tokens.audience, now);
        let claims = claims.map_err(|bad| match bad {
            BadAccess::Expired => Error::AccessTokenExpired,
            BadAccess::Malformed | BadAccess::BadSignature | BadAccess::NotForUs | BadAccess::NotYet => {
                Error::InvalidAccessToken
            }
        })?;
        if ctx.store.revocations().refuses(claims.sub, claims.sid, claims.ver) {
            return Err(Error::InvalidAccessToken);
        }
        Ok(Self { claims, client: client.clone(), role: PhantomData })
    }

    /// Takes them for an administrator, if their token says so.
    pub fn admin(self) -> Result<Caller<Admin>, Error> {
        if self.claims.role != "admin" {
            return Err(Error::Forbidden);
        }
        Ok(Caller { claims: self.claims, client: self.client, role: PhantomData })
    }
}

impl<Role> Caller<Role> {
    /// What their token says.
    pub fn claims(&self) -> &AccessClaims {
        &self.claims
    }

    /// What an operation needs to know of them.
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.claims.sub,
            session: self.claims.sid,
            ver: self.claims.ver,
            auth_time: self.claims.auth_time,
            client: self.client.clone(),
        }
    }
}
