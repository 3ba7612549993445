//! What is allowed and yet seldom meant: for `config check`, the log at the start and the overview.

use ipnet::IpNet;

use crate::config::Config;
use crate::config::origin::Origin;
use crate::config::warning::{Span, Warning};
use crate::domain::key::Algorithm;

/// The default cost. What is above makes signing in slow, what is below makes guessing cheap.
const USUAL_COST: u32 = 12;

impl Config {
    /// What somebody should look at. Empty for the defaults, and for the stub, which is safe in no way.
    pub fn warnings(&self) -> Vec<Warning> {
        if self.dev.is_some() {
            return Vec::new();
        }
        let mut all = Vec::new();
        all.extend(self.unencrypted());
        all.extend(self.allowed_origins.iter().filter_map(|origin| self.elsewhere(origin)));
        all.extend(self.untold());
        all.extend(self.trusted_proxies.iter().filter_map(wide));
        all.extend(self.about_tokens());
        all.extend(self.about_passwords());
        all
    }

    fn unencrypted(&self) -> Option<Warning> {
        let listen = self.listen.ip().to_canonical();
        match &self.public_url {
            Some(url) if url.is_https() || url.is_loopback() => None,
            Some(url) => Some(Warning::PlainUrl { url: url.to_string() }),
            None if listen.is_loopback() => None,
            None => Some(Warning::PlainListen { listen: self.listen.to_string() }),
        }
    }

    /// Where https leads here, the proxy that speaks it says for whom it asks.
    fn untold(&self) -> Option<Warning> {
        let url = self.public_url.as_ref().filter(|url| url.is_https() && self.trusted_proxies.is_empty())?;
        Some(Warning::NoProxies { url: url.to_string() })
    }

    /// A Strict cookie goes along only within a site (RFC 6265bis, section 5.2), and the scheme belongs to it.
    fn elsewhere(&self, origin: &Origin) -> Option<Warning> {
        let named = origin.to_string();
        match &self.public_url {
            None => (!origin.is_loopback()).then_some(Warning::UnknownSite { origin: named }),
            Some(own) => {
                (!own.seems_same_site(origin)).then(|| Warning::OtherSite { origin: named, own: own.to_string() })
            }
        }
    }

    fn about_tokens(&self) -> Vec<Warning> {
        let mut all = Vec::new();
        let (tokens, refresh) = (&self.tokens, &self.refresh);
        match (tokens.algorithm, &tokens.hs256_secret) {
            (Algorithm::HS256, _) => all.push(Warning::SharedKey {}),
            (other, Some(_)) => all.push(Warning::UnusedSecret { algorithm: other.word() }),
            (_, None) => {}
        }
        if refresh.idle_ttl <= tokens.access_ttl {
            let (idle_seconds, access_seconds) = (Span(refresh.idle_ttl), Span(tokens.access_ttl));
            all.push(Warning::ShortIdle { idle_seconds, access_seconds });
        }
        if refresh.grace.millis() == 0 {
            all.push(Warning::NoGrace {});
        }
        all
    }

    fn about_passwords(&self) -> Vec<Warning> {
        let mut all = Vec::new();
        let (min_length, cost) = (self.passwords.min_length, self.passwords.bcrypt_cost);
        if min_length < 8 {
            all.push(Warning::ShortPasswords { min_length });
        }
        let times = 1_u64 << cost.abs_diff(USUAL_COST).min(63);
        if cost > USUAL_COST {
            all.push(Warning::HighCost { cost, usual: USUAL_COST, times });
        }
        if cost < USUAL_COST {
            all.push(Warning::LowCost { cost, usual: USUAL_COST, times });
        }
        all
    }
}

fn wide(net: &IpNet) -> Option<Warning> {
    let widest = match net {
        IpNet::V4(_) => 16,
        IpNet::V6(_) => 32,
    };
    (net.prefix_len() < widest).then(|| Warning::WideProxies { net: net.to_string() })
}
