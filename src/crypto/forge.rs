//! Tokens for tests of those who check them: good ones, and bad ones of every kind.
//!
//! The keys of the development stub sign here, which everybody knows and which no server in earnest takes,
//! and a stranger's, which nobody takes. No other key comes near.

mod claims;
mod draft;
pub mod flaw;
mod good;
mod headers;
mod keys;
mod shapes;
mod signatures;
pub mod vectors;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::base::time::Timestamp;
use crate::crypto::access::AccessClaims;
use crate::crypto::dev_keys;
use crate::crypto::forge::draft::Draft;
use crate::crypto::forge::flaw::Flaw;
use crate::crypto::jwt::{BadKey, CantSign};
use crate::domain::key::Algorithm;

/// Members to set, or with `null` to take out.
pub type Changes = Map<String, Value>;

/// What a token shall be.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose key signs it.
    pub algorithm: Algorithm,
    /// What it says; `iss` and `aud` are those that its verifier asks for.
    pub base: &'a AccessClaims,
    /// What flaws in time are counted from.
    pub now: Timestamp,
    /// Changes to its header.
    pub header: Option<&'a Changes>,
    /// Changes to its claims.
    pub claims: Option<&'a Changes>,
    /// What is wrong with it. This comes last: where it and a change speak of one member, it wins.
    pub flaw: Flaw,
}

/// A token was not made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum CantForge {
    /// No token of this algorithm has this flaw.
    #[error("no token of {} has the flaw {}", .1.word(), .0.word())]
    NotOfIt(Flaw, Algorithm),
    /// The claims can't be written.
    #[error("the claims can't be written")]
    Claims,
    /// A key is none.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// It doesn't sign.
    #[error(transparent)]
    Sign(#[from] CantSign),
}

/// Makes a token.
pub fn make(request: &Request<'_>) -> Result<String, CantForge> {
    let (algorithm, flaw) = (request.algorithm, request.flaw);
    if !flaw.fits(algorithm) {
        return Err(CantForge::NotOfIt(flaw, algorithm));
    }
    let (kid, _) = dev_keys::known(algorithm);
    let mut header = Map::new();
    for (name, value) in [("typ", "at+jwt"), ("alg", algorithm.word()), ("kid", kid)] {
        header.insert(name.to_owned(), value.into());
    }
    let Ok(Value::Object(mut claims)) = serde_json::to_value(request.base) else {
        return Err(CantForge::Claims);
    };
    change(&mut header, request.header);
    change(&mut claims, request.claims);
    let mut draft = Draft::new(request, header, claims);
    flaw.apply(&mut draft);
    draft.finish()
}

fn change(members: &mut Map<String, Value>, changes: Option<&Changes>) {
    for (name, value) in changes.into_iter().flatten() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}
