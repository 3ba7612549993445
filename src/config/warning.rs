//! What is allowed and yet seldom meant, as a value: which setting, what about it, in which words.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::base::time::Ttl;
use crate::config::value::shown;

/// A span: seconds in JSON, as settings write it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Ttl);

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.secs())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0))
    }
}

macro_rules! warnings {
    ($($(#[$doc:meta])* $name:ident = $setting:literal $issue:literal { $($field:ident: $of:ty,)* }
        => $text:literal;)*) => {
        /// Something that somebody should look at. Issues and the names of the values are stable; the text
        /// in English, with the setting before it, is what `Display` gives.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(tag = "issue", content = "values", rename_all_fields = "camelCase")]
        #[expect(missing_docs, reason = "each value stands in the text below it")]
        pub enum Warning { $($(#[$doc])* #[serde(rename = $issue)] $name { $($field: $of,)* },)* }

        impl Warning {
            /// Every issue.
            pub const ISSUES: &[&str] = &[$($issue,)*];

            /// The setting that it is about.
            pub const fn setting(&self) -> &'static str {
                match self { $(Self::$name { .. } => $setting,)* }
            }
        }

        impl fmt::Display for Warning {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: ", self.setting())?;
                match self { $(Self::$name { $($field,)* } => write!(f, $text),)* }
            }
        }
    };
}

warnings! {
    /// Whoever signs in there can be listened to.
    PlainUrl = "public_url" "plain_url" { url: String, } =>
        "{url} is not encrypted, so passwords and cookies can be read on the way. Use https.";
    /// Reached from elsewhere, and nothing says how.
    PlainListen = "listen" "plain_listen" { listen: String, } =>
        "{listen} is reached from other machines, and no public_url says that it is by https. Put a proxy with TLS \
         before it and set public_url = \"https://…\".";
    /// Whether the cookie goes along can't be told.
    UnknownSite = "allowed_origins" "unknown_site" { origin: String, } =>
        "without public_url nobody can tell whether {origin} is on this server's site.";
    /// The cookie does not go along.
    OtherSite = "allowed_origins" "other_site" { origin: String, own: String, } =>
        "{origin} is not on the site of {own} (by scheme and last two labels), so browsers don't send the refresh \
         cookie (SameSite=Strict) from there. Serve both under one domain, or have that client send \"transport\": \
         \"body\".";
    /// Who asks can't be told apart.
    NoProxies = "trusted_proxies" "no_proxies" { url: String, } =>
        "{url} leads here by a proxy, for this server speaks no TLS, and none is trusted, so that all its clients count \
         as one address. Name the proxy's own, such as [\"127.0.0.1\"].";
    /// Too many are believed.
    WideProxies = "trusted_proxies" "wide_proxies" { net: String, } =>
        "everybody in {net} can claim any address by X-Forwarded-For. Name the proxy's own address.";
    /// Who checks tokens can make them.
    SharedKey = "tokens.algorithm" "shared_key" {} =>
        "with HS256 every service that can check a token can make one too. ES256 keeps the two apart.";
    /// A secret for nothing.
    UnusedSecret = "tokens.hs256_secret" "unused_secret" { algorithm: &'static str, } =>
        "is not used, since tokens.algorithm is {algorithm}.";
    /// The session ends before its access token.
    ShortIdle = "refresh.idle_ttl" "short_idle" { idle_seconds: Span, access_seconds: Span, } =>
        "a session that ends after {idle_seconds} idle is over before its access token ({access_seconds}) runs out.";
    /// What gets lost logs people out.
    NoGrace = "refresh.grace" "no_grace" {} =>
        "with 0, two tabs that refresh at once and answers that get lost can log people out.";
    /// Easily guessed.
    ShortPasswords = "passwords.min_length" "short_passwords" { min_length: u32, } =>
        "{min_length} is short; 8 is the least one should ask.";
    /// Slow.
    HighCost = "passwords.bcrypt_cost" "high_cost" { cost: u32, usual: u32, times: u64, } =>
        "at {cost} a sign-in takes {times} times as long as at {usual}.";
    /// Cheap to guess.
    LowCost = "passwords.bcrypt_cost" "low_cost" { cost: u32, usual: u32, times: u64, } =>
        "at {cost} guessing is {times} times as cheap as at {usual}.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_an_issue_with_values_and_a_text_that_names_its_setting() {
        let short =
            Warning::ShortIdle { idle_seconds: Span(Ttl::from_mins(15)), access_seconds: Span(Ttl::from_days(1)) };
        let json = serde_json::to_string(&short).unwrap();
        assert_eq!(json, r#"{"issue":"short_idle","values":{"idleSeconds":900,"accessSeconds":86400}}"#);
        let text =
            "refresh.idle_ttl: a session that ends after 15m idle is over before its access token (24h) runs out.";
        assert_eq!(short.to_string(), text);
        assert_eq!(serde_json::to_string(&Warning::NoGrace {}).unwrap(), r#"{"issue":"no_grace","values":{}}"#);
    }
}
