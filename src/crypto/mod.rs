//! Layer 2: secrets, hashes of passwords, and tokens.

pub mod claim;
pub mod digest;
pub mod hash_pool;
pub mod jwt;
pub mod master_key;
pub mod password;
pub mod seal;
pub mod stored_hash;
pub mod token;
