//! Layer 2: secrets, hashes of passwords, and tokens.

pub mod access;
pub mod claim;
pub mod dev_keys;
pub mod digest;
pub mod forge;
pub mod hash_pool;
pub mod hs256;
pub mod jwks;
pub mod jwt;
pub mod keys;
pub mod master_key;
pub mod new_key;
pub mod password;
mod pem;
pub mod ratchet;
mod ready;
pub mod refresh;
pub mod seal;
mod seen;
pub mod stored_hash;
pub mod token;

#[cfg(test)]
mod refresh_forged;

#[cfg(test)]
pub(crate) mod sample;
