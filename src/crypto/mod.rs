//! Layer 2: secrets, hashes of passwords, and tokens.

pub mod password;
pub mod stored_hash;
