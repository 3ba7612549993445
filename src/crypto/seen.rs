//! The access tokens whose signatures were checked before: checking one costs more than all the rest of a
//! call, and an application shows the same one again and again.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::crypto::access::AccessClaims;

/// How many are remembered: about 4 MB when full. One more and the least useful is checked anew.
const MOST: usize = 8_192;

/// What the tokens said whose signature held. It says nothing of time, issuer or sessions: who reads it
/// asks for those each time.
///
/// Each ring of keys has its own, so nothing outlives the keys that it was checked by. A token is known by
/// the SHA-256 of its whole text: none stays in memory, and the twin of an ECDSA signature is another text.
pub(super) struct Seen(Cache<[u8; 32], Arc<AccessClaims>>);

impl Seen {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// The claims of a token, from here or from `check`, which is believed. What it refuses is not kept.
    pub(super) fn get_or<E>(
        &self,
        token: &str,
        check: impl FnOnce() -> Result<AccessClaims, E>,
    ) -> Result<Arc<AccessClaims>, E> {
        let name: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.0.get(&name) {
            return Ok(claims);
        }
        let claims = Arc::new(check()?);
        self.0.insert(name, Arc::clone(&claims));
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::access::tests::claims;

    #[test]
    fn a_token_is_checked_once_and_a_bad_one_each_time() {
        let seen = Seen::new();
        let good = || Ok::<_, ()>(claims());
        assert!(seen.get_or("one", good).is_ok());
        assert!(seen.get_or("one", || Err(())).is_ok());
        assert!(seen.get_or("on", || Err(())).is_err());
        assert!(seen.get_or("on", || Err(())).is_err());
        assert!(seen.get_or("on", good).is_ok());
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let seen = Seen::new();
        for number in 0..3 * MOST {
            seen.get_or(&number.to_string(), || Ok::<_, ()>(claims())).unwrap();
        }
        assert!(seen.0.len() <= MOST, "{}", seen.0.len());
    }
}
