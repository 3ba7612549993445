//! Layer 2: secrets, hashes of passwords, and tokens.
