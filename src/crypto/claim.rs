//! How the values of claims are spelled: each in one way, so that a claim of another type or form is refused.

/// A text that is exactly what its value prints: ids and versions. For `#[serde(with)]`.
pub mod text {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Prints it.
    pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads it, and refuses any other spelling.
    pub fn deserialize<'de, T: FromStr + Display, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let value: T = text.parse().map_err(|_| D::Error::custom("not a value of this claim"))?;
        if value.to_string() == text { Ok(value) } else { Err(D::Error::custom("another spelling of the value")) }
    }
}

/// A NumericDate in whole seconds (RFC 7519, section 2): an integer, and nothing that looks like one.
/// For `#[serde(with)]`.
pub mod secs {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::base::time::Timestamp;

    /// Prints it, rounded down.
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.secs())
    }

    /// Reads it, if it is a time that a [`Timestamp`] can hold.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let secs = i64::deserialize(deserializer)?;
        let at = Timestamp::from_secs(secs);
        if at.secs() == secs { Ok(at) } else { Err(D::Error::custom("a time out of range")) }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::base::time::Timestamp;
    use crate::domain::version::Version;

    #[derive(Debug, Serialize, Deserialize)]
    struct Claims {
        #[serde(with = "super::text")]
        ver: Version,
        #[serde(with = "super::secs")]
        exp: Timestamp,
    }

    #[test]
    fn a_claim_prints_as_it_was_read() {
        let json = r#"{"ver":"3.14","exp":1790000000}"#;
        let claims: Claims = serde_json::from_str(json).unwrap();
        assert_eq!(claims.ver, Version { epoch: 3, number: 14 });
        assert_eq!(serde_json::to_string(&claims).unwrap(), json);
    }

    #[test]
    fn a_time_is_a_whole_number_of_seconds_and_nothing_else() {
        for exp in [
            "\"9999999999\"",
            "null",
            "1e400",
            "1e9",
            "1.5",
            "1790000000.0",
            "true",
            "[1]",
            "{}",
            "1e-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "",
        ] {
            let json = format!(r#"{{"ver":"0.0","exp":{exp}}}"#);
            assert!(serde_json::from_str::<Claims>(&json).is_err(), "{exp}");
        }
    }

    #[test]
    fn a_version_has_one_spelling() {
        for ver in ["\"03.14\"", "\"3.014\"", "\"+3.14\"", "\"3\"", "\"3.14.1\"", "\" 3.14\"", "3.14", "null", "[3,14]"]
        {
            let json = format!(r#"{{"ver":{ver},"exp":1}}"#);
            assert!(serde_json::from_str::<Claims>(&json).is_err(), "{ver}");
        }
    }
}
