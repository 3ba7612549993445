//! What is allowed and yet seldom meant: for `config check` and the log at the start.

use ipnet::IpNet;

use crate::config::Config;
use crate::config::origin::Origin;
use crate::config::value::shown;
use crate::domain::key::Algorithm;

/// The default cost. What is above makes signing in slow, what is below makes guessing cheap.
const USUAL_COST: u32 = 12;

impl Config {
    /// What somebody should look at, a sentence or two each. Empty for the defaults.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.unencrypted());
        all.extend(self.allowed_origins.iter().filter_map(|origin| self.elsewhere(origin)));
        all.extend(self.trusted_proxies.iter().filter_map(wide));
        all.extend(self.about_tokens());
        all.extend(self.about_passwords());
        all
    }

    fn unencrypted(&self) -> Option<String> {
        let listen = self.listen.ip().to_canonical();
        match &self.public_url {
            Some(url) if url.is_https() || url.is_loopback() => None,
            Some(url) => Some(format!(
                "public_url: {url} is not encrypted, so passwords and cookies can be read on the way. Use https."
            )),
            None if listen.is_loopback() => None,
            None => Some(format!(
                "listen: {} is reached from other machines, and no public_url says that it is by https. Put a proxy \
                 with TLS before it and set public_url = \"https://…\".",
                self.listen
            )),
        }
    }

    /// A Strict cookie goes along only within a site (RFC 6265bis, section 5.2), and the scheme belongs to it.
    fn elsewhere(&self, origin: &Origin) -> Option<String> {
        let Some(own) = &self.public_url else {
            return (!origin.is_loopback()).then(|| {
                format!(
                    "allowed_origins: without public_url nobody can tell whether {origin} is on this server's site."
                )
            });
        };
        (!own.seems_same_site(origin)).then(|| {
            format!(
                "allowed_origins: {origin} is not on the site of {own} (by scheme and last two labels), so browsers \
                 don't send the refresh cookie (SameSite=Strict) from there. Serve both under one domain, or have that \
                 client send \"transport\": \"body\"."
            )
        })
    }

    fn about_tokens(&self) -> Vec<String> {
        let mut all = Vec::new();
        let (tokens, refresh) = (&self.tokens, &self.refresh);
        match (tokens.algorithm, &tokens.hs256_secret) {
            (Algorithm::HS256, _) => all.push(
                "tokens.algorithm: with HS256 every service that can check a token can make one too. ES256 keeps the \
                 two apart."
                    .to_owned(),
            ),
            (other, Some(_)) => {
                all.push(format!("tokens.hs256_secret: is not used, since tokens.algorithm is {}.", other.word()));
            }
            (_, None) => {}
        }
        if refresh.idle_ttl <= tokens.access_ttl {
            all.push(format!(
                "refresh.idle_ttl: a session that ends after {} idle is over before its access token ({}) runs out.",
                shown(refresh.idle_ttl),
                shown(tokens.access_ttl)
            ));
        }
        if refresh.grace.millis() == 0 {
            all.push(
                "refresh.grace: with 0, two tabs that refresh at once and answers that get lost can log people out."
                    .to_owned(),
            );
        }
        all
    }

    fn about_passwords(&self) -> Vec<String> {
        let mut all = Vec::new();
        let passwords = &self.passwords;
        if passwords.min_length < 8 {
            all.push(format!(
                "passwords.min_length: {} is short; 8 is the least one should ask.",
                passwords.min_length
            ));
        }
        let cost = passwords.bcrypt_cost;
        if cost > USUAL_COST {
            let times = 1_u64 << (cost - USUAL_COST).min(63);
            all.push(format!(
                "passwords.bcrypt_cost: at {cost} a sign-in takes {times} times as long as at {USUAL_COST}."
            ));
        }
        if cost < USUAL_COST {
            let times = 1_u64 << (USUAL_COST - cost).min(63);
            all.push(format!(
                "passwords.bcrypt_cost: at {cost} guessing is {times} times as cheap as at {USUAL_COST}."
            ));
        }
        all
    }
}

fn wide(net: &IpNet) -> Option<String> {
    let widest = match net {
        IpNet::V4(_) => 16,
        IpNet::V6(_) => 32,
    };
    (net.prefix_len() < widest).then(|| {
        format!(
            "trusted_proxies: everybody in {net} can claim any address by X-Forwarded-For. Name the proxy's own address."
        )
    })
}
