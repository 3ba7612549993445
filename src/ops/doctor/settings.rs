//! The settings: what `config check` warns of, with the line that mends it.

use crate::config::Config;
use crate::config::warning::Warning;
use crate::ops::doctor::Finding;

/// What is allowed and seldom meant.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut found = config.warnings();
    // The look at the proxy tells of it, and knows more.
    found.retain(|warning| !matches!(warning, Warning::NoProxies { .. }));
    if found.is_empty() {
        return vec![Finding::ok("settings", "the settings are good")];
    }
    found.iter().map(|warning| Finding::warning("settings", warning.to_string(), mend(warning))).collect()
}

/// The line that ends a warning.
fn mend(warning: &Warning) -> String {
    match warning {
        Warning::PlainUrl { url } => format!("public_url = \"{}\"", url.replacen("http:", "https:", 1)),
        Warning::PlainListen { .. } | Warning::UnknownSite { .. } => {
            "public_url = \"https://…\", with the name that browsers see".to_owned()
        }
        Warning::OtherSite { .. } => "serve both under one domain, or take it out of allowed_origins".to_owned(),
        Warning::NoProxies { .. } | Warning::WideProxies { .. } => {
            "trusted_proxies = [\"…\"], with the proxy's own address".to_owned()
        }
        Warning::SharedKey {} => "tokens.algorithm = \"ES256\"".to_owned(),
        Warning::UnusedSecret { .. } => "take tokens.hs256_secret out".to_owned(),
        Warning::ShortIdle { .. } => "refresh.idle_ttl = \"7d\"".to_owned(),
        Warning::NoGrace {} => "refresh.grace = \"10s\"".to_owned(),
        Warning::ShortPasswords { .. } => "passwords.min_length = 8".to_owned(),
        Warning::HighCost { usual, .. } | Warning::LowCost { usual, .. } => {
            format!("passwords.bcrypt_cost = {usual}")
        }
    }
}
