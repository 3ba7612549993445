//! Access tokens of any kind, to try an application or a verifier with.

use crate::base::id::SessionId;
use crate::crypto::forge::flaw::{BadFlaw, Flaw};
use crate::crypto::forge::{self, CantForge, Changes, Request};
use crate::domain::email::Email;
use crate::domain::key::Algorithm;
use crate::domain::version::Version;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::tokens::Mint;

/// What is asked for.
#[derive(Debug)]
pub struct Wish {
    /// Whose token; by default the first user of the settings who may sign in.
    pub user: Option<Email>,
    /// Whose key signs it; by default the one that signs here.
    pub algorithm: Option<Algorithm>,
    /// Changes to the header.
    pub header: Option<Changes>,
    /// Changes to the claims.
    pub claims: Option<Changes>,
    /// What is wrong with it.
    pub flaw: Flaw,
}

impl Wish {
    /// A user's token with the flaw of this name.
    pub fn named(user: Email, flaw: &str) -> Result<Self, NoToken> {
        Ok(Self { user: Some(user), algorithm: None, header: None, claims: None, flaw: flaw.parse()? })
    }
}

/// Why there is no such token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// No flaw has this name.
    #[error(transparent)]
    BadFlaw(#[from] BadFlaw),
    /// The use case refused or failed.
    #[error(transparent)]
    Refused(#[from] Error),
    /// It can't be made.
    #[error(transparent)]
    CantForge(#[from] CantForge),
}

/// A token. No session is behind it: it ends by its `exp` alone, or with all of its user's.
pub async fn make(ctx: &Ctx, wish: Wish) -> Result<String, NoToken> {
    let now = ctx.clock.now();
    let first = || ctx.config.dev_users.iter().find(|user| !user.disabled).map(|user| user.email.clone());
    let email = wish.user.or_else(first).ok_or(Error::NotFound)?;
    let read = ctx.store.read(move |rows| Ok((rows.user_by_email(email.key())?, rows.meta()?.epoch))).await;
    let (user, epoch) = read.map_err(Error::from)?;
    let user = user.ok_or(Error::NotFound)?;
    let session = SessionId::new(now, ctx.entropy.as_ref()).map_err(Error::from)?;
    let ver = Version { epoch, number: user.version };
    let base = Mint::of(ctx).claims(&user, (session, ver), now).map_err(Error::from)?;
    let algorithm = wish.algorithm.unwrap_or(ctx.config.tokens.algorithm);
    let (header, claims) = (wish.header.as_ref(), wish.claims.as_ref());
    Ok(forge::make(&Request { algorithm, base: &base, now, header, claims, flaw: wish.flaw })?)
}
