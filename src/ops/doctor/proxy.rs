//! Whether the proxy says for whom it asks, is believed, and nobody else is.
//!
//! The server tells nobody which address it saw. But it counts attempts by address and says how many are left, so
//! two requests that it took for one client's count together, and others don't. What is posted is no attempt at
//! anything: an empty object in place of a link's secret.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use crate::base::entropy::{SystemEntropy, bytes};
use crate::config::Config;
use crate::config::origin::Origin;
use crate::ops::doctor::Finding;
use crate::ops::doctor::url::Page;

/// What the server answered to an attempt.
enum Counted {
    /// So many are left to the address that it saw.
    Left(u32),
    /// It counted nothing: a peer on its own machine said for whom it asks and is not believed.
    Not,
}

/// Looks from outside. The URL is one whose pages may post.
pub(super) fn look(page: &Page<'_>, config: &Config) -> Vec<Finding> {
    let url = page.url;
    if is_direct(page, config) {
        return untold(config, page.origin);
    }
    let found = match from_outside(page, config) {
        Some(finding) => return vec![finding],
        None => untold(config, page.origin),
    };
    if !found.is_empty() || config.trusted_proxies.is_empty() {
        return found;
    }
    if own_address(url).is_none_or(|own| config.trusted_proxies.iter().any(|net| net.contains(&own))) {
        let text = "whether the proxy says for whom it asks can't be told from its own machine; ask from another one";
        return vec![Finding::ok("proxy", text)];
    }
    vec![Finding::ok("proxy", "an address that a client claims by X-Forwarded-For is not believed")]
}

/// What the settings alone tell: the server speaks no TLS, so whoever comes by https comes through a proxy.
pub(super) fn untold(config: &Config, origin: &Origin) -> Vec<Finding> {
    if !origin.is_https() || !config.trusted_proxies.is_empty() {
        return Vec::new();
    }
    let text = "browsers come by https, so through a proxy, and none is trusted: all of them count as one address";
    vec![Finding::warning("no_trusted_proxy", text, "trusted_proxies = [\"127.0.0.1\"], with the proxy's own address")]
}

/// Whether the URL is the server's own address, past any proxy.
fn is_direct(page: &Page<'_>, config: &Config) -> bool {
    let url = page.url;
    url.is_loopback() && !url.is_https() && (url != page.origin || url.port() == config.listen.port())
}

fn from_outside(page: &Page<'_>, config: &Config) -> Option<Finding> {
    let loopback = "trusted_proxies = [\"127.0.0.1\", \"::1\"]";
    let before = match attempt(page, None)? {
        Counted::Not => {
            let text = "the proxy says for whom it asks and is not trusted, so everybody counts as one address and \
                limits.login_address holds for nobody";
            return Some(Finding::problem("untrusted_proxy", text, loopback));
        }
        Counted::Left(_) => attempt(page, None)?,
    };
    let Counted::Left(before) = before else { return None };
    let own = own_address(page.url)?;
    if config.trusted_proxies.iter().any(|net| net.contains(&own)) {
        return None;
    }
    match attempt(page, Some(claimed()?))? {
        Counted::Not if page.origin.is_https() => {
            let text = "the proxy adds no X-Forwarded-For and is not trusted, so everybody counts as one address";
            let mend = format!("{loopback} and, in the proxy, {}", forward());
            Some(Finding::problem("untrusted_proxy", text, mend))
        }
        Counted::Left(after) if after > before => {
            let text = "any client can claim any address: the proxy passes on the X-Forwarded-For that it is sent";
            Some(Finding::problem("claimed_address", text, forward()))
        }
        Counted::Left(_) | Counted::Not => None,
    }
}

const fn forward() -> &'static str {
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
}

/// An address that nobody has (RFC 2544, appendix C.2.2), another one each time.
fn claimed() -> Option<Ipv4Addr> {
    let [first, second, third] = bytes(&SystemEntropy::default()).ok()?;
    Some(Ipv4Addr::new(198, 18 + (first & 1), second, third))
}

fn attempt(page: &Page<'_>, claimed: Option<Ipv4Addr>) -> Option<Counted> {
    let mut ask = page.post("/auth/link");
    if let Some(claimed) = claimed {
        ask = ask.with("X-Forwarded-For", claimed.to_string());
    }
    let answer = ask.send(page.url).ok()?;
    // An answer of the proxy's own tells nothing.
    answer.code()?;
    match answer.header("ratelimit") {
        Some(text) => left(text).map(Counted::Left),
        None => Some(Counted::Not),
    }
}

/// What is left of `limits.login_address`: `r` of the item (draft-ietf-httpapi-ratelimit-headers).
fn left(header: &str) -> Option<u32> {
    let item = header.split(',').map(str::trim).find(|item| item.starts_with("\"login-address\""))?;
    item.split(';').find_map(|parameter| parameter.trim().strip_prefix("r=")?.parse().ok())
}

/// The address that this machine comes from. Nothing is sent.
fn own_address(url: &Origin) -> Option<IpAddr> {
    let unspecified = |any: &str| {
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(format!("{}:{}", url.host(), url.port())).ok()?;
        Some(socket.local_addr().ok()?.ip().to_canonical())
    };
    unspecified("0.0.0.0:0").or_else(|| unspecified("[::]:0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_that_of_the_address() {
        assert_eq!(left("\"login\";r=4;t=1, \"login-address\";r=48;t=18"), Some(48));
        assert_eq!(left("\"login-address\";t=18"), None);
        assert_eq!(left("\"login\";r=4"), None);
    }

    #[test]
    fn a_claimed_address_is_of_the_range_that_nobody_has() {
        let claimed = claimed().unwrap().octets();
        assert!(claimed[0] == 198 && (18..=19).contains(&claimed[1]), "{claimed:?}");
    }
}
