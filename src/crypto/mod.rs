//! Layer 2: secrets, hashes of passwords, and tokens.

pub mod hash_pool;
pub mod password;
pub mod stored_hash;
