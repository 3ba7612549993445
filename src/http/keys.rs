//! Keys by which addresses are counted, in a table that can't be flooded.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_governor::KeyExtractor;
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage as _, ResponseError};

use crate::http::client::Peer;

/// How many addresses are told apart.
const MAX: usize = 262_144;

/// Gives each address a key, and remembers which keys are in use.
///
/// Past 262,144 keys a *new* address is counted together with its neighbours, by ever wider networks:
/// nobody who is already counted gets a fresh count by a flood, and nobody is locked out by one unless
/// it comes from their own neighbourhood.
pub(in crate::http) struct Keys {
    hash: RandomState,
    max: usize,
    used: Mutex<Used>,
}

/// Keys used in this window and in the one before.
#[derive(Default)]
struct Used {
    young: HashSet<u64>,
    old: HashSet<u64>,
    turned: Duration,
}

impl Keys {
    /// None in use. The hash is keyed afresh (SipHash), so that nobody can aim at another's key.
    pub(in crate::http) fn new() -> Self {
        Self::with_max(MAX)
    }

    fn with_max(max: usize) -> Self {
        Self { hash: RandomState::new(), max, used: Mutex::default() }
    }

    /// The key of an address: an IPv4 address, an IPv6 /64, or where the table is full a network around it.
    pub(in crate::http) fn key(&self, address: IpAddr) -> u64 {
        // At most 65,536 IPv6 /16 and 256 IPv4 /8 come on top of what the first two rows admit.
        let widths = [(32, 64, self.max), (16, 32, self.max + self.max / 4)];
        let mut used = self.used();
        for (v4, v6, max) in widths {
            let key = self.network(address, v4, v6);
            if used.touch(key) || used.add_below(max, key) {
                return key;
            }
        }
        let key = self.network(address, 8, 16);
        if !used.touch(key) {
            used.young.insert(key);
        }
        key
    }

    /// Forgets keys that were not used for a whole window.
    pub(in crate::http) fn turn(&self, now: Duration, window: Duration) {
        let mut used = self.used();
        if now.saturating_sub(used.turned) >= window {
            used.turned = now;
            used.old = std::mem::take(&mut used.young);
        }
    }

    fn network(&self, address: IpAddr, v4: u32, v6: u32) -> u64 {
        match address.to_canonical() {
            IpAddr::V4(address) => self.hash.hash_one((4_u8, v4, u128::from(address.to_bits() >> (32 - v4)))),
            IpAddr::V6(address) => self.hash.hash_one((6_u8, v6, address.to_bits() >> (128 - v6))),
        }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    /// Whether this key is in use; it then stays for another window.
    fn touch(&mut self, key: u64) -> bool {
        self.young.contains(&key) || (self.old.remove(&key) && self.young.insert(key))
    }

    fn add_below(&mut self, max: usize, key: u64) -> bool {
        self.young.len() + self.old.len() < max && self.young.insert(key)
    }
}

/// Why a request has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum NotHeld {
    /// Its peer is a proxy that nobody told us of: counting would lock out everybody behind it.
    UntrustedProxy,
    /// Nobody found out who sent it: the outermost layer is missing.
    NoPeer,
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UntrustedProxy => "a proxy that is not trusted",
            Self::NoPeer => "no peer",
        })
    }
}

impl ResponseError for NotHeld {}

/// The key of a request: of its client's address, IPv6 by /64.
#[derive(Clone)]
pub(in crate::http) struct ByAddress(pub(in crate::http) Arc<Keys>);

impl KeyExtractor for ByAddress {
    type Key = u64;
    type KeyExtractionError = NotHeld;

    fn extract(&self, request: &ServiceRequest) -> Result<u64, NotHeld> {
        let extensions = request.extensions();
        let peer = extensions.get::<Peer>().ok_or(NotHeld::NoPeer)?;
        if peer.untrusted_proxy { Err(NotHeld::UntrustedProxy) } else { Ok(self.0.key(peer.client.address)) }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const WINDOW: Duration = Duration::from_mins(15);

    fn count(keys: &Keys) -> usize {
        let used = keys.used();
        used.young.len() + used.old.len()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_64() {
        let keys = Keys::new();
        let same = |one: &str, two: &str| keys.key(address(one)) == keys.key(address(two));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"), "mapped IPv4 clients don't share one count");
        assert!(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
        assert!(same("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!same("::c000:201", "192.0.2.1"));
    }

    #[test]
    fn a_full_table_folds_new_addresses_and_keeps_old_ones() {
        let keys = Keys::with_max(64);
        let known = keys.key(address("203.0.113.7"));
        let bits = |n: u32| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n * 0x1_0001));
        for n in 0..200 {
            keys.key(bits(n));
        }
        assert_eq!(keys.key(address("203.0.113.7")), known, "a known address keeps its count");
        assert_eq!(keys.key(address("198.51.100.1")), keys.key(address("198.99.9.9")), "new ones share by /8 now");
        assert_ne!(keys.key(address("198.51.100.1")), keys.key(address("197.51.100.1")));
        assert!(count(&keys) <= 64 + 16 + 3, "{}", count(&keys));
    }

    #[test]
    fn a_million_addresses_stay_within_the_bound() {
        let keys = Keys::new();
        for n in 0..1_000_000_u32 {
            keys.key(IpAddr::V4(Ipv4Addr::from_bits(n.wrapping_mul(2_654_435_761))));
            keys.key(IpAddr::V6(Ipv6Addr::from_bits(u128::from(n.wrapping_mul(2_654_435_761)) << 64)));
        }
        assert!(count(&keys) <= MAX + MAX / 4 + 65_536 + 256, "{}", count(&keys));
    }

    #[test]
    fn what_is_not_used_for_a_window_is_forgotten() {
        let keys = Keys::with_max(2);
        let first = address("192.0.2.1");
        let key = keys.key(first);
        keys.key(address("192.0.2.2"));
        keys.turn(WINDOW / 2, WINDOW);
        keys.turn(WINDOW, WINDOW);
        assert_eq!((keys.key(first), count(&keys)), (key, 2), "still there after one turn");
        keys.turn(WINDOW * 3 / 2, WINDOW);
        assert_eq!(count(&keys), 2, "not turned before a window has passed");
        keys.turn(WINDOW * 2, WINDOW);
        assert_eq!(count(&keys), 1, "the one that was used again stays");
        keys.turn(WINDOW * 3, WINDOW);
        assert_eq!(count(&keys), 0);
    }
}
