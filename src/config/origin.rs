//! Origins as browsers spell them: scheme, host, and the port where it isn't the scheme's own
//! (RFC 6454, section 6.2).

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An `http` or `https` origin in the one spelling that a browser sends, so that equal origins are
/// equal texts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    https: bool,
    host: Host,
    port: u16,
}

/// Why a text is no origin. Says nothing of the text: a URL may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// Not `http://` or `https://`.
    #[error("not an origin: write https:// or http://, a host and, if need be, a port, as in \"https://example.com\"")]
    Scheme,
    /// Something stands behind host and port.
    #[error("an origin ends behind host and port: leave path, query and fragment out")]
    Path,
    /// A user name or a password.
    #[error("an origin holds no user name and no password")]
    UserInfo,
    /// A `*`.
    #[error("there are no wildcards here: write out each origin")]
    Wildcard,
    /// No host, or none that a browser could name, or a port out of range.
    #[error("host or port can't be read")]
    Host,
}

impl Origin {
    /// The canonical spelling, as it stands in the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the way there is encrypted.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host: A-labels in lower case, or an address, IPv6 in brackets.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port, the scheme's own where none was written.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it stays on this machine: what browsers hold to be trustworthy without TLS.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(v4) => v4.is_loopback(),
            Host::Ipv6(v6) => std::net::IpAddr::V6(*v6).to_canonical().is_loopback(),
        }
    }

    /// Whether both seem to be one site: the same scheme, and the same address or the same last two labels.
    /// The list of public suffixes isn't here, so `a.co.uk` and `b.co.uk` count as one.
    pub fn seems_same_site(&self, other: &Self) -> bool {
        let hosts = match (&self.host, &other.host) {
            (Host::Domain(one), Host::Domain(two)) => last_two(one) == last_two(two),
            (one, two) => one == two,
        };
        hosts && self.https == other.https
    }
}

fn last_two(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.');
    dots.nth(1).and_then(|(at, _)| name.get(at + 1..)).unwrap_or(name)
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        if text.contains('*') {
            return Err(BadOrigin::Wildcard);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadOrigin::Scheme)?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return Err(BadOrigin::Scheme);
        }
        // The parser mends what it can; here nothing is mended but a lone slash at the end.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(BadOrigin::UserInfo);
        }
        if rest.contains(['/', '?', '#', '\\']) {
            return Err(BadOrigin::Path);
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '%';
        if rest.is_empty() || rest.ends_with(':') || rest.contains(odd) {
            return Err(BadOrigin::Host);
        }
        let url = Url::parse(&format!("{}://{rest}", if https { "https" } else { "http" }));
        let url = url.map_err(|_| BadOrigin::Host)?;
        let host = url.host().map(|host| host.to_owned()).filter(good_host).ok_or(BadOrigin::Host)?;
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(BadOrigin::Host)?;
        Ok(Self { text: url.origin().ascii_serialization(), https, host, port })
    }
}

fn good_host(host: &Host) -> bool {
    let Host::Domain(name) = host else { return true };
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.split('.').all(|label| !label.is_empty() && label.len() <= 63 && label.chars().all(good))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_origin_are_one_text() {
        for (typed, canonical) in [
            ("https://auth.example.com", "https://auth.example.com"),
            ("HTTPS://Auth.Example.COM:443/", "https://auth.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://127.1", "http://127.0.0.1"),
            ("http://[0:0::1]:8484", "http://[::1]:8484"),
            ("http://my_app:443", "http://my_app:443"),
        ] {
            assert_eq!(origin(typed).to_string(), canonical, "{typed}");
        }
        let own = origin("https://auth.example.com");
        assert_eq!((own.is_https(), own.host(), own.port()), (true, "auth.example.com".to_owned(), 443));
    }

    #[test]
    fn what_is_no_origin_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", BadOrigin::Scheme),
            ("null", BadOrigin::Scheme),
            ("auth.example.com", BadOrigin::Scheme),
            ("ftp://example.com", BadOrigin::Scheme),
            ("*", BadOrigin::Wildcard),
            ("https://*.example.com", BadOrigin::Wildcard),
            ("https://example.com/auth", BadOrigin::Path),
            ("https://example.com//", BadOrigin::Path),
            ("https://example.com\\", BadOrigin::Path),
            ("https://example.com?a", BadOrigin::Path),
            ("https://ann:pw@example.com", BadOrigin::UserInfo),
            ("https://", BadOrigin::Host),
            ("https://a b.example", BadOrigin::Host),
            ("https://exa\nmple.com", BadOrigin::Host),
            ("https://ex%61mple.com", BadOrigin::Host),
            ("https://example.com.", BadOrigin::Host),
            ("https://a..b", BadOrigin::Host),
            ("https://example.com:", BadOrigin::Host),
            ("https://example.com:0", BadOrigin::Host),
            ("https://example.com:65536", BadOrigin::Host),
            ("https://a,https://b", BadOrigin::Path),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for here in ["http://localhost", "http://app.localhost:3000", "http://127.9.9.9", "http://[::ffff:127.0.0.1]"] {
            assert!(origin(here).is_loopback(), "{here}");
        }
        for there in ["http://localhost.example", "http://192.168.1.2", "http://[::2]", "http://notlocalhost"] {
            assert!(!origin(there).is_loopback(), "{there}");
        }
    }

    #[test]
    fn a_site_is_a_scheme_and_two_labels() {
        let own = origin("https://auth.example.com");
        let same = |text: &str| own.seems_same_site(&origin(text));
        assert!(same("https://example.com") && same("https://a.b.example.com:8443"));
        assert!(!same("http://app.example.com") && !same("https://example.org") && !same("https://badexample.com"));
        assert!(!origin("http://10.0.0.1").seems_same_site(&origin("http://9.0.0.1")));
        assert!(!origin("http://app.localhost").seems_same_site(&origin("http://localhost")));
    }

    proptest! {
        #[test]
        fn a_canonical_origin_reads_as_itself(text in "(http|https)://[a-z0-9.:_-]{1,20}/?") {
            if let Ok(first) = text.parse::<Origin>() {
                prop_assert_eq!(first.as_str().parse::<Origin>(), Ok(first.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Origin>();
            let _ = format!("https://{text}").parse::<Origin>();
        }
    }
}
