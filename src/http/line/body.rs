//! Where a body ends.

/// What is left of a body.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks (RFC 9112, section 7.1).
    Chunked { at: At, left: u64 },
    /// All that comes.
    ToEnd,
}

/// What comes next in a body of chunks, as actix reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    FirstDigit,
    Digit,
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    EndCr,
    EndLf,
    Trailer,
    TrailerLf,
    Over,
    /// It is none. actix refuses it, and reads no more.
    Broken,
}

impl Body {
    pub(super) fn chunked() -> Self {
        Self::Chunked { at: At::FirstDigit, left: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked { at: At::Over, .. })
    }

    /// How many of these bytes belong to it.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => skip(left, bytes.len()),
            Self::Chunked { at, left } => {
                let mut taken = 0;
                while let Some(rest) = bytes.get(taken..) {
                    match (*at, rest) {
                        (At::Over, _) | (_, []) => break,
                        (At::Data, rest) => {
                            taken += skip(left, rest.len());
                            if *left == 0 {
                                *at = At::DataCr;
                            }
                        }
                        (_, [byte, ..]) => {
                            *at = step(*at, *byte, left);
                            taken += 1;
                        }
                    }
                }
                taken
            }
            Self::ToEnd => bytes.len(),
        }
    }
}

/// Counts down by as many bytes as there are, and says by how many.
fn skip(left: &mut u64, bytes: usize) -> usize {
    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes);
    *left -= u64::try_from(most).unwrap_or(*left);
    most
}

/// What follows one byte that is no data.
fn step(at: At, byte: u8, left: &mut u64) -> At {
    match (at, byte) {
        (At::FirstDigit | At::Digit, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
            let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
            match left.checked_mul(16) {
                Some(size) => *left = size + digit,
                None => return At::Broken,
            }
            At::Digit
        }
        (At::Digit | At::Space, b' ' | b'\t') => At::Space,
        (At::Digit | At::Space | At::Extension, b'\r') => At::SizeLf,
        (At::Digit | At::Space, b';') | (At::Extension, b'\t' | 0x20..=0x7e | 0x80..) => At::Extension,
        (At::SizeLf, b'\n') if *left == 0 => At::EndCr,
        (At::SizeLf, b'\n') => At::Data,
        (At::DataCr, b'\r') => At::DataLf,
        (At::DataLf, b'\n') => At::FirstDigit,
        (At::EndCr, b'\r') => At::EndLf,
        (At::Trailer, b'\r') => At::TrailerLf,
        (At::EndCr | At::Trailer, _) => At::Trailer,
        (At::EndLf, b'\n') => At::Over,
        (At::TrailerLf, b'\n') => At::EndCr,
        _ => At::Broken,
    }
}
