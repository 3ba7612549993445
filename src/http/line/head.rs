//! Where a head ends, and what body it announces. Only what actix takes needs to be told right: it refuses
//! whatever could be read in two ways, and closes.

use memchr::memchr;

use crate::http::line::body::Body;

/// The longest head: the line of the request, the headers and the empty line behind them.
pub(super) const MAX_HEAD: usize = 16 * 1024;

/// How many bytes of empty lines there are before a head. They are no part of it (RFC 9112, section 2.2).
pub(super) fn blank(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] = rest {
        rest = after;
    }
    bytes.len() - rest.len()
}

/// Whether no head begins like that, whatever follows: what speaks TLS, for one. actix says so at once.
pub(super) fn is_none(bytes: &[u8]) -> bool {
    bytes != b"\r" && bytes.first().is_some_and(|first| !first.is_ascii_graphic())
}

/// Where the head ends that these bytes begin with; of them so many were looked at before.
pub(super) fn end(bytes: &[u8], seen: usize) -> Option<usize> {
    // "\n\r" may have been the last of them.
    let mut at = seen.saturating_sub(2);
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// The body that a head announces, in the order in which actix judges it.
pub(super) fn body(head: &[u8]) -> Body {
    let (mut chunked, mut upgrade, mut length) = (false, false, 0);
    let mut rest = head;
    while let Some(at) = memchr(b'\n', rest) {
        rest = rest.get(at + 1..).unwrap_or_default();
        // Most lines are none of these.
        if !matches!(rest.first(), Some(b'C' | b'c' | b'T' | b't' | b'U' | b'u')) {
            continue;
        }
        let line = memchr(b'\n', rest).and_then(|end| rest.get(..end)).unwrap_or_default();
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
        let (name, value) = (str::from_utf8(name).unwrap_or_default(), value.trim_ascii());
        if name.eq_ignore_ascii_case("content-length") {
            length = str::from_utf8(value).ok().and_then(|value| value.parse().ok()).unwrap_or(0);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = true;
        } else if name.eq_ignore_ascii_case("upgrade") {
            upgrade |= value.eq_ignore_ascii_case(b"websocket");
        }
    }
    match () {
        () if chunked => Body::chunked(),
        () if upgrade || (length == 0 && head.starts_with(b"CONNECT ")) => Body::ToEnd,
        () => Body::Length(length),
    }
}
