//! Refresh tokens and their ratchet: each token has one successor, which whoever holds the key can
//! rebuild byte for byte from the token and two times. The form is frozen; another needs another `typ`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{SessionId, UserId};
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::claim::{secs, text};
use crate::crypto::digest::token_hash;
use crate::crypto::jwt::CantSign;
use crate::crypto::keys::Keyring;
use crate::crypto::ratchet::RefreshKey;
use crate::crypto::token::{BadToken, Token, jti};
use crate::domain::hash::TokenHash;
use crate::domain::session::Transport;
use crate::domain::version::Version;

/// A refresh token with a good signature: its text, which goes to its one holder, and what it says.
#[derive(Debug)]
pub struct RefreshToken {
    text: Secret<String>,
    hash: TokenHash,
    link: RefreshLink,
}

/// What a refresh token says and the key that signed it: enough to make its successor, and nothing that
/// could be shown in its place.
#[derive(Clone, Debug)]
pub struct RefreshLink {
    key: Arc<RefreshKey>,
    claims: Arc<Claims>,
}

/// What the first token of a chain says.
#[derive(Clone, Copy, Debug)]
pub struct Beginning {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// Its number: 0 at sign-in, one more than the last where a chain begins anew.
    pub generation: i64,
    /// Epoch and version.
    pub ver: Version,
    /// How it travels.
    pub transport: Transport,
    /// When it is made.
    pub iat: Timestamp,
    /// When it runs out, as [`exp_for`] says.
    pub exp: Timestamp,
    /// When its session ends, come what may.
    pub end: Timestamp,
}

/// Why a refresh token is refused without a look at the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRefresh {
    /// It hasn't the form, the type, the algorithm or the claims that it must have.
    #[error("not a refresh token")]
    Malformed,
    /// None of our keys signed it.
    #[error("the signature doesn't hold")]
    BadSignature,
    /// Of another database.
    #[error("not issued by this database")]
    NotForUs,
    /// Shown in a cookie where it travels in bodies, or the other way.
    #[error("shown by another way than it travels")]
    WrongTransport,
}

/// The claims in their frozen order. Times are whole seconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    #[serde(with = "text")]
    sub: UserId,
    #[serde(with = "text")]
    sid: SessionId,
    #[serde(rename = "gen")]
    generation: i64,
    #[serde(with = "text")]
    ver: Version,
    tr: Transport,
    #[serde(with = "secs")]
    iat: Timestamp,
    #[serde(with = "secs")]
    exp: Timestamp,
    #[serde(with = "secs")]
    end: Timestamp,
    jti: String,
}

impl From<BadToken> for BadRefresh {
    fn from(bad: BadToken) -> Self {
        match bad {
            BadToken::Malformed => Self::Malformed,
            BadToken::BadSignature => Self::BadSignature,
        }
    }
}

impl RefreshToken {
    /// The first token of a chain, under the current key.
    pub fn first(keys: &Keyring, of: &Beginning, random: [u8; 16]) -> Result<Self, CantSign> {
        let claims = Claims {
            iss: keys.refresh_party().to_owned(),
            aud: keys.refresh_party().to_owned(),
            sub: of.user,
            sid: of.session,
            generation: of.generation,
            ver: of.ver,
            tr: of.transport,
            iat: whole(of.iat),
            exp: whole(of.exp),
            end: whole(of.end),
            jti: jti(random),
        };
        RefreshLink { key: Arc::clone(keys.refresh_key()), claims: Arc::new(claims) }.sign()
    }

    /// Reads a token that was shown by `transport`. Its `exp` is not judged here: a token that ran out still
    /// ends its session at a logout, and its session may know a better reason.
    pub fn parse(keys: &Keyring, shown: &str, transport: Transport) -> Result<Self, BadRefresh> {
        let token = Token::parse(shown)?;
        let key = keys.refresh_key_of(token.kid()).ok_or(BadRefresh::BadSignature)?;
        let claims: Claims = key.verifier().verify(&token)?;
        if claims.iss != keys.refresh_party() || claims.aud != keys.refresh_party() {
            return Err(BadRefresh::NotForUs);
        }
        if claims.generation < 0 || claims.jti.is_empty() {
            return Err(BadRefresh::Malformed);
        }
        if claims.tr != transport {
            return Err(BadRefresh::WrongTransport);
        }
        let link = RefreshLink { key: Arc::clone(key), claims: Arc::new(claims) };
        Ok(Self { text: Secret::new(shown.to_owned()), hash: token_hash(shown), link })
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        self.hash
    }

    /// What it says.
    pub fn link(&self) -> &RefreshLink {
        &self.link
    }

    /// Uses it up, into the text for its one holder.
    pub fn reveal(self) -> String {
        self.text.reveal()
    }
}

impl RefreshLink {
    /// The one token after this one: the next `jti` of the ratchet, one generation on, all but the two
    /// times copied, under the same key. The same times give the same bytes.
    pub fn successor(&self, rotated_at: Timestamp, exp: Timestamp) -> Result<RefreshToken, CantSign> {
        let claims = Claims {
            generation: self.claims.generation.saturating_add(1),
            iat: whole(rotated_at),
            exp: whole(exp),
            jti: self.key.next_jti(&self.claims.jti),
            ..Claims::clone(&self.claims)
        };
        Self { key: Arc::clone(&self.key), claims: Arc::new(claims) }.sign()
    }

    /// The user.
    pub fn user(&self) -> UserId {
        self.claims.sub
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.claims.sid
    }

    /// Its number in its session.
    pub fn generation(&self) -> i64 {
        self.claims.generation
    }

    /// Epoch and version.
    pub fn ver(&self) -> Version {
        self.claims.ver
    }

    /// How it travels.
    pub fn transport(&self) -> Transport {
        self.claims.tr
    }

    /// When it runs out.
    pub fn exp(&self) -> Timestamp {
        self.claims.exp
    }

    /// When its session ends.
    pub fn end(&self) -> Timestamp {
        self.claims.end
    }

    fn sign(self) -> Result<RefreshToken, CantSign> {
        let text = self.key.signer().sign(&*self.claims)?;
        let hash = token_hash(text.expose());
        Ok(RefreshToken { text, hash, link: self })
    }
}

/// When a token that is made at `now` runs out: after the idle lifetime, and never after its session's end.
/// Whole seconds, as the token says it.
pub fn exp_for(now: Timestamp, idle: Ttl, end: Timestamp) -> Timestamp {
    whole((now + idle).min(end))
}

/// As a token can say it.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sample;
    use crate::domain::key::{Algorithm, KeyUse, SealedKey};

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
    const WEEK: Ttl = Ttl::from_days(7);

    fn beginning() -> Beginning {
        Beginning {
            user: UserId::from_bytes([2; 16]),
            session: SessionId::from_bytes([3; 16]),
            generation: 0,
            ver: Version { epoch: 5, number: 8 },
            transport: Transport::Cookie,
            iat: NOW,
            exp: NOW + WEEK,
            end: NOW + Ttl::from_days(30),
        }
    }

    fn first(keys: &Keyring) -> RefreshToken {
        RefreshToken::first(keys, &beginning(), [4; 16]).unwrap()
    }

    fn parse(keys: &Keyring, text: &str) -> Result<RefreshToken, BadRefresh> {
        RefreshToken::parse(keys, text, Transport::Cookie)
    }

    fn golden_key() -> SealedKey {
        let secret: Vec<u8> = (0..32).collect();
        sample::row(KeyUse::Refresh, Algorithm::HS256, "golden", &secret)
    }

    // Both made by another implementation of HKDF, HMAC and base64url from the words of the contract.
    const GOLDEN: &str = concat!(
        "eyJ0eXAiOiJydCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6ImdvbGRlbiJ9.eyJpc3MiOiJ1cm46dXVpZDowMTAxMDEwMS0wMTAxLTA",
        "xMDEtMDEwMS0wMTAxMDEwMTAxMDEiLCJhdWQiOiJ1cm46dXVpZDowMTAxMDEwMS0wMTAxLTAxMDEtMDEwMS0wMTAxMDEwMTAxMDEiLCJ",
        "zdWIiOiIwMjAyMDIwMi0wMjAyLTAyMDItMDIwMi0wMjAyMDIwMjAyMDIiLCJzaWQiOiIwMzAzMDMwMy0wMzAzLTAzMDMtMDMwMy0wMzA",
        "zMDMwMzAzMDMiLCJnZW4iOjAsInZlciI6IjUuOCIsInRyIjoiY29va2llIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTA2MDQ4MDA",
        "sImVuZCI6MTc5MjU5MjAwMCwianRpIjoiQkFRRUJBUUVCQVFFQkFRRUJBUUVCQSJ9.tbMl3-A9jE6ikHLexZF2uK2uSste-MiWu-mfRN",
        "XMa3A",
    );
    const GOLDEN_NEXT: &str = concat!(
        "eyJ0eXAiOiJydCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6ImdvbGRlbiJ9.eyJpc3MiOiJ1cm46dXVpZDowMTAxMDEwMS0wMTAxLTA",
        "xMDEtMDEwMS0wMTAxMDEwMTAxMDEiLCJhdWQiOiJ1cm46dXVpZDowMTAxMDEwMS0wMTAxLTAxMDEtMDEwMS0wMTAxMDEwMTAxMDEiLCJ",
        "zdWIiOiIwMjAyMDIwMi0wMjAyLTAyMDItMDIwMi0wMjAyMDIwMjAyMDIiLCJzaWQiOiIwMzAzMDMwMy0wMzAzLTAzMDMtMDMwMy0wMzA",
        "zMDMwMzAzMDMiLCJnZW4iOjEsInZlciI6IjUuOCIsInRyIjoiY29va2llIiwiaWF0IjoxNzkwMDAwOTAwLCJleHAiOjE3OTA2MDU3MDA",
        "sImVuZCI6MTc5MjU5MjAwMCwianRpIjoieTBkUG4zd2lDeF84SFM1aW5KeUdHaFZwY2RxUGRkcU9jLTRjUThhZXlmSSJ9.2Qgp3IjGJa",
        "e8fZtuBS4OjEUSR75zBsYY6-gOvEFZDQI",
    );

    #[test]
    fn the_form_is_frozen() {
        let keys = sample::open(&[sample::access(Algorithm::HS256, 0), golden_key()]);
        let mut of = beginning();
        of.iat = of.iat + Ttl::from_millis(999);
        let token = RefreshToken::first(&keys, &of, [4; 16]).unwrap();
        assert_eq!(*token.text.expose(), GOLDEN);
        let at = NOW + Ttl::from_mins(15) + Ttl::from_millis(500);
        let next = parse(&keys, GOLDEN).unwrap().link().successor(at, exp_for(at, WEEK, of.end)).unwrap();
        assert_eq!(*next.text.expose(), GOLDEN_NEXT);
    }

    #[test]
    fn what_was_made_reads_back() {
        let keys = sample::ring(Algorithm::ES256);
        let token = first(&keys);
        let hash = token.hash();
        let text = token.reveal();
        let read = parse(&keys, &text).unwrap();
        let (link, of) = (read.link(), beginning());
        assert_eq!((link.user(), link.session(), link.generation()), (of.user, of.session, 0));
        assert_eq!((link.ver(), link.transport()), (of.ver, of.transport));
        assert_eq!((link.claims.iat, link.exp(), link.end()), (of.iat, of.exp, of.end));
        assert_eq!((read.hash(), link.key.kid()), (hash, keys.refresh_key().kid()));
        assert_eq!(hash, token_hash(&text));
        assert_eq!(read.reveal(), text);
    }

    #[test]
    fn whoever_shows_the_parent_again_gets_the_same_child() {
        let keys = sample::ring(Algorithm::ES256);
        let parent = first(&keys).reveal();
        let (at, exp) = (NOW + Ttl::from_mins(15), NOW + WEEK);
        let child = || parse(&keys, &parent).unwrap().link().successor(at, exp).unwrap();
        assert_eq!(child().hash(), child().hash());
        assert_eq!(*child().text.expose(), *child().text.expose());
        let link = child().link;
        assert_eq!((link.generation(), link.claims.iat, link.exp()), (1, at, exp));
        assert_eq!((link.end(), link.ver(), link.session()), (beginning().end, beginning().ver, beginning().session));
        let later = parse(&keys, &parent).unwrap().link().successor(at + Ttl::from_secs(1), exp).unwrap();
        assert_ne!(later.hash(), child().hash());
    }

    #[test]
    fn a_chain_never_comes_back_to_a_token() {
        let keys = sample::ring(Algorithm::ES256);
        let mut seen = std::collections::HashSet::new();
        let mut token = first(&keys);
        for generation in 0..100 {
            assert_eq!(token.link().generation(), generation);
            assert!(seen.insert(token.link.claims.jti.clone()));
            token = token.link().successor(NOW, NOW + WEEK).unwrap();
        }
        let other = RefreshToken::first(&keys, &beginning(), [5; 16]).unwrap().link.successor(NOW, NOW + WEEK).unwrap();
        assert!(seen.insert(other.link.claims.jti.clone()));
    }

    #[test]
    fn a_child_is_signed_by_the_key_of_its_parent() {
        let old = sample::refresh(1);
        let access = sample::access(Algorithm::ES256, 0);
        let parent = first(&sample::open(&[access.clone(), old.clone()])).reveal();
        let retired = SealedKey { retired_at: Some(NOW), ..old.clone() };
        let keys = sample::open(&[access, retired, sample::refresh(2)]);
        assert_ne!(keys.refresh_key().kid(), old.kid);
        let child = parse(&keys, &parent).unwrap().link().successor(NOW, NOW + WEEK).unwrap();
        assert_eq!(child.link().key.kid(), old.kid);
        assert!(parse(&keys, child.text.expose()).is_ok());
    }

    #[test]
    fn a_link_makes_children_on_another_thread() {
        let keys = sample::ring(Algorithm::ES256);
        let link = first(&keys).link().clone();
        let here = link.successor(NOW, NOW + WEEK).unwrap().hash();
        let there = std::thread::spawn(move || link.successor(NOW, NOW + WEEK).unwrap().hash());
        assert_eq!(there.join().unwrap(), here);
    }

    #[test]
    fn an_expired_token_still_reads() {
        let keys = sample::ring(Algorithm::ES256);
        let of = Beginning { exp: Timestamp::from_secs(1), end: Timestamp::from_secs(1), ..beginning() };
        let text = RefreshToken::first(&keys, &of, [4; 16]).unwrap().reveal();
        assert_eq!(parse(&keys, &text).unwrap().link().exp(), of.exp);
    }

    #[test]
    fn a_token_travels_one_way() {
        let keys = sample::ring(Algorithm::ES256);
        for (way, other) in [(Transport::Cookie, Transport::Body), (Transport::Body, Transport::Cookie)] {
            let of = Beginning { transport: way, ..beginning() };
            let text = RefreshToken::first(&keys, &of, [4; 16]).unwrap().reveal();
            assert!(RefreshToken::parse(&keys, &text, way).is_ok());
            assert_eq!(RefreshToken::parse(&keys, &text, other).unwrap_err(), BadRefresh::WrongTransport);
        }
    }

    #[test]
    fn nothing_outlives_its_session() {
        let end = NOW + Ttl::from_days(8);
        assert_eq!(exp_for(NOW, WEEK, end), NOW + WEEK);
        assert_eq!(exp_for(NOW + Ttl::from_days(3), WEEK, end), end);
        assert_eq!(exp_for(NOW + Ttl::from_millis(999), WEEK, end), NOW + WEEK);
    }

    #[test]
    fn debug_hides_the_token() {
        let token = first(&sample::ring(Algorithm::ES256));
        let (said, text) = (format!("{token:?}"), token.reveal());
        assert!(said.contains("[redacted]") && text.split('.').all(|part| !said.contains(part)), "{said}");
    }
}
