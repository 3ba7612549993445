//! Whether a browser could sign in at the URL: its pages may post, the cookie arrives as it was sent, and comes back.
//!
//! Signing out without a session changes nothing and takes the cookie away, so it shows how one would be set; a
//! refresh with a cookie that holds no token changes nothing either, and tells whether it arrived.

use crate::config::Config;
use crate::config::origin::Origin;
use crate::ops::doctor::Finding;
use crate::ops::doctor::ask::Answer;
use crate::ops::doctor::url::Page;

/// No token.
const PROBE: &str = "doorward-doctor";

/// Looks. The second value is whether a page there may post at all.
pub(super) fn look(page: &Page<'_>, config: &Config) -> (Vec<Finding>, bool) {
    let url = page.url;
    let answer = match page.post("/auth/logout").send(url) {
        Ok(answer) => answer,
        Err(error) => {
            let text = format!("{url} answers a GET and no POST: {error}");
            return (vec![Finding::problem("post", text, "let the proxy pass POST requests")], false);
        }
    };
    if let Some(finding) = refused(page.origin, &answer) {
        return (vec![finding], false);
    }
    let name = name(page.origin, config);
    let wrong = sent(page.origin, config, &answer).or_else(|| comes_back(page, &name));
    let fine = || Finding::ok("cookie", format!("the cookie {name} arrives and comes back"));
    (vec![wrong.unwrap_or_else(fine)], true)
}

/// What the cookie is called at this URL: over https it has the prefix that makes browsers insist on `Secure`.
fn name(url: &Origin, config: &Config) -> String {
    let prefix = if url.is_https() { "__Host-" } else { "" };
    format!("{prefix}{}", config.cookie_name)
}

fn refused(url: &Origin, answer: &Answer) -> Option<Finding> {
    if answer.status == 204 {
        return None;
    }
    if answer.code().as_deref() == Some("cross_origin") {
        let json = answer.json();
        let detail = json.get("detail").and_then(|detail| detail.as_str()).unwrap_or_default();
        let text = format!("the server refuses what its own pages at {url} post. It says: {detail}");
        return Some(Finding::problem("origin", text, format!("public_url = \"{url}\"")));
    }
    let text = format!("{url} answers {} to POST /auth/logout, where 204 is right", answer.status);
    Some(Finding::problem("post", text, "let the proxy pass POST requests with their Origin and Content-Type"))
}

/// What is wrong with the cookie as it arrives.
fn sent(url: &Origin, config: &Config, answer: &Answer) -> Option<Finding> {
    let name = name(url, config);
    let base = &config.cookie_name;
    let lines: Vec<_> = answer.all("set-cookie").collect();
    let named = |name: &str| lines.iter().find(|line| line.split('=').next() == Some(name));
    let Some(line) = named(&name) else {
        let other = [base.clone(), format!("__Host-{base}")].into_iter().find(|other| named(other).is_some());
        let ours = lines.iter().find(|line| line.contains("SameSite=Strict") && line.contains("Max-Age=0"));
        let ours = ours.and_then(|line| line.split('=').next());
        return Some(match (other, ours) {
            (Some(other), _) => {
                let text = format!(
                    "the server names its cookie {other} at {url}, where {name} is right: it takes the \
                     other scheme for its own"
                );
                Finding::problem("cookie_name", text, format!("public_url = \"{url}\""))
            }
            (None, Some(ours)) => {
                let text = format!("the server names its cookie {ours}, and the settings here {name}");
                Finding::problem("cookie_name", text, "start the server anew; it runs with other settings than these")
            }
            (None, None) => {
                let text = format!("the cookie {name} is lost on the way from the server to {url}");
                Finding::problem("cookie_lost", text, "let the proxy pass Set-Cookie on")
            }
        });
    };
    let wrong = changed(url, line)?;
    let text = format!("the cookie {name} arrives {wrong}: somebody on the way rewrites it");
    Some(Finding::problem("cookie_changed", text, "take proxy_cookie_path, proxy_cookie_domain and the like out"))
}

/// What differs from a cookie that the server sends (RFC 6265bis, section 4.1.2).
fn changed(url: &Origin, line: &str) -> Option<&'static str> {
    let attributes: Vec<_> = line.split(';').skip(1).map(|attribute| attribute.trim().to_ascii_lowercase()).collect();
    let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
    [
        (!has("httponly"), "without HttpOnly"),
        (!has("samesite=strict"), "without SameSite=Strict"),
        (!has("path=/"), "with another Path than /"),
        (attributes.iter().any(|attribute| attribute.starts_with("domain=")), "with a Domain"),
        (url.is_https() && !has("secure"), "without Secure"),
        (!url.is_https() && has("secure"), "with Secure, over plain http"),
    ]
    .into_iter()
    .find_map(|(wrong, what)| wrong.then_some(what))
}

/// Whether a cookie reaches the server: with it the refusal is another one than without.
fn comes_back(page: &Page<'_>, name: &str) -> Option<Finding> {
    let url = page.url;
    let answer = page.post("/auth/refresh").with("Cookie", format!("{name}={PROBE}")).send(url).ok()?;
    match answer.code().as_deref() {
        Some("invalid_refresh_token") => None,
        Some("no_refresh_token") => {
            let text = format!("the cookie {name} is lost on the way from {url} to the server");
            Some(Finding::problem("cookie_lost", text, "let the proxy pass Cookie on"))
        }
        _ => {
            let text = format!("{url} answers {} to POST /auth/refresh, where 401 is right", answer.status);
            Some(Finding::problem("post", text, "let the proxy pass POST requests with their Cookie"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_does_to_a_cookie_is_seen() {
        let (http, https) = ("http://a.example".parse().unwrap(), "https://a.example".parse().unwrap());
        let line = "__Host-x=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(changed(&https, line), None);
        assert_eq!(changed(&http, line), Some("with Secure, over plain http"));
        assert_eq!(changed(&http, line.trim_end_matches("; Secure")), None);
        for (from, to, what) in [
            ("; HttpOnly", "", "without HttpOnly"),
            ("Strict", "Lax", "without SameSite=Strict"),
            ("Path=/", "Path=/auth", "with another Path than /"),
            ("Path=/", "Path=/; Domain=a.example", "with a Domain"),
            ("; Secure", "", "without Secure"),
        ] {
            assert_eq!(changed(&https, &line.replace(from, to)), Some(what));
        }
    }
}
