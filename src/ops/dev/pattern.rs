//! Which calls a fault is for: `POST /auth/refresh`, `/auth/admin/*`, `DELETE /auth/sessions/{id}` or `*`.

use std::fmt;
use std::str::FromStr;

/// The longest, in bytes.
const MAX: usize = 200;

/// A method, or any, and an address, which may end in `*`; a part in braces stands for any one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    method: Option<String>,
    /// What stands between the slashes; of the last one only the beginning where it is open.
    parts: Vec<String>,
    open: bool,
}

/// Not such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `*`, and not an address such as `/auth/me` or `/auth/*` with or without a method before it")]
pub struct BadPattern;

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let (method, path) = text.split_once(' ').map_or((None, text), |(method, path)| (Some(method), path));
        let method = method.filter(|method| *method != "*");
        if method.is_some_and(|method| method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase())) {
            return Err(BadPattern);
        }
        let (fixed, open) = path.strip_suffix('*').map_or((path, false), |fixed| (fixed, true));
        let fixed = if fixed.is_empty() && open { "/" } else { fixed };
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"*?#".contains(&byte);
        let parts = fixed.strip_prefix('/').ok_or(BadPattern)?;
        if text.len() > MAX || !parts.bytes().all(plain) {
            return Err(BadPattern);
        }
        let parts = parts.split('/').map(str::to_owned).collect();
        Ok(Self { text: text.to_owned(), method: method.map(str::to_owned), parts, open })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// Whether a call with this method and address is meant.
    pub fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method) && self.fits_path(path)
    }

    /// Whether it is so wide that it names no place: `*`, `/*` or `/a*`.
    pub fn is_wide(&self) -> bool {
        self.open && self.parts.len() == 1
    }

    fn fits_path(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut given = path.split('/');
        let last = self.parts.len().saturating_sub(1);
        let fit = self.parts.iter().enumerate().all(|(at, wanted)| {
            let begins = self.open && at == last;
            given.next().is_some_and(|part| if begins { part.starts_with(wanted) } else { stands_for(wanted, part) })
        });
        fit && (self.open || given.next().is_none())
    }
}

/// A part in braces stands for any other, on either side: routes have such parts too.
fn stands_for(wanted: &str, part: &str) -> bool {
    let is_any = |part: &str| part.starts_with('{') && part.ends_with('}');
    wanted == part || (is_any(wanted) && !part.is_empty()) || (is_any(part) && !wanted.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_fits_what_it_names() {
        for (pattern, call, fits) in [
            ("POST /auth/refresh", "POST /auth/refresh", true),
            ("POST /auth/refresh", "GET /auth/refresh", false),
            ("POST /auth/refresh", "POST /auth/refresh/", false),
            ("POST /auth/refresh", "POST /auth", false),
            ("/auth/refresh", "DELETE /auth/refresh", true),
            ("* /auth/refresh", "DELETE /auth/refresh", true),
            ("*", "GET /", true),
            ("*", "GET /auth/me", true),
            ("GET *", "POST /auth/me", false),
            ("/auth/admin/*", "GET /auth/admin/users/7", true),
            ("/auth/admin/*", "GET /auth/admin", false),
            ("/auth/l*", "POST /auth/logout-all", true),
            ("/auth/l*", "POST /auth/me", false),
            ("DELETE /auth/sessions/{id}", "DELETE /auth/sessions/7", true),
            ("DELETE /auth/sessions/{id}", "DELETE /auth/sessions/", false),
            ("DELETE /auth/sessions/7", "DELETE /auth/sessions/{id}", true),
            ("/auth/sessions/{id}", "GET /auth/sessions/7/8", false),
        ] {
            let (method, path) = call.split_once(' ').unwrap();
            assert_eq!(pattern.parse::<Pattern>().unwrap().fits(method, path), fits, "{pattern} {call}");
        }
    }

    #[test]
    fn what_could_never_fit_is_refused() {
        let long = format!("/{}", "a".repeat(MAX));
        for bad in
            ["", " ", "auth/me", "post /auth/me", "POST", "/a*b", "**", "/a b", "POST  /a", "/a?b=1", "/é", &long]
        {
            assert_eq!(bad.parse::<Pattern>(), Err(BadPattern), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_plain_address_fits_itself(text in ".{0,40}", path in "(/[a-z0-9.-]{1,8}){1,4}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                let _ = pattern.fits("GET", &path);
            }
            prop_assert!(path.parse::<Pattern>().unwrap().fits("GET", &path));
            let (open, below) = (format!("{path}*").parse::<Pattern>().unwrap(), format!("{path}x/y"));
            prop_assert!(open.fits("GET", &below) && open.fits("GET", &path));
        }
    }
}
