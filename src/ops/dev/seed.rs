//! Whom the stub knows from the start.

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::config::dev::DevUser;
use crate::crypto::digest::sha256;
use crate::crypto::password;
use crate::crypto::stored_hash::Cost;
use crate::domain::email::EmailKey;
use crate::domain::lockout::Failures;
use crate::domain::password::Typed;
use crate::domain::user::Status;
use crate::store::error::Error;
use crate::store::op::Op;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// What is remembered as the start.
pub const START: &str = "start";

/// Adds those who are not there yet, and remembers all of it as the start.
pub struct Seed(Vec<User>);

impl Seed {
    /// Hashes their passwords at once: at the stub's cost that takes a millisecond each.
    pub fn new(users: &[DevUser], cost: Cost, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let users = users.iter().filter_map(|user| row(user, cost, now, entropy).transpose());
        Ok(Self(users.collect::<Result<_, _>>()?))
    }
}

impl Op for Seed {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        for user in &self.0 {
            // False where the address is taken: a folder that was kept has its users already.
            tx.insert_user(user)?;
        }
        // The first of all: there is room for it.
        tx.take_snapshot(START).map(drop)
    }
}

fn row(user: &DevUser, cost: Cost, now: Timestamp, entropy: &dyn Entropy) -> Result<Option<User>, NoEntropy> {
    // The settings have looked at it.
    let Ok(typed) = Typed::parse(&user.password) else { return Ok(None) };
    let hash = password::rehash(&typed, cost, bytes(entropy)?);
    Ok(Some(User {
        id: id(user.email.key()),
        email: user.email.as_str().to_owned(),
        email_key: user.email.key().as_str().to_owned(),
        password: Some((hash.as_str().to_owned(), cost.get().into())),
        role: user.role.clone(),
        status: if user.disabled { Status::Disabled } else { Status::Active },
        version: 0,
        failures: Failures::default(),
        created_at: now,
        signed_in_at: None,
    }))
}

/// The same at every start, so that tests can name it: a UUID of version 8 (RFC 9562, section 5.8).
fn id(key: &EmailKey) -> UserId {
    let hash = sha256(format!("doorward dev user {}", key.as_str()).as_bytes());
    let mut id = [0; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    UserId::from_bytes(id)
}
