//! Values that must not be seen: wiped when dropped, hidden from `Debug`, never cloned or printed.

use std::fmt;

use zeroize::Zeroize;

/// Holds a secret. It has no `Clone`, `Display` or `Serialize`, so each use of it is written out.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps what must not be seen.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Looks at it where it stands; nothing keeps it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Default> Secret<T> {
    /// Uses it up: for the one answer that carries it.
    pub fn reveal(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "[redacted]");
    }
}
