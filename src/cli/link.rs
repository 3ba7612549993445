//! Prints links: alone on standard output, so that they can be piped.

use serde::Serialize;

use crate::base::time::Timestamp;
use crate::cli::error::Error;
use crate::cli::output;
use crate::domain::link::LinkKind;
use crate::ops::link::NewLink;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    email: Option<&'a str>,
    kind: &'static str,
    link: &'a str,
    expires_at: Timestamp,
}

/// Prints a link, and on standard error what it does and until when.
pub(super) fn print(link: &NewLink, kind: LinkKind, email: Option<&str>, json: bool) -> Result<(), Error> {
    let url = link.url.expose();
    if json {
        output::json(&View { email, kind: kind.word(), link: url, expires_at: link.expires_at })?;
    } else {
        output::line(url)?;
    }
    let who = email.unwrap_or_default();
    let what = match kind {
        LinkKind::Setup => "makes the first administrator".to_owned(),
        LinkKind::Invitation => format!("lets {who} set a first password"),
        LinkKind::SetPassword | LinkKind::Recovery => format!("lets {who} set a new password"),
    };
    let until = link.expires_at.rfc3339();
    output::note(format_args!("this link {what}; it works once, until {until}, and older ones no more"));
    Ok(())
}
