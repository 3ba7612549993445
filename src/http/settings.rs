//! What the pieces before the handlers need to know, as plain checked values.

use ipnet::IpNet;

use crate::config::dev::Dev;
use crate::domain::lockout::Rate;
use crate::http::cookies::CookieNames;
use crate::http::origin::OwnOrigin;
use crate::http::site::Origin;

/// The settings of everything that stands before a handler.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The server's own origin: of `public_url`, or that of each request's `Host`.
    pub own: OwnOrigin,
    /// Whether this is the development stub, which every page of this machine may call.
    pub dev: Option<Dev>,
    /// Other origins whose pages may call this server.
    pub allowed_origins: Vec<Origin>,
    /// Addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The names of the cookies.
    pub cookies: CookieNames,
    /// All attempts of one address at the routes where one can guess.
    pub login_address: Rate,
}

impl HttpSettings {
    /// Whether pages of this origin may call, other than the server's own.
    pub fn allows(&self, origin: &Origin) -> bool {
        self.allowed_origins.contains(origin) || (self.dev.is_some() && origin.is_this_machine())
    }
}
