//! Cookies, read on bytes and written with one fixed set of attributes.
//!
//! A parser that decodes names or trims Unicode space lets a sibling host plant a cookie that reads
//! as `__Host-…` although the browser never checked it as one. So: split at `;`, trim blank and tab
//! around each pair, and compare names byte by byte.

use std::fmt::Write as _;

use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::base::time::Ttl;
use crate::http::site::Scheme;

/// The longest life that browsers grant (RFC 6265bis, section 5.5).
pub const MAX_LIFE: Ttl = Ttl::from_days(400);
/// Name and value together may be no longer, in bytes (RFC 6265bis, section 5.6).
const MAX_PAIR: usize = 4096;
/// The name of the device cookie, without its prefix.
const DEVICE: &str = "device";

/// Which of our two cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The refresh token.
    Refresh,
    /// "This browser has signed in to this account before."
    Device,
}

/// The names of our cookies, behind the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieNames {
    refresh: String,
}

/// Not a name that the refresh cookie can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cookie's name: 1 to 64 letters, digits, `-`, `_` or `.`; not `device`, and without `__Host-` before it")]
pub struct BadCookieName;

/// Not a value that a cookie can have: other bytes than cookie-octets (RFC 6265, section 4.1.1), or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cookie's value")]
pub struct BadCookieValue;

impl CookieNames {
    /// The name of the refresh cookie as the setting gives it, without `__Host-`.
    pub fn new(refresh: &str) -> Result<Self, BadCookieName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let lower = refresh.to_ascii_lowercase();
        let taken = lower == DEVICE || lower.starts_with("__host-") || lower.starts_with("__secure-");
        if taken || !(1..=64).contains(&refresh.len()) || !refresh.bytes().all(fits) {
            return Err(BadCookieName);
        }
        Ok(Self { refresh: refresh.to_owned() })
    }

    /// The whole name. The prefix `__Host-` makes the browser insist on `Secure`, `Path=/` and no
    /// `Domain` (RFC 6265bis, section 4.1.3); over plain http it would drop such a cookie.
    pub fn name(&self, kind: Kind, scheme: Scheme) -> String {
        let base = match kind {
            Kind::Refresh => &self.refresh,
            Kind::Device => DEVICE,
        };
        match scheme {
            Scheme::Https => format!("__Host-{base}"),
            Scheme::Http => base.to_owned(),
        }
    }

    /// The values of one of our cookies in a request; the name for the other scheme is never read.
    pub fn read<'a>(&self, kind: Kind, scheme: Scheme, headers: &'a HeaderMap) -> Vec<&'a [u8]> {
        values(headers, self.name(kind, scheme).as_bytes())
    }

    /// A `Set-Cookie` that lasts for `life`, cut to what browsers grant.
    pub fn set(&self, kind: Kind, scheme: Scheme, value: &str, life: Ttl) -> Result<HeaderValue, BadCookieValue> {
        let name = self.name(kind, scheme);
        if value.is_empty()
            || !value.bytes().fold(true, |all, byte| all & is_cookie_octet(byte))
            || name.len() + value.len() >= MAX_PAIR
        {
            return Err(BadCookieValue);
        }
        line(&name, value, scheme, life.min(MAX_LIFE).max(Ttl::ZERO))
    }

    /// A `Set-Cookie` that takes it away.
    pub fn clear(&self, kind: Kind, scheme: Scheme) -> Result<HeaderValue, BadCookieValue> {
        line(&self.name(kind, scheme), "", scheme, Ttl::ZERO)
    }
}

/// Every value of the cookie of this exact name, in the order of the request. A value is what stands
/// behind the first `=`, quotes and all.
pub fn values<'a>(headers: &'a HeaderMap, name: &[u8]) -> Vec<&'a [u8]> {
    headers
        .get_all(COOKIE)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let (found, value) = split_pair(trim(pair))?;
            (found == name).then_some(value)
        })
        .collect()
}

fn split_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair.get(..at)?, pair.get(at + 1..)?))
}

/// Without the blanks and tabs around it; nothing else is space here.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The most that stands behind a cookie's value, in bytes.
const ATTRIBUTES: usize = 100;

fn line(name: &str, value: &str, scheme: Scheme, life: Ttl) -> Result<HeaderValue, BadCookieValue> {
    let secure = match scheme {
        Scheme::Https => "; Secure",
        Scheme::Http => "",
    };
    let life = life.secs();
    // As long as it becomes: to grow, it would be copied, and the copy not be wiped.
    let mut text = Zeroizing::new(String::with_capacity(name.len() + value.len() + ATTRIBUTES));
    let written = write!(text, "{name}={value}; Max-Age={life}; Path=/; HttpOnly; SameSite=Strict{secure}");
    written.map_err(|_| BadCookieValue)?;
    let mut header = HeaderValue::from_str(&text).map_err(|_| BadCookieValue)?;
    header.set_sensitive(true);
    Ok(header)
}

/// cookie-octet of RFC 6265, section 4.1.1: none of control, blank, `"`, `,`, `;` and `\`.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch, for many bytes at once")]
const fn is_cookie_octet(byte: u8) -> bool {
    let plain = byte.wrapping_sub(0x21) <= 0x7e - 0x21;
    plain & (byte != b'"') & (byte != b',') & (byte != b';') & (byte != b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-refreshToken";

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn read(lines: &[&[u8]]) -> Vec<Vec<u8>> {
        values(&headers(lines), NAME.as_bytes()).into_iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn all_lines_and_all_values_are_read_as_they_stand() {
        assert_eq!(read(&[b"__Host-refreshToken=a"]), [b"a"]);
        assert_eq!(read(&[b"x=1; __Host-refreshToken=a;y=2", b"\t__Host-refreshToken=b ;"]), [b"a", b"b"]);
        assert_eq!(read(&[b"__Host-refreshToken=\"a\""]), [b"\"a\""], "quotes belong to the value");
        assert_eq!(read(&[b"__Host-refreshToken=a=b=="]), [b"a=b=="]);
        assert_eq!(read(&[b"__Host-refreshToken=a%20b"]), [b"a%20b"], "nothing is decoded");
        assert_eq!(read(&[b"__Host-refreshToken="]), [b""]);
        assert!(read(&[b"", b";;;", b"=", b"__Host-refreshToken"]).is_empty());
    }

    #[test]
    fn one_bad_cookie_hides_no_other() {
        for bad in [&b"x=%db"[..], b"x=\xff\xfe", b"%", b"=x", b"\xf0\x9f=1", b"x=%zz%", b"a b=c,d"] {
            let line = [bad, b"; __Host-refreshToken=good; ", bad].concat();
            assert_eq!(read(&[&line]), [b"good"], "{bad:?}");
            assert_eq!(read(&[bad, b"__Host-refreshToken=good"]), [b"good"], "{bad:?}");
        }
    }

    #[test]
    fn what_decodes_or_trims_or_folds_to_our_name_is_not_our_name() {
        for planted in [
            "%5F%5FHost-refreshToken",
            "__Host%2DrefreshToken",
            "__host-refreshToken",
            "__HOST-REFRESHTOKEN",
            "__Host-refreshtoken",
            "\u{a0}__Host-refreshToken",
            "__Host-refreshToken\u{a0}",
            "\u{2003}__Host-refreshToken",
            "\u{3000}__Host-refreshToken\u{85}",
            "\u{feff}__Host-refreshToken",
            "\u{ff3f}\u{ff3f}Host-refreshToken",
            "__Host-refreshToken ",
            "__Host-refreshToken\t",
            "\"__Host-refreshToken\"",
            "__Host-refreshToken[]",
            "__Host-refreshToken.a",
            "refreshToken",
            "__Secure-refreshToken",
            "x,__Host-refreshToken",
            "$__Host-refreshToken",
        ] {
            let line = format!("{planted}=evil");
            assert!(read(&[line.as_bytes()]).is_empty(), "{planted:?}");
        }
        // Separators that only some parsers know separate nothing here.
        for line in ["x=1,__Host-refreshToken=evil", "x=1&__Host-refreshToken=evil"] {
            assert!(read(&[line.as_bytes()]).is_empty(), "{line:?}");
        }
    }

    #[test]
    fn names_and_attributes_follow_the_scheme() {
        let names = CookieNames::new("refreshToken").unwrap();
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        let set = |kind, scheme| text(names.set(kind, scheme, "abc", Ttl::from_days(30)).unwrap());
        assert_eq!(
            set(Kind::Refresh, Scheme::Https),
            "__Host-refreshToken=abc; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            set(Kind::Refresh, Scheme::Http),
            "refreshToken=abc; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
        );
        assert!(set(Kind::Device, Scheme::Https).starts_with("__Host-device=abc;"));
        assert!(set(Kind::Device, Scheme::Http).starts_with("device=abc;"));
        assert_eq!(
            text(names.clear(Kind::Refresh, Scheme::Https).unwrap()),
            "__Host-refreshToken=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        let life = |life| text(names.set(Kind::Device, Scheme::Http, "v", life).unwrap());
        assert!(life(Ttl::from_days(5_000)).contains("; Max-Age=34560000;"));
        assert!(life(Ttl::from_secs(-5)).contains("; Max-Age=0;"));
    }

    #[test]
    fn no_value_breaks_out_of_its_cookie() {
        let names = CookieNames::new("refreshToken").unwrap();
        let long = "a".repeat(MAX_PAIR);
        for bad in ["", "a;b", "a b", "a,b", "a\"b", "a\\b", "é", "a\r\nSet-Cookie: x=y", "a\0", "a\u{7f}", &long] {
            let set = names.set(Kind::Refresh, Scheme::Https, bad, Ttl::from_days(1));
            assert_eq!(set, Err(BadCookieValue), "{bad:?}");
        }
        assert!(format!("{:?}", names.set(Kind::Refresh, Scheme::Https, "tok", Ttl::ZERO)).contains("Sensitive"));
    }

    #[test]
    fn a_name_that_would_not_work_is_refused() {
        for bad in ["", "a b", "a=b", "a;b", "Device", "__Host-x", "__secure-x", "é", "a\n", &"n".repeat(65)] {
            assert_eq!(CookieNames::new(bad), Err(BadCookieName), "{bad:?}");
        }
        assert!(CookieNames::new("my_app.refresh-token").is_ok());
    }

    /// Anything that a header value can hold.
    fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(
            prop_oneof![Just(b';'), Just(b'='), Just(b' '), Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8],
            0..80,
        )
    }

    proptest! {
        #[test]
        fn no_line_panics_and_a_good_cookie_is_always_found(before in header_bytes(), after in header_bytes()) {
            let line = [&before[..], b";__Host-refreshToken=good;", &after[..]].concat();
            prop_assert!(read(&[&line]).contains(&b"good".to_vec()));
            let _ = read(&[&before, &after]);
        }

        #[test]
        fn no_look_alike_is_ever_read(
            space in prop::sample::select(vec![
                "\u{a0}", "\u{1680}", "\u{2000}", "\u{2009}", "\u{2028}", "\u{202f}", "\u{205f}", "\u{3000}", "\u{85}",
                "\u{feff}", "\u{200b}", "+", "%20", "%09", "\"", "'", ".", "$",
            ]),
            at in 0..=NAME.len(),
            encoded in 0..NAME.len(),
        ) {
            let (head, tail) = NAME.split_at(at);
            let spaced = format!("{head}{space}{tail}=evil");
            prop_assert!(read(&[spaced.as_bytes()]).is_empty());
            let (head, tail) = NAME.split_at(encoded);
            let percent = format!("{head}%{:02x}{}=evil", tail.as_bytes()[0], &tail[1..]);
            prop_assert!(read(&[percent.as_bytes()]).is_empty());
        }

        #[test]
        fn another_case_is_another_name(flips in proptest::collection::vec(any::<bool>(), NAME.len())) {
            let flip = |(c, flip): (char, &bool)| match (flip, c.is_ascii_lowercase()) {
                (false, _) => c,
                (true, true) => c.to_ascii_uppercase(),
                (true, false) => c.to_ascii_lowercase(),
            };
            let name: String = NAME.chars().zip(&flips).map(flip).collect();
            prop_assume!(name != NAME);
            let line = format!("{name}=evil");
            prop_assert!(read(&[line.as_bytes()]).is_empty());
        }

        #[test]
        fn a_cookie_that_is_set_reads_back(value in "[!#-+\\--:<-\\[\\]-~]{1,60}") {
            let names = CookieNames::new("refreshToken").unwrap();
            let line = names.set(Kind::Refresh, Scheme::Https, &value, Ttl::from_days(1)).unwrap();
            let sent = line.to_str().unwrap().split("; ").next().unwrap().to_owned();
            prop_assert_eq!(read(&[sent.as_bytes()]), [value.as_bytes()]);
        }
    }
}
