//! A token in the making, all of whose steps can be bent.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::crypto::forge::keys::Key;
use crate::crypto::forge::{CantForge, Request};
use crate::domain::key::Algorithm;

/// What a token is made of, in the order in which it is used. As it begins, it is that of a good one.
pub(super) struct Draft<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    /// A member in JSON that the header begins with, before one of the same name.
    pub(super) first_header: Option<String>,
    /// A member in JSON that the claims begin with, before one of the same name.
    pub(super) first_claim: Option<String>,
    /// Who signs.
    pub(super) key: Key,
    /// Whether the header shows the signer's key.
    pub(super) shows_key: bool,
    /// What is made of the claims in JSON.
    pub(super) payload: fn(Vec<u8>) -> Vec<u8>,
    /// How they are written.
    pub(super) spelling: fn(&[u8]) -> String,
    /// What is made of the signature.
    pub(super) signature: fn(Vec<u8>) -> Vec<u8>,
    /// Claims that take the place of those that were signed.
    pub(super) swapped: Option<Map<String, Value>>,
    /// How header, claims and signature are put together.
    pub(super) shape: fn(&str, &str, &str) -> String,
}

impl<'a> Draft<'a> {
    /// Of a good token.
    pub(super) fn new(request: &'a Request<'a>, header: Map<String, Value>, claims: Map<String, Value>) -> Self {
        Self {
            request,
            header,
            claims,
            first_header: None,
            first_claim: None,
            key: Key::Ours,
            shows_key: false,
            payload: |json| json,
            spelling: |json| URL_SAFE_NO_PAD.encode(json),
            signature: |signature| signature,
            swapped: None,
            shape: |header, claims, signature| format!("{header}.{claims}.{signature}"),
        }
    }

    /// Sets a claim.
    pub(super) fn claim(&mut self, name: &str, value: impl Into<Value>) {
        self.claims.insert(name.to_owned(), value.into());
    }

    /// Sets a member of the header.
    pub(super) fn header(&mut self, name: &str, value: impl Into<Value>) {
        self.header.insert(name.to_owned(), value.into());
    }

    /// So many seconds from now, as a NumericDate.
    pub(super) const fn at(&self, secs: i64) -> i64 {
        self.request.now.secs().saturating_add(secs)
    }

    /// This name, or a like one where it is the right issuer or audience.
    pub(super) fn other(&self, name: &str) -> String {
        let base = self.request.base;
        if [&base.iss, &base.aud].into_iter().any(|right| right == name) {
            format!("{name}.net")
        } else {
            name.to_owned()
        }
    }

    /// The algorithm that the good token has.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.request.algorithm
    }

    /// The token.
    pub(super) fn finish(mut self) -> Result<String, CantForge> {
        if self.shows_key {
            let jwk = self.key.jwk(self.algorithm())?;
            self.header("jwk", jwk);
        }
        let header = URL_SAFE_NO_PAD.encode(json(self.header, self.first_header.as_deref()));
        let spelled = |claims, first: Option<&str>| (self.spelling)(&(self.payload)(json(claims, first).into_bytes()));
        let mut claims = spelled(self.claims, self.first_claim.as_deref());
        let signature = self.key.sign(self.request.algorithm, &format!("{header}.{claims}"))?;
        let signature = URL_SAFE_NO_PAD.encode((self.signature)(signature));
        if let Some(other) = self.swapped {
            claims = spelled(other, None);
        }
        Ok((self.shape)(&header, &claims, &signature))
    }
}

/// An object, in which `first` stands before all else.
fn json(members: Map<String, Value>, first: Option<&str>) -> String {
    let is_empty = members.is_empty();
    let text = Value::Object(members).to_string();
    match first {
        None => text,
        Some(first) if is_empty => format!("{{{first}}}"),
        Some(first) => text.replacen('{', &format!("{{{first},"), 1),
    }
}
