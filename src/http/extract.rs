//! What handlers take as arguments: the caller, what a browser shows, the query.

use std::future::{Ready, ready};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;

use crate::crypto::digest::DeviceSecret;
use crate::crypto::refresh::{BadRefresh, RefreshToken};
use crate::domain::hash::DeviceHash;
use crate::domain::session::Transport;
use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::cookies::Kind;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::caller::{Admin, Caller};
use crate::ops::error::Error;
use crate::ops::opening::Arrival;

/// The bearer of a good access token (RFC 6750, section 2.1).
pub struct Bearer(pub Caller);

/// The same, whose token says that they are an administrator.
pub struct AdminBearer(pub Caller<Admin>);

/// Query parameters; unknown and doubled ones are refused.
pub struct Params<T>(pub T);

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).map(Self))
    }
}

impl FromRequest for AdminBearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).and_then(|caller| Ok(Self(caller.admin()?))))
    }
}

fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let state = State::of(request)?;
    let peer = Peer::of(request)?;
    Ok(Caller::authenticate(&state.ctx, bearer(request.headers())?, &peer.client)?)
}

/// The token of the one `Authorization` header, if it is a bearer's.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(Problem::new(Code::BadRequest).detail("There are two Authorization headers; send one."));
    }
    let Some(line) = first else { return Ok(None) };
    let Ok(text) = std::str::from_utf8(line.as_bytes()) else { return Err(Error::InvalidAccessToken.into()) };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ')))
}

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The error may quote a value.
        let parsed = web::Query::<T>::from_query(request.query_string()).map(|query| Self(query.into_inner()));
        let text = "The query has a parameter that this call doesn't take, has twice or can't read.";
        ready(parsed.map_err(|_| Problem::new(Code::BadRequest).detail(text)))
    }
}

/// The device cookie, if there is exactly one and it is well formed.
pub fn device(state: &State, peer: &Peer, headers: &HeaderMap) -> Option<DeviceSecret> {
    let values = state.settings.cookies.read(Kind::Device, peer.scheme, headers);
    let [value] = values.as_slice() else { return None };
    DeviceSecret::parse(std::str::from_utf8(value).ok()?).ok()
}

/// The hash of the device cookie.
pub fn device_hash(state: &State, peer: &Peer, headers: &HeaderMap) -> Option<DeviceHash> {
    device(state, peer, headers).as_ref().map(DeviceSecret::hash)
}

/// The refresh cookies, of which a browser may hold more than one, each as far as its signature is good.
pub fn refresh_cookies(state: &State, peer: &Peer, headers: &HeaderMap) -> Vec<Result<RefreshToken, BadRefresh>> {
    let keys = state.ctx.keyring();
    let values = state.settings.cookies.read(Kind::Refresh, peer.scheme, headers);
    let parse = |value: &&[u8]| {
        let text = std::str::from_utf8(value).map_err(|_| BadRefresh::Malformed)?;
        RefreshToken::parse(&keys, text, Transport::Cookie)
    };
    values.iter().map(parse).collect()
}

/// The refresh cookie, if there is exactly one and its signature is good: of two nobody can tell which is meant.
pub fn refresh_cookie(state: &State, peer: &Peer, headers: &HeaderMap) -> Option<RefreshToken> {
    let mut shown = refresh_cookies(state, peer, headers);
    if shown.len() == 1 { shown.pop()?.ok() } else { None }
}

/// Who arrives to sign in. A client without cookies reads none.
pub fn arrival(state: &State, peer: &Peer, headers: &HeaderMap, transport: Transport) -> Arrival {
    let (device, prior) = match transport {
        Transport::Body => (None, None),
        Transport::Cookie => {
            let shown = refresh_cookie(state, peer, headers);
            (device(state, peer, headers), shown.map(|token| token.link().session()))
        }
    };
    Arrival { transport, device, prior, client: peer.client.clone() }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_bearers_token_is_read_in_any_case_of_the_scheme_and_no_other_schemes() {
        for line in ["Bearer abc", "bearer abc", "BEARER   abc "] {
            assert_eq!(bearer(&headers(&[line.as_bytes()])).unwrap(), Some("abc"), "{line}");
        }
        for line in ["Basic abc", "Bearerabc", "Bearer\tabc", "abc", ""] {
            assert_eq!(bearer(&headers(&[line.as_bytes()])).unwrap(), None, "{line}");
        }
        assert!(bearer(&headers(&[b"Bearer abc", b"Bearer abc"])).is_err());
    }

    proptest! {
        #[test]
        fn no_header_panics_and_a_token_is_what_was_sent(
            line in proptest::collection::vec(prop_oneof![0x20..=0x7e_u8, 0x80..=0xff_u8, Just(b'\t')], 0..80),
        ) {
            let _ = bearer(&headers(&[&line]));
            let line = [b"Bearer ", &line[..]].concat();
            if let Ok(token) = bearer(&headers(&[&line])) {
                let sent = std::str::from_utf8(&line[7..]).unwrap().trim_matches(' ');
                prop_assert_eq!(token, Some(sent));
            }
        }
    }
}
