//! Who asks, and over what: the client's address and the scheme, as far as trusted proxies tell.
//!
//! `X-Forwarded-For` is walked from the right: each proxy adds the address that it saw, so only what
//! trusted ones added can be believed. `Forwarded` and `X-Forwarded-Host` are never read.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use ipnet::IpNet;

use crate::domain::client::Client;
use crate::http::code::Code;
use crate::http::cookies::trim;
use crate::http::error::Problem;
use crate::http::origin::{OwnOrigin, SEC_FETCH_SITE, of_request, single};
use crate::http::site::{Scheme, is_this_machine, parse_port};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who asks. Put into the request's extensions by [`headers`](crate::http::headers); a handler takes
/// it as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client behind all trusted proxies.
    pub client: Client,
    /// How the browser reaches this server.
    pub scheme: Scheme,
    /// A loopback peer sends `X-Forwarded-For` and is not trusted: most likely a proxy that nobody
    /// told us of, so its address stands for everybody.
    pub untrusted_proxy: bool,
}

/// What the addresses tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The client's address, canonical.
    pub address: IpAddr,
    /// As in [`Peer`].
    pub untrusted_proxy: bool,
}

/// A forwarded header that a trusted proxy sent and that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForwarded {
    /// `X-Forwarded-For`.
    #[error("X-Forwarded-For holds an entry that is no address")]
    For,
    /// `X-Forwarded-Proto`.
    #[error("X-Forwarded-Proto is neither http nor https")]
    Proto,
}

/// The client's address. `peer` is what the socket tells; a Unix socket tells nothing, and counts as
/// the unspecified address.
pub fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Result<Seen, BadForwarded> {
    let mut address = canonical_peer(peer);
    let untrusted_proxy = address.is_loopback() && !is_trusted(address, trusted) && headers.contains_key(FORWARDED_FOR);
    let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
    let mut entries = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    while is_trusted(address, trusted)
        && let Some(entry) = entries.next()
    {
        address = parse_entry(entry).ok_or(BadForwarded::For)?;
    }
    Ok(Seen { address, untrusted_proxy })
}

/// How the browser reaches this server: as `public_url` says, else as the page's `Origin` says if
/// it stands at `Host`, else as a trusted proxy says, else plainly. The last value of
/// `X-Forwarded-Proto` counts, which the nearest proxy wrote.
pub fn scheme(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    own: &OwnOrigin,
    trusted: &[IpNet],
) -> Result<Scheme, BadForwarded> {
    if let Some(scheme) = configured_scheme(own) {
        return Ok(scheme);
    }
    let host = single(headers, &HOST).ok().flatten();
    let page = of_request(headers).filter(|page| host.is_some_and(|host| page.is_at(host)));
    if let Some(scheme) = page.and_then(|page| page.scheme()) {
        return Ok(scheme);
    }
    let last = headers.get_all(FORWARDED_PROTO).last();
    match last.and_then(|line| line.as_bytes().rsplit(|byte| *byte == b',').next()) {
        Some(word) if is_trusted(canonical_peer(peer), trusted) => Scheme::parse(trim(word)).ok_or(BadForwarded::Proto),
        _ => Ok(Scheme::Http),
    }
}

/// The scheme of `public_url`, where one is set.
pub fn configured_scheme(own: &OwnOrigin) -> Option<Scheme> {
    match own {
        OwnOrigin::Configured(origin) => origin.scheme(),
        OwnOrigin::OfHost => None,
    }
}

/// Whether a browser may hold the address that it asked to be trustworthy (Secure Contexts, section 3.1): it is
/// this machine, or the browser sent `Sec-Fetch-Site`, which it sends to such addresses alone (Fetch Metadata,
/// section 3), or a proxy says, trusted or not, that it was asked over https.
pub fn may_be_trustworthy(headers: &HeaderMap) -> bool {
    let host = single(headers, &HOST).ok().flatten();
    headers.contains_key(SEC_FETCH_SITE)
        || headers.get_all(FORWARDED_PROTO).any(|line| !line.as_bytes().eq_ignore_ascii_case(b"http"))
        || host.is_some_and(is_this_machine)
}

fn canonical_peer(peer: Option<IpAddr>) -> IpAddr {
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical()
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(trim(entry)).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, rest) = if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside.split_once(']')?;
        (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), rest)
    } else {
        let (address, rest) = text.split_at(text.find(':')?);
        (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), rest)
    };
    match rest.strip_prefix(':') {
        Some(port) => parse_port(port)?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    Some(address.to_canonical())
}

impl Peer {
    /// Who sent this request.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let found = request.extensions().get::<Self>().cloned();
        found.ok_or_else(|| Problem::new(Code::Internal).cause("no Peer: the outermost middleware is not in place"))
    }
}

impl FromRequest for Peer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl From<BadForwarded> for Problem {
    fn from(bad: BadForwarded) -> Self {
        Self::new(Code::InvalidHeader).detail(format!("{bad}. The proxy in front of this server sets it wrongly."))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn walk(peer: &str, lines: &[&str], trusted: &[&str]) -> Result<String, BadForwarded> {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        let headers = headers(FORWARDED_FOR, &lines);
        address(Some(peer.parse().unwrap()), &headers, &nets(trusted)).map(|seen| seen.address.to_string())
    }

    #[test]
    fn the_walk_stops_at_the_first_that_is_not_trusted() {
        const TRUSTED: &[&str] = &["10.0.0.1/32", "10.0.0.2/32", "fd00::/64"];
        for (peer, lines, client) in [
            ("203.0.113.9", &["1.1.1.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.7,10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7", "10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["unknown, garbage, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["\t2001:db8::1 "], "2001:db8::1"),
            ("fd00::5", &["[::ffff:198.51.100.7]:1"], "198.51.100.7"),
        ] {
            assert_eq!(walk(peer, lines, TRUSTED), Ok(client.to_owned()), "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_the_walk_reaches_and_cannot_read_is_refused() {
        for bad in [
            "",
            " ",
            ",",
            "unknown",
            "_hidden",
            "198.51.100",
            "198.51.100.7.1",
            "0xc6.51.100.7",
            "198.51.100.7:",
            "1:2",
            "198.51.100.7:x",
            "198.51.100.7:+1",
            "198.51.100.7:65536",
            "[::1",
            "::1]",
            "[::1]x",
            "[1.2.3.4]:5",
            "fe80::1%eth0",
            "\"198.51.100.7\"",
            "for=198.51.100.7",
            "\u{a0}198.51.100.7",
            "198.51.100.7 1.1.1.1",
            "é",
            "198.51.100.7, unknown",
            "198.51.100.7,",
        ] {
            assert_eq!(walk("10.0.0.1", &[bad], &["10.0.0.1/32"]), Err(BadForwarded::For), "{bad:?}");
            assert_eq!(walk("10.0.0.9", &[bad], &["10.0.0.1/32"]), Ok("10.0.0.9".to_owned()), "not reached: {bad:?}");
        }
    }

    #[test]
    fn a_loopback_peer_that_nobody_trusts_is_noticed() {
        let sent = headers(FORWARDED_FOR, &[b"198.51.100.7"]);
        let seen = |peer: &str, headers: &HeaderMap, trusted: &[&str]| {
            address(Some(peer.parse().unwrap()), headers, &nets(trusted)).unwrap().untrusted_proxy
        };
        assert!(seen("127.0.0.1", &sent, &[]));
        assert!(seen("::1", &sent, &["127.0.0.1/32"]));
        assert!(seen("::ffff:127.0.0.1", &sent, &[]));
        assert!(!seen("127.0.0.1", &sent, &["127.0.0.1/32"]));
        assert!(!seen("127.0.0.1", &HeaderMap::new(), &[]));
        assert!(!seen("192.168.1.1", &sent, &[]));
    }

    #[test]
    fn a_peer_without_an_address_is_the_unspecified_one() {
        let sent = headers(FORWARDED_FOR, &[b"198.51.100.7"]);
        let seen = |trusted: &[&str]| address(None, &sent, &nets(trusted)).unwrap().address.to_string();
        assert_eq!(seen(&[]), "0.0.0.0");
        assert_eq!(seen(&["0.0.0.0/32"]), "198.51.100.7");
    }

    #[test]
    fn the_scheme_is_the_browsers() {
        let https = OwnOrigin::Configured("https://auth.example.com".parse().unwrap());
        let ask = |peer: &str, own: &OwnOrigin, lines: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name.parse().unwrap(), value.parse().unwrap());
            }
            scheme(Some(peer.parse().unwrap()), &headers, own, &nets(&["10.0.0.1/32"]))
        };
        let at = [("host", "auth.example.com"), ("origin", "https://auth.example.com")];
        let elsewhere = [("host", "auth.example.com"), ("origin", "https://evil.example")];
        let (of_host, proto) = (OwnOrigin::OfHost, "x-forwarded-proto");
        for (peer, own, lines, found) in [
            ("9.9.9.9", &https, &[][..], Ok(Scheme::Https)),
            ("10.0.0.1", &https, &[(proto, "gopher")], Ok(Scheme::Https)),
            ("9.9.9.9", &of_host, &[], Ok(Scheme::Http)),
            ("9.9.9.9", &of_host, &at, Ok(Scheme::Https)),
            ("9.9.9.9", &of_host, &elsewhere, Ok(Scheme::Http)),
            ("9.9.9.9", &of_host, &[(proto, "https")], Ok(Scheme::Http)),
            ("10.0.0.1", &of_host, &[(proto, "https")], Ok(Scheme::Https)),
            ("10.0.0.1", &of_host, &[(proto, " HTTPS\t")], Ok(Scheme::Https)),
            ("10.0.0.1", &of_host, &[(proto, "https"), (proto, "http")], Ok(Scheme::Http)),
            ("10.0.0.1", &of_host, &[(proto, "http, https")], Ok(Scheme::Https)),
            ("10.0.0.1", &of_host, &[(proto, "")], Err(BadForwarded::Proto)),
            ("10.0.0.1", &of_host, &[(proto, "https,")], Err(BadForwarded::Proto)),
            ("10.0.0.1", &of_host, &[(proto, "wss")], Err(BadForwarded::Proto)),
            ("10.0.0.1", &of_host, &[("forwarded", "proto=https")], Ok(Scheme::Http)),
        ] {
            assert_eq!(ask(peer, own, lines), found, "{peer} {lines:?}");
        }
    }

    fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(
            prop_oneof![Just(b','), Just(b':'), Just(b'['), Just(b']'), Just(b'.'), 0x20..=0x7e_u8, 0x80..=0xff_u8],
            0..60,
        )
    }

    proptest! {
        #[test]
        fn no_header_panics_and_without_trust_none_is_believed(one in header_bytes(), two in header_bytes()) {
            let peer: IpAddr = "203.0.113.9".parse().unwrap();
            let sent = headers(FORWARDED_FOR, &[&one, &two]);
            prop_assert_eq!(address(Some(peer), &sent, &nets(&["10.0.0.0/8"])).unwrap().address, peer);
            let _ = address(Some(peer), &sent, &nets(&["0.0.0.0/0", "::/0"]));
            let sent = headers(FORWARDED_PROTO, &[&one, &two]);
            let _ = scheme(Some(peer), &sent, &OwnOrigin::OfHost, &nets(&["0.0.0.0/0"]));
        }

        #[test]
        fn nothing_left_of_the_client_changes_it(planted in header_bytes(), a in any::<u32>(), b in any::<u128>()) {
            for client in [IpAddr::from(a.to_be_bytes()), IpAddr::from(b.to_be_bytes())] {
                let client = client.to_canonical();
                let trusted = nets(&["10.0.0.1/32"]);
                prop_assume!(!is_trusted(client, &trusted));
                let line = [&planted[..], format!(", {client}").as_bytes()].concat();
                let seen = address(Some("10.0.0.1".parse().unwrap()), &headers(FORWARDED_FOR, &[&line]), &trusted);
                prop_assert_eq!(seen.map(|seen| seen.address), Ok(client));
            }
        }
    }
}
