//! Schemes, hosts, ports: the parts of an address of a site, and its origin.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// How the browser reaches this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Encrypted.
    Https,
}

/// An origin (RFC 6454, section 4): scheme, host and port, in lower case, the port written out.
/// Schemes other than http and https are those of apps, such as `capacitor://localhost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: write scheme, host and, if it is not the usual one, port, such as \"https://app.example.com\"")]
pub struct BadOrigin;

impl Scheme {
    /// As it stands in a URL.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// From its word, in any case.
    pub fn parse(word: &[u8]) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|it| word.eq_ignore_ascii_case(it.word().as_bytes()))
    }
}

impl Origin {
    /// Its scheme, where that is http or https.
    pub fn scheme(&self) -> Option<Scheme> {
        Scheme::parse(self.scheme.as_bytes())
    }

    /// Whether it is a web page's of this machine.
    pub fn is_this_machine(&self) -> bool {
        self.scheme().is_some() && is_this_machine(&self.host)
    }

    /// Whether a `Host` header names this origin's host and port. Without a port it means the usual
    /// one of this origin's scheme (RFC 9110, section 7.2).
    pub fn is_at(&self, host: &str) -> bool {
        let Some((scheme, (name, port))) = self.scheme().zip(split_authority(host)) else { return false };
        name == self.host && port.or(Some(scheme.port())) == self.port
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(BadOrigin)?;
        let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
        if !begins || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return Err(BadOrigin);
        }
        let (host, port) = split_authority(authority).ok_or(BadOrigin)?;
        let usual = Scheme::parse(scheme.as_bytes()).map(Scheme::port);
        Ok(Self { scheme: scheme.to_ascii_lowercase(), host, port: port.or(usual) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if self.scheme().map(Scheme::port) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

/// Host in lower case, and port if one is written. Nothing where it is neither a name nor an address.
pub fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, rest) = if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside.split_once(']')?;
        (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), rest)
    } else {
        let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) {
            return None;
        }
        (name.to_ascii_lowercase(), rest)
    };
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        None => None,
        Some(digits) => Some((host, Some(parse_port(digits)?))),
    }
}

/// Whether a `Host` header names this machine itself.
pub fn is_this_machine(host: &str) -> bool {
    let Some((name, _)) = split_authority(host) else { return false };
    let is_name = || name == "localhost" || name.ends_with(".localhost");
    address_of(&name).map_or_else(is_name, |address| address.to_canonical().is_loopback())
}

/// The address that a host is, an IPv6 one in brackets; nothing where it is a name.
pub fn address_of(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A port as digits alone: `u16` would also take a plus sign.
pub fn parse_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn this_machine_has_few_names() {
        for here in
            ["localhost", "LOCALHOST:8484", "a.localhost", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "[::ffff:127.0.0.1]"]
        {
            assert!(is_this_machine(here), "{here}");
        }
        for there in ["", "door.test", "localhost.test", "notlocalhost", "10.0.0.1", "[::2]", "127.0.0.1.test", "a b"] {
            assert!(!is_this_machine(there), "{there}");
        }
    }

    #[test]
    fn an_origin_reads_and_prints_as_browsers_write_it() {
        for (text, printed) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.COM:443", "https://app.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:443", "http://localhost:443"),
            ("http://[::1]:8484", "http://[::1]:8484"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(origin(text).to_string(), printed, "{text}");
        }
        for bad in [
            "",
            "null",
            "*",
            "example.com",
            "https://",
            "https://a/",
            "https://a?b",
            "https://u@a",
            "https://a:",
            "://a",
            "https://a:+1",
            "https://a:65536",
            "https://[::1",
            "https://[::1]x",
            "https://a b",
            "https://*.a",
            "1a://b",
            "https://é.example",
            "https://a, https://b",
            "javascript:alert(1)",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(BadOrigin), "{bad:?}");
        }
    }
}
