//! Layer 2: the storage seam and SQLite behind it.
