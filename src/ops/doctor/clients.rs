//! Whether all clients seem to share one address: that of a proxy which doesn't say for whom it asks, or isn't
//! believed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::config::Config;
use crate::config::origin::Origin;
use crate::domain::event::Kind;
use crate::store::error::Error;
use crate::store::rows::{EventFilter, Rows, StoredEvent};

/// How many of the last sign-ins are looked at.
const SIGN_INS: u32 = 30;

/// From so many users on it is no chance that all come from one machine.
const USERS: usize = 3;

/// The one address of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Which.
    pub address: IpAddr,
    /// How many users signed in from there.
    pub users: usize,
    /// Whether it is a trusted proxy's.
    pub trusted: bool,
}

impl Shared {
    /// What it is, in words.
    pub fn text(&self) -> String {
        let Self { address, users, .. } = self;
        let why =
            if self.trusted { "the proxy there doesn't say for whom it asks" } else { "a proxy that isn't trusted" };
        format!("the last sign-ins of {users} users all came from {address}: {why}, so limits hold for all as for one")
    }

    /// The line that mends it.
    pub fn mend(&self) -> String {
        if self.trusted {
            return "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;".to_owned();
        }
        format!("trusted_proxies = [\"{}\"], if your proxy is there", self.address)
    }
}

/// Whether the last sign-ins all came from one address of this machine or network, though others reach the server.
pub fn shared(rows: &dyn Rows, config: &Config, url: Option<&Origin>) -> Result<Option<Shared>, Error> {
    let reached = |url: Option<&Origin>| url.is_some_and(|url| !url.is_loopback());
    let reached = reached(url) || reached(config.public_url.as_ref()) || !config.listen.ip().is_loopback();
    if !reached {
        return Ok(None);
    }
    let filter = EventFilter { kind: Some(Kind::SignedIn), ..EventFilter::default() };
    Ok(one_for_all(&rows.events(filter, SIGN_INS)?, config))
}

fn one_for_all(events: &[StoredEvent], config: &Config) -> Option<Shared> {
    let clients = events.iter().filter_map(|stored| stored.event.client.as_ref());
    let addresses: BTreeSet<_> = clients.map(|client| client.address).collect();
    let users: BTreeSet<_> =
        events.iter().filter_map(|stored| stored.event.user.map(|user| user.to_string())).collect();
    let address = *addresses.first().filter(|address| addresses.len() == 1 && is_near(**address))?;
    let trusted = config.trusted_proxies.iter().any(|net| net.contains(&address));
    (users.len() >= USERS).then_some(Shared { address, users: users.len(), trusted })
}

/// An address of this machine or of a network behind a router (RFC 1918, 3927, 4193, 4291, 6598).
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let carrier = first == 100 && second & 0xc0 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || carrier
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::UserId;
    use crate::base::time::Timestamp;
    use crate::domain::client::Client;
    use crate::domain::event::Event;

    fn sign_ins(from: &[(u8, &str)]) -> Vec<StoredEvent> {
        let event = |(user, address): &(u8, &str)| {
            let client = Client::new(address.parse().unwrap(), "", String::new());
            let user = UserId::from_bytes([*user; 16]);
            Event::new(Timestamp::from_secs(0), Kind::SignedIn).user(user).client(&client)
        };
        from.iter().map(|from| StoredEvent { id: 1, count: 1, event: event(from) }).collect()
    }

    #[test]
    fn many_users_at_one_near_address_share_it() {
        let config = Config { trusted_proxies: vec!["172.17.0.1/32".parse().unwrap()], ..Config::default() };
        let found = |from: &[(u8, &str)]| one_for_all(&sign_ins(from), &config).map(|shared| shared.trusted);
        let three = |address| [(1, address), (2, address), (3, address)];
        for near in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "100.64.0.1", "fd00::1", "::1", "0.0.0.0"] {
            assert_eq!(found(&three(near)), Some(false), "{near}");
        }
        assert_eq!(found(&three("172.17.0.1")), Some(true));
        for far in ["203.0.113.7", "2001:db8::1", "100.128.0.1", "172.32.0.1"] {
            assert_eq!(found(&three(far)), None, "an office behind one router: {far}");
        }
        assert_eq!(found(&[(1, "10.0.0.1"), (2, "10.0.0.1"), (2, "10.0.0.1")]), None, "two users");
        assert_eq!(found(&[(1, "10.0.0.1"), (2, "10.0.0.1"), (3, "10.0.0.2")]), None, "two addresses");
        assert_eq!(found(&[]), None);
    }
}
