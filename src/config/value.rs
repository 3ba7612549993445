//! Reads one value: as TOML gives it, or as text from the environment.
//!
//! What is wrong is said without the value, for it may have been meant for another, secret setting;
//! only what was understood (a network, a span) is shown again.

use std::ops::RangeInclusive;
use std::str::FromStr;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};
use ipnet::IpNet;

use crate::base::time::Ttl;
use crate::config::names;
use crate::domain::lockout::Rate;

/// The most that a rate may let through in its window.
const MAX_BURST: u32 = 100_000;

/// A text as it stands, whatever it looks like.
pub(crate) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be text in quotes".to_owned())
}

/// A text that `T` can read; `expected` says what it should have been.
pub(crate) fn parsed<T: FromStr>(value: &Value, expected: &str) -> Result<T, String> {
    text(value)?.parse().map_err(|_| format!("must be {expected}"))
}

/// A text that `T` can read or say what is wrong with.
pub(crate) fn told<T: FromStr<Err: ToString>>(value: &Value) -> Result<T, String> {
    text(value)?.parse().map_err(|bad: T::Err| bad.to_string())
}

/// A line of text without control characters, of 1 to `max` bytes.
pub(crate) fn line(value: &Value, max: usize) -> Result<String, String> {
    let text = text(value)?;
    if text.trim().is_empty() || text.len() > max || text.contains(char::is_control) {
        return Err(format!("must be one line of 1 to {max} bytes"));
    }
    Ok(text.to_owned())
}

/// A colour: `#` and six hexadecimal digits.
pub(crate) fn colour(value: &Value) -> Result<String, String> {
    let digits = text(value)?.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("must be # and six hexadecimal digits, as in \"#2f5d50\"".to_owned());
    }
    Ok(format!("#{}", digits.to_ascii_lowercase()))
}

/// True or false.
pub(crate) fn yes_or_no(value: &Value) -> Result<bool, String> {
    match value.as_str() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err("must be true or false".to_owned()),
        None => value.to_bool().ok_or_else(|| "must be true or false".to_owned()),
    }
}

/// So many letters may be wrong for a word to be the one that was meant.
const LIKE: usize = 3;

/// One of some words.
pub(crate) fn choice<T: Copy>(value: &Value, words: &[(&'static str, T)]) -> Result<T, String> {
    let text = text(value)?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant).ok_or_else(|| {
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        // Only where it can have been meant: who asks for `invite` is not to be led to `open`.
        let is_like = |word: &&str| strsim::damerau_levenshtein(text, word) <= LIKE;
        let nearest = names::nearest(text, all.iter().copied()).filter(is_like);
        let nearest = nearest.map(|nearest| format!("; the nearest is \"{nearest}\"")).unwrap_or_default();
        format!("must be one of {}{nearest}", all.join(", "))
    })
}

/// A whole number within bounds.
pub(crate) fn whole(value: &Value, bounds: RangeInclusive<u32>) -> Result<u32, String> {
    let number = match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.to_i128().and_then(|number| u32::try_from(number).ok()),
    };
    let wrong = || format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
    number.filter(|number| bounds.contains(number)).ok_or_else(wrong)
}

/// A span of whole seconds within bounds, which are given in seconds.
pub(crate) fn span(value: &Value, bounds: RangeInclusive<i64>) -> Result<Ttl, String> {
    let span: Ttl = told(value)?;
    within(span, bounds)
}

fn within(span: Ttl, bounds: RangeInclusive<i64>) -> Result<Ttl, String> {
    if span.millis() % 1000 == 0 && bounds.contains(&span.secs()) {
        return Ok(span);
    }
    let bound = |secs: &i64| shown(Ttl::from_secs(*secs));
    Err(format!("must be whole seconds, from {} to {}", bound(bounds.start()), bound(bounds.end())))
}

/// A span as people write it: days only from two on.
pub(crate) fn shown(span: Ttl) -> String {
    if span == Ttl::from_days(1) { "24h".to_owned() } else { span.to_string() }
}

/// A rate such as `5/15m`: at most 100,000, in a window of 1 second to 24 hours.
pub(crate) fn rate(value: &Value) -> Result<Rate, String> {
    let wrong = || "must be a number and a window, such as \"5/15m\"".to_owned();
    let (burst, window) = text(value)?.split_once('/').ok_or_else(wrong)?;
    let burst: u32 = burst.parse().map_err(|_| wrong())?;
    let window = window.parse().map_err(|_| wrong())?;
    if !(1..=MAX_BURST).contains(&burst) {
        return Err(format!("the number must be from 1 to {MAX_BURST}"));
    }
    let window = within(window, 1..=86_400).map_err(|bad| format!("the window {bad}"))?;
    Ok(Rate { burst, window })
}

/// Several texts: an array, or one text with commas between. Each is read by `read`; a bad one is told by
/// its number.
pub(crate) fn list<T>(value: &Value, read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let texts = texts(value).ok_or("must be a list of texts, such as [\"one\", \"two\"], or one,two in a variable")?;
    let read_one = |(at, text): (usize, &String)| read(text).map_err(|bad| format!("entry {}: {bad}", at + 1));
    texts.iter().enumerate().map(read_one).collect()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let Some(text) = value.as_str() else {
        return value.as_array()?.iter().map(|entry| entry.as_str().map(str::to_owned)).collect();
    };
    let text = text.trim();
    if text.starts_with('[') {
        let dict = Toml::from_str::<Dict>(&format!("list = {text}")).ok()?;
        let array = dict.get("list").filter(|list| dict.len() == 1 && list.as_array().is_some())?;
        return texts(array);
    }
    if text.is_empty() {
        return Some(Vec::new());
    }
    Some(text.split(',').map(|entry| entry.trim().to_owned()).collect())
}

/// A network, or an address that stands for itself alone. IPv4 in its IPv6 form is IPv4.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let net = match text.parse() {
        Ok(address) => Ok(IpNet::from(std::net::IpAddr::to_canonical(&address))),
        Err(_) => text.parse::<IpNet>().map(canonical),
    };
    let wrong = |_| "must be an address or a network, such as \"192.0.2.1\" or \"2001:db8::/48\"".to_owned();
    let net = net.map_err(wrong)?;
    if net.prefix_len() == 0 {
        return Err("everybody would be believed: write the proxy's own address".to_owned());
    }
    if net.addr() != net.network() {
        let (address, network) = (net.addr(), net.trunc());
        return Err(format!("both an address and a network: write \"{address}\" or \"{network}\""));
    }
    Ok(net)
}

fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    v4.and_then(|(address, prefix)| IpNet::new(address.into(), prefix).ok()).unwrap_or(net)
}

/// The name of a cookie: a token (RFC 6265, section 4.1.1; RFC 2616, section 2.2) of at most 64 bytes that
/// takes no prefix and no other cookie's name for itself.
pub(crate) fn cookie_name(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    let good = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(good) {
        return Err("must be 1 to 64 letters, digits and the like, as a cookie's name allows".to_owned());
    }
    if text.starts_with("__") {
        return Err("must not start with __: over https the prefix __Host- comes by itself".to_owned());
    }
    if ["device", "sso"].iter().any(|taken| text.eq_ignore_ascii_case(taken)) {
        return Err("must not be \"device\" or \"sso\": other cookies have these names".to_owned());
    }
    Ok(text.to_owned())
}

/// An issuer: printable ASCII, and a URI where it holds a colon (RFC 7519, section 2). Without a user name
/// and password, since everybody sees it.
pub(crate) fn issuer(value: &Value) -> Result<String, String> {
    let text = line(value, 255)?;
    let uri = url::Url::parse(&text);
    let good = match &uri {
        Ok(uri) => uri.username().is_empty() && uri.password().is_none(),
        Err(_) => !text.contains(':'),
    };
    if good && text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(text);
    }
    Err("must be a URI or a plain word, without blanks, user name and password".to_owned())
}

/// A filter of the log. A word that is no level would silence everything else, so it needs its `=level`.
pub(crate) fn log_filter(value: &Value) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = line(value, 1000)?;
    // A blank would become a part of a target's name.
    let text = text.split(',').map(str::trim).collect::<Vec<_>>().join(",");
    let wrong = || "must be a level, or target=level with commas between".to_owned();
    let level = |part: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(part));
    let bare = text.split(',').find(|part| !part.contains('=') && !level(part));
    if let Some(bare) = bare {
        let nearest = names::nearest(bare, LEVELS).unwrap_or_default();
        let all = LEVELS.join(", ");
        return Err(format!("must be a level ({all}) or target=level; the nearest level is \"{nearest}\""));
    }
    text.parse::<tracing_subscriber::filter::Targets>().map_err(|_| wrong())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Value {
        Value::from(text)
    }

    #[test]
    fn a_text_is_taken_as_it_stands() {
        for text in ["12345678", "true", "0042", "[a]", "\"quoted\"", " blank "] {
            assert_eq!(super::text(&value(text)), Ok(text));
        }
        assert!(super::text(&Value::from(12_345_678)).is_err());
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        assert_eq!(whole(&Value::from(12), 10..=15), Ok(12));
        assert_eq!(whole(&value("12"), 10..=15), Ok(12));
        for bad in [Value::from(9), Value::from(16), Value::from(-12), Value::from(12.0), Value::from(true)] {
            assert_eq!(whole(&bad, 10..=15), Err("must be a whole number from 10 to 15".to_owned()), "{bad:?}");
        }
        assert!(whole(&value("4294967308"), 10..=15).is_err());
    }

    #[test]
    fn a_span_is_whole_seconds_within_its_bounds() {
        assert_eq!(span(&value("15m"), 10..=86_400), Ok(Ttl::from_mins(15)));
        let bounds = Err("must be whole seconds, from 10s to 24h".to_owned());
        for bad in ["9s", "25h", "10500ms", "0"] {
            assert_eq!(span(&value(bad), 10..=86_400), bounds, "{bad}");
        }
        assert!(span(&value("15min"), 10..=86_400).unwrap_err().starts_with("not a duration"));
        assert_eq!([shown(Ttl::from_days(1)), shown(Ttl::from_days(2))], ["24h", "2d"]);
    }

    #[test]
    fn a_rate_is_a_number_and_a_window() {
        assert_eq!(rate(&value("5/15m")), Ok(Rate { burst: 5, window: Ttl::from_mins(15) }));
        for bad in ["", "5", "/15m", "5/", "5/15", "5 / 15m", "-5/15m", "0/15m", "100001/1s", "5/0s", "5/25h", "5/1m/2"]
        {
            assert!(rate(&value(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_is_an_array_or_has_commas() {
        let read = |value| list(&value, |text| Ok(text.to_owned()));
        let two = Ok(vec!["a".to_owned(), "b".to_owned()]);
        for form in [value("a,b"), value(" a , b "), value("['a', \"b\"]"), Value::from(vec!["a", "b"])] {
            assert_eq!(read(form.clone()), two, "{form:?}");
        }
        assert_eq!((read(value("")), read(value("[]"))), (Ok(vec![]), Ok(vec![])));
        for bad in [value("['a'"), value("[1]"), value("[]\nx = 1"), Value::from(7), Value::from(vec![7])] {
            assert!(read(bad.clone()).is_err(), "{bad:?}");
        }
        let bad = list(&value("192.0.2.1,x"), network).unwrap_err();
        assert!(bad.starts_with("entry 2: must be an address or a network"), "{bad}");
    }

    #[test]
    fn an_address_is_a_network_of_one() {
        for (text, net) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), net, "{text}");
        }
        for all in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "1.2.3.4/0"] {
            assert!(network(all).unwrap_err().starts_with("everybody"), "{all}");
        }
        assert!(network("10.1.2.3/8").unwrap_err().contains("\"10.1.2.3\" or \"10.0.0.0/8\""));
        for bad in ["", "localhost", "10.0.0.1:80", "10.0.0.0/33", "10.0.0.0/", "010.0.0.1"] {
            assert!(network(bad).unwrap_err().starts_with("must be an address"), "{bad}");
        }
    }

    #[test]
    fn a_cookie_name_is_a_token_that_is_still_free() {
        assert_eq!(cookie_name(&value("refreshToken")).unwrap(), "refreshToken");
        for bad in ["", "a b", "a=b", "a;b", "ä", "a\n", "__Host-a", "__a", "device", "Device", "sso"] {
            assert!(cookie_name(&value(bad)).is_err(), "{bad:?}");
        }
        assert!(cookie_name(&value(&"a".repeat(65))).is_err());
    }

    #[test]
    fn an_issuer_with_a_colon_is_a_uri() {
        for good in ["doorward", "https://auth.example.com/realm", "urn:example:a"] {
            assert_eq!(issuer(&value(good)).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "http://[", ":a", "https://ann:pw@example.com", "https://ann@example.com", "é"] {
            assert!(issuer(&value(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_misspelled_level_is_no_filter() {
        for good in ["info", "WARN", "warn,doorward=debug"] {
            assert_eq!(log_filter(&value(good)).as_deref(), Ok(good));
        }
        assert_eq!(log_filter(&value(" warn , doorward=debug")).as_deref(), Ok("warn,doorward=debug"));
        assert!(log_filter(&value("doorward[request{id=1}]=trace")).is_err());
        assert!(log_filter(&value("debgu")).unwrap_err().ends_with("the nearest level is \"debug\""));
        assert!(log_filter(&value("doorward=loud")).is_err());
        assert!(log_filter(&value("é\u{1258}=/")).is_err(), "and no panic");
    }

    #[test]
    fn a_wrong_word_is_told_the_nearest() {
        let words = [("closed", 1), ("open", 2)];
        assert_eq!(choice(&value("open"), &words), Ok(2));
        let bad = choice(&value("Opne"), &words);
        assert_eq!(bad, Err("must be one of closed, open; the nearest is \"open\"".to_owned()));
        assert_eq!(choice(&value("invite"), &words), Err("must be one of closed, open".to_owned()));
    }

    proptest! {
        #[test]
        fn every_rate_reads_as_it_is_written(burst in 1..=MAX_BURST, secs in 1_i64..=86_400) {
            let meant = Rate { burst, window: Ttl::from_secs(secs) };
            prop_assert_eq!(rate(&value(&format!("{burst}/{}", meant.window))), Ok(meant));
        }

        #[test]
        fn no_filter_makes_its_parser_panic(text in "[ -~]{0,40}|([a-z:]{0,4}|[\\[\\]{}=,\"/ ]|info){0,12}") {
            let _ = log_filter(&value(&text));
        }

        #[test]
        fn nothing_typed_makes_a_reader_panic(text in "\\PC{0,40}") {
            let value = value(&text);
            let _ = (rate(&value), span(&value, 0..=9), list(&value, network), network(&text), issuer(&value));
            let _ = (cookie_name(&value), log_filter(&value), choice(&value, &[("a", 1)]), whole(&value, 0..=9));
        }
    }
}
