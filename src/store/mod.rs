//! Layer 2: the storage seam and SQLite behind it.
//!
//! A use case is an [`op::Op`]: it reads and writes rows through [`tx::Tx`] and knows no SQL. What only
//! looks is a closure over [`rows::Rows`]. `sqlite` is the one engine.

pub mod aside;
pub mod error;
pub mod op;
pub mod revocations;
pub mod rows;
pub mod sqlite;
pub mod tx;
