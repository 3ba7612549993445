//! What an answer says about the limits that it counted for: `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers, structured fields of RFC 9651).

use std::fmt::Write as _;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

/// The header that says how much of a limit is left.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The header that says what the limits are.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// All attempts of one address.
pub const LOGIN_ADDRESS: &str = "login-address";
/// Failures of one address, or device, at one account.
pub const LOGIN: &str = "login";
/// The wait of one account, which doubles: no bucket, so no header tells of it.
pub const ACCOUNT: &str = "account";

/// One limit, and how much of it is left after this request.
///
/// A handler that asks a limit of its own puts this into the extensions of its response, or refuses
/// with [`Problem::exceeds`](crate::http::error::Problem::exceeds); the headers are then written by
/// [`limits`](crate::http::limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateState {
    /// The limit's name: lower-case letters and `-`.
    pub policy: &'static str,
    /// How many at once.
    pub quota: u32,
    /// Seconds in which as many come back.
    pub window_secs: u64,
    /// How many are left now.
    pub remaining: u32,
    /// Seconds until one more comes back; 0 where all are there.
    pub reset_secs: u64,
}

/// Writes both headers, replacing any. With `Retry-After` on the answer, no `t` is longer than it:
/// a client that reads either comes back at the same time.
pub fn write(headers: &mut HeaderMap, states: &[RateState]) {
    headers.remove(RATE_LIMIT);
    headers.remove(RATE_LIMIT_POLICY);
    if states.is_empty() {
        return;
    }
    let retry: Option<u64> =
        headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let (mut limit, mut policy) = (String::new(), String::new());
    for state in states {
        let comma = if limit.is_empty() { "" } else { ", " };
        // Writing to a String can't fail.
        let _ = write!(policy, "{comma}\"{}\";q={};w={}", state.policy, state.quota, state.window_secs);
        let _ = write!(limit, "{comma}\"{}\";r={}", state.policy, state.remaining);
        if retry.is_none_or(|retry| state.reset_secs <= retry) {
            let _ = write!(limit, ";t={}", state.reset_secs);
        }
    }
    for (name, text) in [(RATE_LIMIT, limit), (RATE_LIMIT_POLICY, policy)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(headers: &HeaderMap, name: HeaderName) -> &str {
        headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn two_limits_stand_in_one_list() {
        let mut headers = HeaderMap::new();
        let address = RateState { policy: LOGIN_ADDRESS, quota: 50, window_secs: 900, remaining: 49, reset_secs: 18 };
        let login = RateState { policy: LOGIN, quota: 5, window_secs: 900, remaining: 0, reset_secs: 180 };
        write(&mut headers, &[address, login]);
        assert_eq!(text(&headers, RATE_LIMIT_POLICY), r#""login-address";q=50;w=900, "login";q=5;w=900"#);
        assert_eq!(text(&headers, RATE_LIMIT), r#""login-address";r=49;t=18, "login";r=0;t=180"#);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        write(&mut headers, &[address]);
        assert_eq!(text(&headers, RATE_LIMIT), r#""login-address";r=49"#, "no t beyond Retry-After");
        write(&mut headers, &[]);
        assert!(!headers.contains_key(RATE_LIMIT) && !headers.contains_key(RATE_LIMIT_POLICY));
    }
}
