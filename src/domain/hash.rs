//! The hashes of secrets. The store can name these and never the secrets themselves.

use std::fmt;

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From its 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// As its row holds it.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(…)", stringify!($name))
            }
        }
    )*};
}

hashes! {
    /// The SHA-256 of a refresh token as it went out.
    TokenHash;
    /// The SHA-256 of a device cookie's value.
    DeviceHash;
    /// The SHA-256 of a link's secret.
    LinkHash;
    /// A keyed hash that equal failures share: address and account, under a key of this process.
    FoldHash;
}
