//! Layer 4: what runs on a ticker.
