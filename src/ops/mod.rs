//! Layer 3: one file a use case, and the `Ctx` that they all work in.
