//! `/auth/admin/…`: what administrators see and do.

pub mod acts;
pub mod events;
pub mod overview;
pub mod sessions;
pub mod users;
pub mod warnings;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::code::Code;
use crate::http::error::Problem;

/// How long a page of a list is, unless it is asked for otherwise; and at the most.
const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;

/// How long a page is to be.
fn page_size(asked: Option<u32>) -> Result<u32, Problem> {
    let size = asked.unwrap_or(PAGE);
    if (1..=MAX_PAGE).contains(&size) {
        return Ok(size);
    }
    let text = format!("`limit` is a number from 1 to {MAX_PAGE}.");
    Err(Problem::new(Code::BadRequest).detail(text))
}

/// Where a list goes on: opaque to clients.
fn to_cursor(at: &str) -> String {
    URL_SAFE_NO_PAD.encode(at)
}

/// The place that a cursor stands for.
fn from_cursor(cursor: Option<&str>) -> Result<Option<String>, Problem> {
    let decode = |text: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    match cursor {
        None => Ok(None),
        Some(text) => decode(text).map(Some).ok_or_else(|| Code::BadCursor.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_as_what_it_was_made_of_and_nothing_else_does(at in any::<String>(), other in any::<String>()) {
            let cursor = to_cursor(&at);
            prop_assert_eq!(from_cursor(Some(&cursor)).unwrap(), Some(at));
            // Whatever can be read is what it would be written as: no place has two names.
            if let Ok(Some(read)) = from_cursor(Some(&other)) {
                prop_assert_eq!(to_cursor(&read), other);
            }
        }
    }
}
