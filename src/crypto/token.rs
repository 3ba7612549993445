//! Tokens as texts (RFC 7519): their shape and their header, before any key is asked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::key::Algorithm;

/// A longer token is neither made nor read, in bytes.
pub const MAX_LEN: usize = 4096;

/// A longer key name is nobody's, in bytes.
const MAX_KID_LEN: usize = 64;

/// What a token is; said by `typ` in its header, so that none is taken for another (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ {
    /// An access token (RFC 9068, section 2.1).
    Access,
    /// A refresh token of this server.
    Refresh,
}

/// Why a text is no token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It hasn't the form, the type, the algorithm or the claims that it must have.
    #[error("not a token of this kind")]
    Malformed,
    /// None of our keys signed it.
    #[error("the signature doesn't hold")]
    BadSignature,
}

/// A text with the shape and the header of a token. Nothing in it can be believed yet.
pub struct Token<'a> {
    header: Header,
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
}

/// Every member is needed and no other is known: `crit`, `jku`, `jwk`, `x5u` and `b64` are refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

impl Typ {
    /// The header of its tokens under this key, encoded.
    pub(super) fn header(self, algorithm: Algorithm, kid: &str) -> Result<String, BadToken> {
        let header = Header { typ: self.word().to_owned(), alg: algorithm.word().to_owned(), kid: kid.to_owned() };
        serde_json::to_vec(&header).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| BadToken::Malformed)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }

    /// An access token's type is a media type: in any case, and its `application/` may be there
    /// (RFC 9068, section 4; RFC 7515, section 4.1.9). Nobody but this server writes a refresh token's.
    pub fn is(self, typ: &str) -> bool {
        const PREFIX: &str = "application/";
        match self {
            Self::Access => {
                let bare = typ.split_at_checked(PREFIX.len()).filter(|(it, _)| it.eq_ignore_ascii_case(PREFIX));
                bare.map_or(typ, |(_, bare)| bare).eq_ignore_ascii_case(self.word())
            }
            Self::Refresh => typ == self.word(),
        }
    }
}

impl<'a> Token<'a> {
    /// Reads shape and header: at most [`MAX_LEN`] bytes, three parts of base64url, none of them empty,
    /// so neither an encrypted nor an unsigned token (RFC 8725, section 3.2).
    pub fn parse(text: &'a str) -> Result<Self, BadToken> {
        #[expect(clippy::needless_bitwise_bool, reason = "without a branch, for many bytes at once")]
        let plain = |b: u8| b.is_ascii_alphanumeric() | (b == b'-') | (b == b'_') | (b == b'.');
        if text.len() > MAX_LEN || !text.bytes().fold(true, |all, b| all & plain(b)) {
            return Err(BadToken::Malformed);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(BadToken::Malformed)?;
        if claims.contains('.') || header.is_empty() || claims.is_empty() || signature.is_empty() {
            return Err(BadToken::Malformed);
        }
        let header: Header = object(header)?;
        if header.kid.len() > MAX_KID_LEN {
            return Err(BadToken::Malformed);
        }
        Ok(Self { header, message, claims, signature })
    }

    /// The key that it names.
    pub fn kid(&self) -> &str {
        &self.header.kid
    }

    /// Whether its header says this type and this algorithm.
    pub(super) fn is(&self, typ: Typ, algorithm: Algorithm) -> bool {
        typ.is(&self.header.typ) && self.header.alg == algorithm.word()
    }

    /// What is signed, and the signature.
    pub(super) fn signed(&self) -> (&str, &str) {
        (self.message, self.signature)
    }

    /// Its claims, for who has checked the signature.
    pub(super) fn claims<C: DeserializeOwned>(&self) -> Result<C, BadToken> {
        object(self.claims)
    }
}

/// The name of a token among all: 16 random bytes in base64url.
pub fn jti(random: [u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// A JSON object in base64url. An array would do for serde, so the brace is asked for.
fn object<T: DeserializeOwned>(part: &str) -> Result<T, BadToken> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Malformed)?;
    if json.first() != Some(&b'{') {
        return Err(BadToken::Malformed);
    }
    serde_json::from_slice(&json).map_err(|_| BadToken::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::crypto::jwt::{Signer, Verifier};

    const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256","kid":"one"}"#;
    const SECRET: &[u8] = &[7; 32];

    fn signer() -> Signer {
        Signer::new(Typ::Access, "one", Algorithm::HS256, SECRET).unwrap()
    }

    fn read(token: &str) -> Result<Value, BadToken> {
        Verifier::new(Typ::Access, Algorithm::HS256, SECRET).verify(&Token::parse(token)?)
    }

    #[test]
    fn a_header_has_its_three_members_and_no_other() {
        let bad = [
            r#"{"typ":"at+jwt","alg":"HS256"}"#,
            r#"{"typ":"at+jwt","kid":"one"}"#,
            r#"{"alg":"HS256","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","crit":["x"]}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","crit":["b64"],"b64":false}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","jku":"https://evil.example/jwks"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","x5u":"https://evil.example/x"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","jwk":{"kty":"oct","k":"AA"}}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","x5c":["AA"]}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","cty":"JWT"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one","zip":"DEF"}"#,
            r#"{"typ":"at+jwt","alg":"none","alg":"HS256","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"two","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"none","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"hs256","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"HS384","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"ES256","kid":"one"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"one"}"#,
            r#"{"typ":"rt+jwt","alg":"HS256","kid":"one"}"#,
            r#"{"typ":"application/","alg":"HS256","kid":"one"}"#,
            r#"{"typ":"application/application/at+jwt","alg":"HS256","kid":"one"}"#,
            r#"{"typ":null,"alg":"HS256","kid":"one"}"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":["one"]}"#,
            r#"["at+jwt","HS256","one"]"#,
            r#"{"typ":"at+jwt","alg":"HS256","kid":"one"} {}"#,
            "null",
            "{}",
        ];
        for header in bad {
            assert_eq!(read(&signer().forge(header, "{}")), Err(BadToken::Malformed), "{header}");
        }
        let long = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#, "k".repeat(65));
        assert!(Token::parse(&signer().forge(&long, "{}")).is_err());
    }

    #[test]
    fn the_type_of_an_access_token_is_a_media_type() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(read(&signer().forge(&HEADER.replace("at+jwt", typ), "{}")).is_ok(), "{typ}");
            assert!(!Typ::Refresh.is(typ));
        }
        assert!(Typ::Refresh.is("rt+jwt") && !Typ::Refresh.is("RT+JWT") && !Typ::Refresh.is("application/rt+jwt"));
    }

    #[test]
    fn a_token_has_three_parts_in_one_spelling() {
        let good = signer().forge(HEADER, "{}");
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        assert!(read(&good).is_ok());
        let bad = [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            message.to_owned(),
            format!("{message}."),
            format!(".{claims}.{signature}"),
            format!("{header}..{signature}"),
            format!("{good}."),
            format!(".{good}"),
            format!("{header}.{claims}.{claims}.{signature}"),
            format!("{header}.AA.AA.AA.{signature}"),
            format!("{good}="),
            format!("{good} "),
            format!(" {good}"),
            format!("{good}\n"),
            format!("Bearer {good}"),
            good.replace('.', ". "),
            format!("{header}=.{claims}.{signature}"),
            format!("{message}.{signature}é"),
            ".".repeat(1 << 20),
            "A".repeat(MAX_LEN + 1),
        ];
        for token in bad {
            assert_eq!(read(&token), Err(BadToken::Malformed), "{token:.80}");
        }
        // 32 bytes leave two bits to spare in the last character: only zeros will do.
        let last = signature.chars().last().unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for other in alphabet.chars().filter(|other| *other != last) {
            let other = format!("{}{other}", &good[..good.len() - 1]);
            assert_eq!(read(&other), Err(BadToken::BadSignature), "{other}");
        }
    }
}
