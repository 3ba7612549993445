//! The one table of refusals: word, status, title and text. The README's table is made from it.

use std::fmt::{self, Write as _};

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($name:ident $word:literal $status:ident $title:literal $text:literal;)*) => {
        /// What is wrong, as a stable word. The words and statuses are part of the contract, the
        /// titles and texts are not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $text] $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its stable word, as it stands in `code`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status of its answer.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// A short name for people: `title` and `error`.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, where nothing more exact is known: `detail`.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    BadRequest "bad_request" BAD_REQUEST "Bad request" "The request can't be understood.";
    MalformedBody "malformed_body" BAD_REQUEST "Malformed body" "The body is not a JSON object as this call takes it.";
    UnusablePassword "unusable_password" BAD_REQUEST "Unusable password" "No password holds the character U+0000 or is this long.";
    InvalidHeader "invalid_header" BAD_REQUEST "Invalid header" "A header that a trusted proxy sets can't be read.";
    BadCursor "bad_cursor" BAD_REQUEST "Bad cursor" "The cursor is not one that this list gave out. Begin again without it.";
    TwoTokens "two_tokens" BAD_REQUEST "Two tokens" "A refresh token stands in the cookie and in the body. Send one.";
    InvalidCredentials "invalid_credentials" UNAUTHORIZED "Invalid credentials" "E-mail address or password is wrong.";
    NoRefreshToken "no_refresh_token" UNAUTHORIZED "No refresh token" "No refresh token was sent. Sign in.";
    InvalidRefreshToken "invalid_refresh_token" UNAUTHORIZED "Invalid refresh token" "The refresh token is not one of this server, or came by the wrong way. Sign in.";
    SessionEnded "session_ended" UNAUTHORIZED "Session ended" "This session is over; `reason` says why. Sign in again.";
    NoAccessToken "no_access_token" UNAUTHORIZED "No access token" "This call needs an access token in the header `Authorization: Bearer`.";
    InvalidAccessToken "invalid_access_token" UNAUTHORIZED "Invalid access token" "The access token is not valid here.";
    AccessTokenExpired "access_token_expired" UNAUTHORIZED "Access token expired" "The access token has expired. Refresh, then ask again.";
    CrossOrigin "cross_origin" FORBIDDEN "Cross-origin request" "Pages of another origin may not call this server.";
    RegistrationClosed "registration_closed" FORBIDDEN "Registration closed" "Nobody can register here without an invitation.";
    Forbidden "forbidden" FORBIDDEN "Forbidden" "This account may not do that.";
    ReauthRequired "reauth_required" FORBIDDEN "Password needed" "Confirm your password first: POST /auth/reauth, then ask again with the new access token.";
    NotFound "not_found" NOT_FOUND "Not found" "There is nothing here.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed" "This address takes other methods; `Allow` lists them.";
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "Request timeout" "The request did not arrive in time.";
    EmailTaken "email_taken" CONFLICT "E-mail address taken" "Another account has this e-mail address.";
    LastAdmin "last_admin" CONFLICT "Last administrator" "The last enabled administrator can't be demoted, disabled or deleted.";
    SetupDone "setup_done" CONFLICT "Set-up is done" "There is an administrator already. Sign in.";
    InvalidLink "invalid_link" GONE "Invalid link" "This link is wrong, used or expired. Ask for a new one.";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "Body too large" "The body is larger than this call takes.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "Unsupported media type" "Send the body with `Content-Type: application/json`, in UTF-8 and not compressed.";
    InvalidValue "invalid_value" UNPROCESSABLE_ENTITY "Invalid value" "A member of the body has a value that it can't have; `field` names it where it is known.";
    WrongHost "wrong_host" MISDIRECTED_REQUEST "Wrong host" "This server does not answer to that `Host`.";
    InvalidEmail "invalid_email" UNPROCESSABLE_ENTITY "Invalid e-mail address" "This is not an e-mail address.";
    WeakPassword "weak_password" UNPROCESSABLE_ENTITY "Weak password" "This password is too short, too long or too well known.";
    TooManyAttempts "too_many_attempts" TOO_MANY_REQUESTS "Too many attempts" "Too many attempts. Wait as long as `Retry-After` says.";
    HeadTooLarge "head_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "Head too large" "The line of the request and its headers, cookies among them, are larger than 16 KiB.";
    Internal "internal" INTERNAL_SERVER_ERROR "Internal error" "The server failed. Its log says more about this request; `X-Request-Id` names it.";
    Busy "busy" SERVICE_UNAVAILABLE "Busy" "The server has more to do than it can right now. Try again soon.";
    StorageUnavailable "storage_unavailable" SERVICE_UNAVAILABLE "Storage unavailable" "The server can't reach its storage. Nothing can be said about what was asked; try again soon.";
}

impl Code {
    /// `type` of RFC 9457, section 3.1.1: an IANA registered one for spent quotas
    /// (draft-ietf-httpapi-ratelimit-headers), else a name of our own.
    pub fn type_uri(self) -> String {
        if self == Self::TooManyAttempts {
            return "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned();
        }
        format!("urn:doorward:error:{self}")
    }

    /// The code that says most about a bare status.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadTooLarge,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            other if other.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The table as Markdown, a row a code.
pub fn markdown_table() -> String {
    let mut table = "| code | status | meaning |\n| --- | --- | --- |\n".to_owned();
    for code in Code::ALL {
        // Writing to a String can't fail.
        let _ = writeln!(table, "| `{code}` | {} | {} |", code.status().as_u16(), code.text());
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_is_snake_case_and_unique_and_refuses() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.word().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code}");
            assert!(code.text().ends_with('.') && !code.title().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn the_table_has_one_well_formed_row_a_code() {
        let table = markdown_table();
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows.len(), Code::ALL.len());
        assert!(rows.iter().all(|row| row.matches('|').count() == 4), "{table}");
        assert!(table.contains("| `session_ended` | 401 | This session is over; `reason` says why. Sign in again. |"));
    }

    #[test]
    fn a_bare_status_keeps_its_class() {
        for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let code = Code::of_status(status);
            assert_eq!(code.status().is_client_error(), status.is_client_error(), "{status}");
        }
    }
}
