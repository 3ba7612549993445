//! The forms in which a password's hash is stored: our own, and bcrypt as other systems write it.
//!
//! Ours is passlib's bcrypt_sha256 of version 2: `$bcrypt-sha256$v=2,t=2b,r=12$<22 salt>$<31 digest>`.
//! Salt and digest are in bcrypt's own base64, where the last character has bits to spare; as
//! passlib and OpenBSD do, those are not looked at.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};

use crate::domain::password::{PasswordHash, Typed};

const BASE_64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, LENIENT);
const LENIENT: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);
const OURS: &str = "$bcrypt-sha256$v=2,t=2b,r=";

/// From this many bytes on bcrypt can't tell a password from a longer one: it reads 72, and one of
/// them is the NUL that ends a shorter password.
const CUT: usize = 72;

/// bcrypt's cost, the logarithm of its rounds: 4 to 15. 31, which the format could say, takes a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(u8);

/// Not a cost that this server works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bcrypt cost is {} to {}", Cost::LOWEST.0, Cost::HIGHEST.0)]
pub struct BadCost;

/// How the password goes into bcrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a digest of its NFC form, keyed by the salt: nothing is cut, and no leaked digest helps.
    Ours,
    /// Itself as typed, of which bcrypt reads the first 72 bytes: `$2a$`, `$2b$`, `$2y$`.
    Plain,
}

/// A stored hash, read.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    form: Form,
    cost: Cost,
    salt: [u8; 16],
    digest: [u8; 23],
}

/// Why a stored hash can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// None of the forms, or cut.
    #[error("not a hash of the form $bcrypt-sha256$v=2,t=2b,…, $2a$…, $2b$… or $2y$…")]
    Malformed,
    /// `$2x$`, from a bcrypt that got characters outside ASCII wrong and let other passwords in.
    #[error("$2x$ hashes come from a broken bcrypt and are not taken")]
    Broken,
    /// A cost too low to be safe or too high to be checked.
    #[error(transparent)]
    Cost(#[from] BadCost),
}

impl Cost {
    /// bcrypt's own least.
    pub const LOWEST: Self = Self(4);
    /// About two seconds of one core.
    pub const HIGHEST: Self = Self(15);

    /// The number, such as 12.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u32> for Cost {
    type Error = BadCost;
    fn try_from(cost: u32) -> Result<Self, BadCost> {
        let cost = u8::try_from(cost).map(Self).map_err(|_| BadCost)?;
        if (Self::LOWEST..=Self::HIGHEST).contains(&cost) { Ok(cost) } else { Err(BadCost) }
    }
}

impl StoredHash {
    /// Reads a stored or an imported hash, whatever it may hold.
    pub fn parse(text: &str) -> Result<Self, BadHash> {
        if let Some(rest) = text.strip_prefix(OURS) {
            let (cost, rest) = rest.split_once('$').ok_or(BadHash::Malformed)?;
            let (salt, digest) = rest.split_once('$').ok_or(BadHash::Malformed)?;
            if cost.starts_with('0') {
                return Err(BadHash::Malformed);
            }
            return Self::from_parts(Form::Ours, cost, salt, digest);
        }
        if text.starts_with("$2x$") {
            return Err(BadHash::Broken);
        }
        let rest = ["$2a$", "$2b$", "$2y$"].into_iter().find_map(|prefix| text.strip_prefix(prefix));
        let (cost, rest) = rest.and_then(|rest| rest.split_once('$')).ok_or(BadHash::Malformed)?;
        let (salt, digest) = rest.split_at_checked(22).ok_or(BadHash::Malformed)?;
        if cost.len() != 2 {
            return Err(BadHash::Malformed);
        }
        Self::from_parts(Form::Plain, cost, salt, digest)
    }

    fn from_parts(form: Form, cost: &str, salt: &str, digest: &str) -> Result<Self, BadHash> {
        if cost.is_empty() || !cost.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadHash::Malformed);
        }
        // Digits that are too many for a number are too high a cost.
        let cost = Cost::try_from(cost.parse().unwrap_or(u32::MAX))?;
        Ok(Self { form, cost, salt: decode(salt)?, digest: decode(digest)? })
    }

    /// One of our form, of these parts.
    pub const fn ours(cost: Cost, salt: [u8; 16], digest: [u8; 23]) -> Self {
        Self { form: Form::Ours, cost, salt, digest }
    }

    /// As its column holds it. Only our own form is ever written.
    pub fn to_ours(&self) -> PasswordHash {
        let digest = BASE_64.encode(self.digest);
        PasswordHash::new(format!("{OURS}{}${}${digest}", self.cost.0, encode_salt(&self.salt)))
    }

    /// How the password goes into it.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Its cost.
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Its salt.
    pub const fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// What bcrypt gave, less the byte that it always drops.
    pub const fn digest(&self) -> &[u8; 23] {
        &self.digest
    }

    /// Whether a sign-in with this good password should replace it: it is of a lower cost than the
    /// setting's, or of a foreign form. A foreign hash stays where the password fills the 72 bytes that it
    /// covers: what was typed behind them was never checked, and must not become the password.
    pub fn needs_rehash(&self, setting: Cost, typed: &Typed) -> bool {
        match self.form {
            Form::Ours => self.cost < setting,
            Form::Plain => typed.raw().len() < CUT,
        }
    }
}

/// A salt in the 22 characters of its stored form.
pub fn encode_salt(salt: &[u8; 16]) -> String {
    BASE_64.encode(salt)
}

/// `N` bytes from exactly as many characters as they take.
fn decode<const N: usize>(text: &str) -> Result<[u8; N], BadHash> {
    // Ask for the length first, so that a long text costs nothing.
    if text.len() != (N * 8).div_ceil(6) {
        return Err(BadHash::Malformed);
    }
    let bytes = BASE_64.decode(text).map_err(|_| BadHash::Malformed)?;
    bytes.try_into().map_err(|_| BadHash::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS_4: &str = "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$C3OPseganC.aTTJfRDcH2BxAzbY0DpC";
    const PLAIN_4: &str = "$2b$04$abcdefghijklmnopqrstuuG0dn23TmsW2CgnJryKiUOtvqgeAPA.2";

    fn cost(cost: u32) -> Cost {
        Cost::try_from(cost).unwrap()
    }

    #[test]
    fn our_form_is_read_and_written_the_same() {
        let hash = StoredHash::parse(OURS_4).unwrap();
        assert_eq!((hash.form(), hash.cost(), hash.to_ours().as_str()), (Form::Ours, cost(4), OURS_4));
        let twelve = OURS_4.replace("r=4", "r=12");
        assert_eq!(StoredHash::parse(&twelve).unwrap().to_ours().as_str(), twelve);
    }

    #[test]
    fn bits_to_spare_are_not_looked_at() {
        // passlib takes both for what they stand for, too.
        let spare = OURS_4.replace("oMye$", "oMyf$").replace("0DpC", "0DpD");
        assert!(StoredHash::parse(&spare).unwrap() == StoredHash::parse(OURS_4).unwrap());
        assert!(StoredHash::parse(&PLAIN_4.replace("stuuG", "stuvG")).is_ok());
    }

    #[test]
    fn three_foreign_forms_are_one() {
        let plain = StoredHash::parse(PLAIN_4).unwrap();
        assert_eq!((plain.form(), plain.cost()), (Form::Plain, cost(4)));
        for other in ["$2a$", "$2y$"] {
            assert!(StoredHash::parse(&PLAIN_4.replace("$2b$", other)).unwrap() == plain);
        }
        assert!(StoredHash::parse(&PLAIN_4.replace("$2b$", "$2x$")).is_err_and(|bad| bad == BadHash::Broken));
    }

    #[test]
    fn hostile_hashes_are_errors() {
        let ours = |from: &str, to: &str| StoredHash::parse(&OURS_4.replacen(from, to, 1)).err();
        let plain = |from: &str, to: &str| StoredHash::parse(&PLAIN_4.replacen(from, to, 1)).err();
        for high in ["r=16", "r=31", "r=3", "r=99999999999", "r=256"] {
            assert_eq!(ours("r=4", high), Some(BadHash::Cost(BadCost)), "{high}");
        }
        assert_eq!(plain("$04$", "$31$"), Some(BadHash::Cost(BadCost)));
        assert_eq!(plain("$04$", "$03$"), Some(BadHash::Cost(BadCost)));
        let malformed = Some(BadHash::Malformed);
        for to in ["r=04", "r=", "r=-4", "r=+4", "r= 4", "r=4 ", "r=٤", "r=4,p=1"] {
            assert_eq!(ours("r=4", to), malformed, "{to}");
        }
        for to in ["$4$", "$004$", "$$", "$+4$", "$é$"] {
            assert_eq!(plain("$04$", to), malformed, "{to}");
        }
        assert_eq!(ours("v=2", "v=1"), malformed);
        assert_eq!(ours("t=2b", "t=2a"), malformed);
        assert_eq!(ours("N9", "é"), malformed);
        assert_eq!(ours("N9", "N!"), malformed);
        assert_eq!(plain("abcd", "éé"), malformed);
        assert_eq!(plain("qrstuu", "qrstu\u{e9}"), malformed, "a character across the cut");
        for whole in [OURS_4, PLAIN_4] {
            for end in 0..whole.len() {
                assert!(StoredHash::parse(whole.get(..end).unwrap()).is_err(), "{end}");
            }
            assert!(StoredHash::parse(&format!("{whole}.")).is_err());
            assert!(StoredHash::parse(&format!("{whole}\n")).is_err());
        }
        assert!(StoredHash::parse(&format!("$2b$04${}", "a".repeat(1 << 20))).is_err());
    }

    #[test]
    fn a_lower_cost_or_a_foreign_form_is_replaced_where_the_password_is_known_whole() {
        let typed = |length: usize| Typed::parse(&"x".repeat(length)).unwrap();
        let (ours, plain) = (StoredHash::parse(OURS_4).unwrap(), StoredHash::parse(PLAIN_4).unwrap());
        assert!(ours.needs_rehash(cost(5), &typed(200)));
        assert!(!ours.needs_rehash(cost(4), &typed(8)));
        assert!(!StoredHash::parse(&OURS_4.replace("r=4", "r=13")).unwrap().needs_rehash(cost(12), &typed(8)));
        assert!(plain.needs_rehash(cost(4), &typed(8)) && plain.needs_rehash(cost(4), &typed(71)));
        assert!(!plain.needs_rehash(cost(12), &typed(72)));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*", digits in "[0-9]{0,12}", tail in "[./A-Za-z0-9$é]{0,60}") {
            let _ = StoredHash::parse(&text);
            let _ = StoredHash::parse(&format!("{OURS}{digits}${tail}"));
            let _ = StoredHash::parse(&format!("$2b${digits}${tail}"));
        }

        #[test]
        fn what_is_written_is_read(rounds in 4_u32..=15, salt: [u8; 16], digest: [u8; 23]) {
            let hash = StoredHash::ours(cost(rounds), salt, digest);
            prop_assert!(StoredHash::parse(hash.to_ours().as_str()) == Ok(hash));
        }
    }
}
