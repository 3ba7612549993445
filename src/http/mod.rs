//! Layer 4: HTTP.
