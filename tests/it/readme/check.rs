use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

/// What a good access token says.
#[derive(Debug, serde::Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// The session.
    pub sid: String,
    /// The user's address when it was issued.
    pub email: String,
    /// The user's role when it was issued.
    pub role: String,
}

/// The claims of a good access token. `keys` is what `/.well-known/jwks.json` gave.
pub fn check(keys: &JwkSet, token: &str) -> Result<Claims, Error> {
    let header = decode_header(token)?;
    if header.typ.as_deref() != Some("at+jwt") || header.crit.is_some() {
        return Err(ErrorKind::InvalidToken.into());
    }
    let kid = header.kid.unwrap_or_default();
    let key = keys.find(&kid).ok_or(ErrorKind::InvalidToken)?;
    let mut pinned = Validation::new(Algorithm::ES256);
    pinned.set_issuer(&["http://localhost:8484"]);
    pinned.set_audience(&["doorward"]);
    pinned.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    pinned.leeway = 30;
    pinned.validate_nbf = true;
    Ok(decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &pinned)?.claims)
}
