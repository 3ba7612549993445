//! Points in time, spans, and the one place that asks the system for them.
//!
//! Everything below `ops` receives the time as a value; `ops` and `jobs` read a [`Clock`] once a call.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z. May be before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A span of time in milliseconds. Negative where a clock went back.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(i64);

const HOUR: Ttl = Ttl::from_mins(60);

/// What tells the time. [`SystemClock`] in a running server, a clock that they move in tests.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: for what is stored or shown.
    fn now(&self) -> Timestamp;
    /// Time since some fixed point, which never goes back: for measuring waits.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp(match since {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970, as a JWT's NumericDate has them (RFC 7519, section 2).
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down: a JWT's NumericDate.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Which hour it lies in, counted from the first of 1970.
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(HOUR.0)
    }

    /// When an hour begins.
    pub const fn from_hour(hour: i64) -> Self {
        Self(hour.saturating_mul(HOUR.0))
    }

    /// From RFC 3339, with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        i64::try_from(nanos.div_euclid(1_000_000)).ok().map(Self)
    }

    /// RFC 3339 in UTC with milliseconds, as it stands in JSON.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| format!("{}ms", self.0))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl Add<Ttl> for Timestamp {
    type Output = Self;
    fn add(self, span: Ttl) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Ttl> for Timestamp {
    type Output = Self;
    fn sub(self, span: Ttl) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Ttl;
    fn sub(self, other: Self) -> Ttl {
        Ttl(self.0.saturating_sub(other.0))
    }
}

impl Ttl {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From minutes.
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// From days of 24 hours.
    pub const fn from_days(days: i64) -> Self {
        Self::from_mins(days.saturating_mul(1440))
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole seconds, rounded up and at least one: what `Retry-After` takes (RFC 9110, section 10.2.3).
    pub fn retry_after(self) -> u64 {
        u64::try_from(self.0.max(1)).map_or(1, |millis| millis.div_ceil(1000))
    }

    /// Its size, whatever its sign.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// As a [`Duration`]; nothing where it is negative.
    pub fn as_duration(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

impl From<Duration> for Ttl {
    fn from(span: Duration) -> Self {
        Self(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Why a text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a whole number and a unit, such as \"500ms\", \"10s\", \"15m\", \"24h\" or \"7d\"")]
pub struct BadTtl;

const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl FromStr for Ttl {
    type Err = BadTtl;

    fn from_str(text: &str) -> Result<Self, BadTtl> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let number: i64 = digits.parse().map_err(|_| BadTtl)?;
        if unit.is_empty() && number == 0 {
            return Ok(Self::ZERO);
        }
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(BadTtl)?;
        number.checked_mul(*millis).map(Self).ok_or(BadTtl)
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let fits = UNITS.iter().find(|(_, millis)| self.0 % millis == 0);
        let (unit, millis) = fits.copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", self.0 / millis)
    }
}

impl fmt::Debug for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Ttl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_and_prints_in_its_largest_unit() {
        for (text, millis, printed) in [
            ("10s", 10_000, "10s"),
            ("90m", 5_400_000, "90m"),
            ("24h", 86_400_000, "1d"),
            ("0", 0, "0s"),
            ("250ms", 250, "250ms"),
        ] {
            let span: Ttl = text.parse().unwrap();
            assert_eq!((span.millis(), span.to_string()), (millis, printed.to_owned()), "{text}");
        }
        for bad in ["", "15", "m", "-1s", "1.5h", "15 m", "15min", "99999999999999999999d", "9223372036854775807d"] {
            assert_eq!(bad.parse::<Ttl>(), Err(BadTtl), "{bad}");
        }
    }

    #[test]
    fn a_wait_is_never_announced_shorter_than_it_is() {
        for (millis, secs) in [(-5, 1), (0, 1), (1, 1), (1000, 1), (1001, 2), (179_999, 180)] {
            assert_eq!(Ttl::from_millis(millis).retry_after(), secs);
        }
    }

    #[test]
    fn time_before_1970_rounds_down() {
        assert_eq!(Timestamp::from_millis(-1).secs(), -1);
        assert_eq!(Timestamp::from_millis(1_500).rfc3339(), "1970-01-01T00:00:01.5Z");
    }
}
