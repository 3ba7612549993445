//! Who is at the other end of a request, as far as one can tell.

use std::net::IpAddr;

/// The longest user agent that is kept, in bytes.
const MAX_AGENT: usize = 256;

/// Where a request came from. Shown in events and in the list of one's devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The canonical address: a mapped IPv4 address is IPv4.
    pub address: IpAddr,
    /// What the browser calls itself; cut at 256 bytes. Empty where it said nothing.
    pub user_agent: String,
    /// Names the request in the log and in the events.
    pub request_id: String,
}

/// The network of an address: /24 or /48. Two shows from one network are taken for one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network([u8; 6]);

impl Client {
    /// Takes what a request says of itself, made canonical and cut to size.
    pub fn new(address: IpAddr, user_agent: &str, request_id: String) -> Self {
        let (user_agent, _) = user_agent.split_at(user_agent.floor_char_boundary(MAX_AGENT));
        Self { address: address.to_canonical(), user_agent: user_agent.to_owned(), request_id }
    }
}

impl Network {
    /// The network that an address lies in.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self([4, a, b, c, 0, 0])
            }
            IpAddr::V6(v6) => {
                let [prefix @ .., _, _, _, _, _, _, _, _, _, _] = v6.octets();
                Self(prefix)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_is_a_24_or_a_48() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.200"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:ffff::"));
        assert_ne!(network("2001:db8:1::"), network("2001:db8:2::"));
    }

    #[test]
    fn a_long_agent_is_cut_between_characters() {
        let agent = "é".repeat(200);
        let client = Client::new("::ffff:127.0.0.1".parse().unwrap(), &agent, String::new());
        assert_eq!(client.user_agent.len(), 256);
        assert_eq!(client.address.to_string(), "127.0.0.1");
    }

    proptest! {
        #[test]
        fn an_agent_is_kept_as_far_as_it_fits(agent in any::<String>(), times in 1..40_usize) {
            let agent = agent.repeat(times);
            let kept = Client::new(IpAddr::from([127, 0, 0, 1]), &agent, String::new()).user_agent;
            prop_assert!(agent.starts_with(&kept) && kept.len() <= MAX_AGENT);
            // A character more would not have fitted.
            prop_assert!(kept.len() == agent.len() || kept.len() > MAX_AGENT - 4);
        }
    }
}
