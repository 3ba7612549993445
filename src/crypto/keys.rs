//! The ring of signing keys of a running server: one that signs for each purpose, and all that still check.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::base::id::DatabaseId;
use crate::crypto::dev_keys::PREFIX;
use crate::crypto::hs256::{Hs256Secret, MIN_LEN};
use crate::crypto::jwks::{self, PublicKey};
use crate::crypto::jwt::{BadKey, Signer, Verifier};
use crate::crypto::new_key::seal_purpose;
use crate::crypto::ratchet::RefreshKey;
use crate::crypto::seal::{Label, MasterKey};
use crate::crypto::seen::Seen;
use crate::crypto::token::{Token, Typ};
use crate::domain::key::{Algorithm, KeyUse, SealedKey, signing};

/// All keys, opened and ready. A clone is the same ring.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    party: String,
    access: Signer,
    access_kid: String,
    verifiers: HashMap<String, Verifier>,
    refresh: Arc<RefreshKey>,
    refresh_all: HashMap<String, Arc<RefreshKey>>,
    jwks: String,
    seen: Seen,
}

/// Why the keys can't be used. Nothing is signed then, and no key is made in place of one that doesn't open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyring {
    /// Sealed by another master key, for another database, or damaged.
    #[error("the master key doesn't open the {} key {kid}", purpose.word())]
    Sealed {
        /// What it signs.
        purpose: KeyUse,
        /// Its name.
        kid: String,
    },
    /// It opens, and is no key of its algorithm.
    #[error("the {} key {kid} is not a key of its algorithm", purpose.word())]
    Unusable {
        /// What it signs.
        purpose: KeyUse,
        /// Its name.
        kid: String,
    },
    /// One of the development stub, which everybody knows.
    #[error("the {} key {kid} is one of `serve --dev`, which everybody knows", purpose.word())]
    Dev {
        /// What it signs.
        purpose: KeyUse,
        /// Its name.
        kid: String,
    },
    /// Two keys of one name.
    #[error("two {} keys are named {kid}", purpose.word())]
    Twice {
        /// What they sign.
        purpose: KeyUse,
        /// Their name.
        kid: String,
    },
    /// None that is not retired.
    #[error("there is no {} key to sign with", .0.word())]
    Missing(KeyUse),
}

impl Keyring {
    /// Opens the keys that still check tokens. Of those that are not retired the oldest signs ([`signing`]); where
    /// `hs256` is given, that signs access tokens instead. Which algorithm a key is good for stands in its row, whatever the
    /// settings of the day are.
    pub fn open(
        sealed: &[SealedKey],
        master: &MasterKey,
        database: DatabaseId,
        hs256: Option<&Hs256Secret>,
    ) -> Result<Self, BadKeyring> {
        if let Some(key) = sealed.iter().find(|key| key.kid.starts_with(PREFIX)) {
            return Err(BadKeyring::Dev { purpose: key.purpose, kid: key.kid.clone() });
        }
        Self::open_any(sealed, master, database, hs256)
    }

    /// Opens those of the development stub.
    pub fn open_dev(sealed: &[SealedKey], master: &MasterKey, database: DatabaseId) -> Result<Self, BadKeyring> {
        Self::open_any(sealed, master, database, None)
    }

    fn open_any(
        sealed: &[SealedKey],
        master: &MasterKey,
        database: DatabaseId,
        hs256: Option<&Hs256Secret>,
    ) -> Result<Self, BadKeyring> {
        let mut ring = Opening::default();
        let mut newest_first: Vec<_> = sealed.iter().collect();
        newest_first.sort_by(|a, b| (b.created_at, &b.kid).cmp(&(a.created_at, &a.kid)));
        let signing = [KeyUse::Access, KeyUse::Refresh].map(|purpose| signing(sealed, purpose));
        if let Some(secret) = hs256 {
            let unusable = |_| BadKeyring::Unusable { purpose: KeyUse::Access, kid: "of the settings".to_owned() };
            let kid = secret.kid().map_err(unusable)?;
            ring.access(&kid, Algorithm::HS256, secret.bytes(), true).map_err(unusable)?;
        }
        for key in newest_first {
            let (purpose, kid) = (key.purpose, key.kid.clone());
            if ring.holds(purpose, &kid) {
                return Err(BadKeyring::Twice { purpose, kid });
            }
            let label = Label { purpose: &seal_purpose(purpose, key.algorithm), kid: &kid, database };
            let Ok(secret) = master.open(label, &key.sealed) else {
                return Err(BadKeyring::Sealed { purpose, kid });
            };
            let signs = signing.contains(&Some(key));
            match purpose {
                KeyUse::Access => ring.access(&kid, key.algorithm, secret.expose(), signs),
                KeyUse::Refresh => ring.refresh(&kid, key.algorithm, secret.expose(), signs),
            }
            .map_err(|_| BadKeyring::Unusable { purpose, kid })?;
        }
        ring.finish(database)
    }

    /// Whether these keys are the ones it was opened with.
    pub fn is_of(&self, sealed: &[SealedKey]) -> bool {
        let signs =
            |key: &SealedKey| key.is_live() && (key.kid == self.0.access_kid || key.kid == self.refresh_key().kid());
        let known = |key: &SealedKey| match key.purpose {
            KeyUse::Access => self.0.verifiers.contains_key(&key.kid),
            KeyUse::Refresh => self.0.refresh_all.contains_key(&key.kid),
        };
        let all = self.0.verifiers.len() + self.0.refresh_all.len();
        sealed.len() == all && sealed.iter().all(known) && sealed.iter().filter(|key| signs(key)).count() == 2
    }

    /// The public keys as a JWK Set in JSON: the one that signs, then all others, newest first. Never a secret: HMAC keys are not in it.
    pub fn jwks(&self) -> &str {
        &self.0.jwks
    }

    /// The key that signs access tokens.
    pub fn access_signer(&self) -> &Signer {
        &self.0.access
    }

    /// The name of the key that signs access tokens.
    pub fn access_kid(&self) -> &str {
        &self.0.access_kid
    }

    /// The key of this name that checks access tokens.
    pub fn access_verifier(&self, kid: &str) -> Option<&Verifier> {
        self.0.verifiers.get(kid)
    }

    /// The access tokens that these keys have checked before.
    pub(super) fn seen(&self) -> &Seen {
        &self.0.seen
    }

    /// The key of new sessions' refresh tokens.
    pub fn refresh_key(&self) -> &Arc<RefreshKey> {
        &self.0.refresh
    }

    /// The refresh key of this name.
    pub fn refresh_key_of(&self, kid: &str) -> Option<&Arc<RefreshKey>> {
        self.0.refresh_all.get(kid)
    }

    /// Issuer and audience of refresh tokens: `urn:uuid:` of the database (RFC 9562, section 4).
    pub fn refresh_party(&self) -> &str {
        &self.0.party
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("access", &self.0.access_kid)
            .field("refresh", &self.0.refresh.kid())
            .finish_non_exhaustive()
    }
}

/// A ring that is being filled, newest key first.
#[derive(Default)]
struct Opening {
    signer: Option<(String, Signer)>,
    verifiers: HashMap<String, Verifier>,
    public: Vec<(String, PublicKey)>,
    refresh: Option<Arc<RefreshKey>>,
    refresh_all: HashMap<String, Arc<RefreshKey>>,
}

impl Opening {
    fn holds(&self, purpose: KeyUse, kid: &str) -> bool {
        match purpose {
            KeyUse::Access => self.verifiers.contains_key(kid),
            KeyUse::Refresh => self.refresh_all.contains_key(kid),
        }
    }

    fn access(&mut self, kid: &str, algorithm: Algorithm, secret: &[u8], signs: bool) -> Result<(), BadKey> {
        let verifier = if algorithm == Algorithm::HS256 {
            if secret.len() < MIN_LEN {
                return Err(BadKey);
            }
            Verifier::new(Typ::Access, algorithm, secret)
        } else {
            let public = PublicKey::of(algorithm, secret)?;
            let verifier = Verifier::new(Typ::Access, algorithm, public.bytes());
            self.public.push((kid.to_owned(), public));
            verifier
        };
        if signs && self.signer.is_none() {
            let signer = Signer::new(Typ::Access, kid, algorithm, secret)?;
            prove(&signer, &verifier)?;
            self.signer = Some((kid.to_owned(), signer));
        }
        self.verifiers.insert(kid.to_owned(), verifier);
        Ok(())
    }

    fn refresh(&mut self, kid: &str, algorithm: Algorithm, secret: &[u8], signs: bool) -> Result<(), BadKey> {
        if algorithm != Algorithm::HS256 {
            return Err(BadKey);
        }
        let key = Arc::new(RefreshKey::new(kid, secret)?);
        if signs && self.refresh.is_none() {
            self.refresh = Some(Arc::clone(&key));
        }
        self.refresh_all.insert(kid.to_owned(), key);
        Ok(())
    }

    fn finish(mut self, database: DatabaseId) -> Result<Keyring, BadKeyring> {
        let (access_kid, access) = self.signer.ok_or(BadKeyring::Missing(KeyUse::Access))?;
        self.public.sort_by_key(|(kid, _)| *kid != access_kid);
        let jwks = jwks::set(self.public.iter().map(|(kid, key)| (kid.as_str(), key)))
            .map_err(|_| BadKeyring::Unusable { purpose: KeyUse::Access, kid: access_kid.clone() })?;
        Ok(Keyring(Arc::new(Keys {
            party: format!("urn:uuid:{database}"),
            access,
            access_kid,
            verifiers: self.verifiers,
            refresh: self.refresh.ok_or(BadKeyring::Missing(KeyUse::Refresh))?,
            refresh_all: self.refresh_all,
            jwks,
            seen: Seen::new(),
        })))
    }
}

/// Signs and checks once, so that a key that can't do both is found before anybody waits for a token.
fn prove(signer: &Signer, verifier: &Verifier) -> Result<(), BadKey> {
    let token = signer.sign(&HashMap::from([("proof", 1)])).map_err(|_| BadKey)?;
    let token = Token::parse(token.expose()).map_err(|_| BadKey)?;
    verifier.verify::<HashMap<String, u8>>(&token).map(drop).map_err(|_| BadKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::base::time::Timestamp;
    use crate::crypto::hs256::ShortSecret;
    use crate::crypto::new_key::KID_LEN;
    use crate::crypto::sample;

    const ALL: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256];

    fn open(keys: &[SealedKey]) -> Result<Keyring, BadKeyring> {
        Keyring::open(keys, &sample::master(), sample::DATABASE, None)
    }

    #[test]
    fn the_oldest_unretired_key_signs_and_all_check() {
        let mut old = sample::access(Algorithm::RS256, 1);
        old.retired_at = Some(Timestamp::from_secs(4));
        let (current, next) = (sample::access(Algorithm::ES256, 2), sample::access(Algorithm::ES256, 3));
        let (r1, r2) = (sample::refresh(1), sample::refresh(2));
        let kids = [&current.kid, &next.kid, &old.kid].map(String::clone);
        let (first, second) = (r1.kid.clone(), r2.kid.clone());
        let ring = open(&[old, next, r1, current, r2]).unwrap();
        assert_eq!((ring.access_kid(), ring.refresh_key().kid()), (kids[0].as_str(), first.as_str()));
        assert!(kids.iter().all(|kid| ring.access_verifier(kid).is_some()));
        assert!([&first, &second].iter().all(|kid| ring.refresh_key_of(kid).is_some()));
        assert!(ring.access_verifier(&first).is_none() && ring.refresh_key_of(&kids[0]).is_none());
        let set: serde_json::Value = serde_json::from_str(ring.jwks()).unwrap();
        let listed: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(listed, kids, "what signs, then newest first");
    }

    #[test]
    fn the_key_set_holds_public_parts_alone() {
        let mut keys = vec![sample::refresh(0)];
        keys.extend(ALL.iter().zip(0..).map(|(algorithm, secs)| sample::access(*algorithm, secs)));
        let ring = open(&keys).unwrap();
        let set: serde_json::Value = serde_json::from_str(ring.jwks()).unwrap();
        let listed: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| key["alg"].as_str().unwrap()).collect();
        assert_eq!(listed, ["ES256", "RS256", "EdDSA"]);
        for key in set["keys"].as_array().unwrap() {
            let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            let needed = match key["kty"].as_str().unwrap() {
                "RSA" => vec!["alg", "e", "kid", "kty", "n", "use"],
                "EC" => vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
                _ => vec!["alg", "crv", "kid", "kty", "use", "x"],
            };
            assert_eq!((names, &key["use"]), (needed, &"sig".into()));
            assert!(ring.access_verifier(key["kid"].as_str().unwrap()).is_some());
        }
    }

    #[test]
    fn a_wrong_master_key_or_database_opens_nothing() {
        let keys = [sample::access(Algorithm::ES256, 0), sample::refresh(0)];
        let other = MasterKey::new(Secret::new([2; 32]));
        let sealed = |ring| matches!(ring, Err(BadKeyring::Sealed { .. }));
        assert!(sealed(Keyring::open(&keys, &other, sample::DATABASE, None)));
        assert!(sealed(Keyring::open(&keys, &sample::master(), DatabaseId::from_bytes([2; 16]), None)));
    }

    #[test]
    fn a_row_that_was_changed_does_not_open() {
        let (access, refresh) = (sample::access(Algorithm::RS256, 0), sample::refresh(0));
        let changed = [
            SealedKey { algorithm: Algorithm::HS256, ..access.clone() },
            SealedKey { purpose: KeyUse::Refresh, ..access.clone() },
            SealedKey { kid: "other".to_owned(), ..access.clone() },
            SealedKey { sealed: refresh.sealed.clone(), ..access },
        ];
        for key in changed {
            let expected = BadKeyring::Sealed { purpose: key.purpose, kid: key.kid.clone() };
            assert_eq!(open(&[key, refresh.clone()]).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_ring_that_cannot_sign_or_is_ambiguous_is_refused() {
        let (access, refresh) = (sample::access(Algorithm::ES256, 0), sample::refresh(0));
        let retired = SealedKey { retired_at: Some(Timestamp::from_secs(1)), ..access.clone() };
        let missing = BadKeyring::Missing;
        assert_eq!(open(std::slice::from_ref(&access)).unwrap_err(), missing(KeyUse::Refresh));
        assert_eq!(open(std::slice::from_ref(&refresh)).unwrap_err(), missing(KeyUse::Access));
        assert_eq!(open(&[retired, refresh.clone()]).unwrap_err(), missing(KeyUse::Access));
        let twice = open(&[access.clone(), access.clone(), refresh.clone()]).unwrap_err();
        assert_eq!(twice, BadKeyring::Twice { purpose: KeyUse::Access, kid: access.kid.clone() });
        let unusable = [
            sample::row(KeyUse::Access, Algorithm::ES256, "bad", &[7; 138]),
            sample::row(KeyUse::Access, Algorithm::HS256, "bad", &[7; 31]),
            sample::row(KeyUse::Refresh, Algorithm::HS256, "bad", &[7; 31]),
            sample::row(KeyUse::Refresh, Algorithm::ES256, "bad", &[7; 32]),
        ];
        for key in unusable {
            let expected = BadKeyring::Unusable { purpose: key.purpose, kid: "bad".to_owned() };
            assert_eq!(open(&[key, access.clone(), refresh.clone()]).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_secret_of_the_settings_signs_and_stored_keys_check_on() {
        let keys = [sample::access(Algorithm::ES256, 0), sample::refresh(0)];
        let secret = |byte| Hs256Secret::new(Secret::new(vec![byte; 32])).unwrap();
        let open =
            |secret: &Hs256Secret| Keyring::open(&keys, &sample::master(), sample::DATABASE, Some(secret)).unwrap();
        let (ring, same, other) = (open(&secret(1)), open(&secret(1)), open(&secret(2)));
        assert_eq!((ring.access_kid(), ring.access_kid().len()), (same.access_kid(), KID_LEN));
        assert_ne!(ring.access_kid(), other.access_kid());
        assert!(ring.access_verifier(&keys[0].kid).is_some() && ring.access_verifier(ring.access_kid()).is_some());
        assert!(ring.jwks().contains(&keys[0].kid) && !ring.jwks().contains(ring.access_kid()));
        assert!(Keyring::open(&keys[1..], &sample::master(), sample::DATABASE, Some(&secret(1))).is_ok());
        assert_eq!(Hs256Secret::new(Secret::new(vec![1; 31])).unwrap_err(), ShortSecret);
    }

    #[test]
    fn debug_shows_names_alone() {
        let keys = [sample::access(Algorithm::ES256, 0), sample::refresh(0)];
        let expected = format!("Keyring {{ access: {:?}, refresh: {:?}, .. }}", keys[0].kid, keys[1].kid);
        assert_eq!(format!("{:?}", open(&keys).unwrap()), expected);
    }
}
