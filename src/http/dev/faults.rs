//! `/dev/faults`: what is to go wrong.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::body::Json;
use crate::http::code::Code;
use crate::http::dev::layer::can_be_met;
use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::faults::{Act, Fault, MOST, Often};
use crate::ops::dev::pattern::Pattern;

/// What goes wrong.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FaultKind {
    /// The call is refused before anything happens. Give `status`, or `code`, or both where they agree.
    Status {
        /// The status of the answer.
        #[schema(minimum = 400, maximum = 599)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The word of the refusal, as the table of errors has it; without it, one that has this status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Seconds of `Retry-After`; 429 and 503 say 1 unless told.
        #[schema(minimum = 1, maximum = 86_400)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// The call waits before anything happens.
    Delay {
        /// So many milliseconds of true time.
        #[schema(minimum = 1, maximum = 60_000)]
        ms: u32,
    },
    /// The call does all that it does, and the connection is cut before a byte of the answer. A browser that had
    /// used the connection before sends the call again by itself: with two `times` its page hears of it.
    LostAnswer {},
    /// The connection is cut before anything happens. The same holds for browsers.
    Cut {},
    /// The body of the answer comes in eight pieces.
    SlowBody {
        /// So many milliseconds before each.
        #[schema(minimum = 1, maximum = 10_000)]
        ms: u32,
    },
    /// An administrator ends the sessions of the call first. Meets only calls that show a good token of one.
    Revoke {},
    /// New signing keys are begun first. Tokens under the old ones stay good.
    RotateKeys {},
    /// The sessions of the call end first, as if a spent refresh token had been shown. Meets only calls that show
    /// a good token of one.
    Reuse {},
}

/// A fault to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFault {
    /// For which calls: `POST /auth/refresh`, `/auth/admin/*`, `DELETE /auth/sessions/{id}`, or `*` for all but
    /// pages, what they load, and `/dev`.
    #[schema(example = "POST /auth/refresh")]
    route: String,
    /// What goes wrong.
    fault: FaultKind,
    /// How many calls meet it; 1 unless given.
    #[schema(minimum = 1, maximum = 1_000_000)]
    times: Option<u32>,
    /// In place of `times`: this share of the calls meets it, until it is taken away.
    #[schema(minimum = 0, maximum = 1)]
    share: Option<f64>,
    /// Which calls the share is: the same ones for the same seed; 0 unless given.
    #[schema(minimum = 0)]
    seed: Option<u64>,
}

/// The number of a new fault.
#[derive(Serialize, ToSchema)]
pub struct FaultId {
    /// Its number.
    id: u64,
}

/// A fault, and how it fared.
#[derive(Serialize, ToSchema)]
pub struct FaultAnswer {
    /// Its number.
    id: u64,
    /// For which calls.
    route: String,
    /// What goes wrong.
    fault: FaultKind,
    /// How many calls it is for in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// The share of the calls that meets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    /// Which calls the share is.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// How many calls met it.
    met: u64,
    /// How many can still meet it; null where there is no end.
    left: Option<u64>,
}

/// The faults.
#[derive(Serialize, ToSchema)]
pub struct FaultList {
    /// Oldest first. Those that are used up stay until there is need for room.
    faults: Vec<FaultAnswer>,
}

/// Let something go wrong.
///
/// A call meets all faults that fit it, in the order in which they were added, up to a `status` or `cut`. There
/// may be 100 at once. `/dev/faults` and `/dev/reset` are never hit.
#[utoipa::path(post, path = "/dev/faults", tag = "dev", request_body = NewFault, operation_id = "addFault",
    responses((status = 201, description = "Added.", body = FaultId)))]
pub async fn add(state: State, Json(body): Json<NewFault>) -> Result<HttpResponse, Problem> {
    let faults = &of(&state)?.faults;
    let pattern: Pattern = body.route.parse().map_err(|_| {
        bad("route", "`route` must be such as \"POST /auth/refresh\", \"/auth/admin/*\" or \"*\".".to_owned())
    })?;
    if !can_be_met(|method, path| pattern.fits(method, path)) {
        let text = "No call fits `route`, or only /dev/faults and /dev/reset, which are never hit.";
        return Err(bad("route", text.to_owned()));
    }
    let often = often(&body)?;
    let full = format!("There are {MOST} faults that are not used up: DELETE /dev/faults takes them away.");
    let added = faults.add(pattern, body.fault.checked()?, often);
    let id = added.map_err(|_| Problem::new(Code::InvalidValue).detail(full))?;
    Ok(HttpResponse::Created().json(FaultId { id }))
}

/// List the faults.
#[utoipa::path(get, path = "/dev/faults", tag = "dev", operation_id = "listFaults",
    responses((status = 200, description = "How often each was met and is left.", body = FaultList)))]
pub async fn list(state: State) -> Result<HttpResponse, Problem> {
    let faults = of(&state)?.faults.all().iter().map(FaultAnswer::of).collect();
    Ok(HttpResponse::Ok().json(FaultList { faults }))
}

/// Take all faults away.
#[utoipa::path(delete, path = "/dev/faults", tag = "dev", operation_id = "clearFaults",
    responses((status = 204, description = "Done.")))]
pub async fn clear(state: State) -> Result<HttpResponse, Problem> {
    of(&state)?.faults.clear();
    Ok(HttpResponse::NoContent().finish())
}

/// Take one fault away.
#[utoipa::path(delete, path = "/dev/faults/{id}", tag = "dev", operation_id = "removeFault",
    params(("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done.")))]
pub async fn remove(state: State, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    if !of(&state)?.faults.remove(id) {
        return Err(Code::NotFound.into());
    }
    Ok(HttpResponse::NoContent().finish())
}

fn bad(field: &'static str, text: String) -> Problem {
    Problem::new(Code::InvalidValue).field(field).detail(text)
}

fn within(field: &'static str, value: u32, most: u32) -> Result<u32, Problem> {
    let text = || format!("`{field}` must be 1 to {most}.");
    if (1..=most).contains(&value) { Ok(value) } else { Err(bad(field, text())) }
}

fn often(body: &NewFault) -> Result<Often, Problem> {
    match (body.times, body.share) {
        (Some(_), Some(_)) => Err(bad("share", "Give `times` or `share`, not both.".to_owned())),
        (times, None) if body.seed.is_none() => Ok(Often::Times(within("times", times.unwrap_or(1), 1_000_000)?)),
        (_, None) => Err(bad("seed", "`seed` goes with `share`.".to_owned())),
        (None, Some(share)) if share > 0.0 && share <= 1.0 => {
            Ok(Often::Share { share, seed: body.seed.unwrap_or_default() })
        }
        (None, Some(_)) => Err(bad("share", "`share` must be more than 0 and at most 1.".to_owned())),
    }
}

impl FaultKind {
    fn checked(&self) -> Result<Act, Problem> {
        Ok(match self {
            Self::Status { status, code, retry_after } => {
                let retry_after = retry_after.map(|secs| within("retryAfter", secs, 86_400)).transpose()?;
                let (status, code) = status_and_code(*status, code.as_deref())?;
                Act::Status { status, code, retry_after }
            }
            Self::Delay { ms } => Act::Delay(within("ms", *ms, 60_000)?),
            Self::LostAnswer {} => Act::LostAnswer,
            Self::Cut {} => Act::Cut,
            Self::SlowBody { ms } => Act::SlowBody(within("ms", *ms, 10_000)?),
            Self::Revoke {} => Act::Revoke,
            Self::RotateKeys {} => Act::RotateKeys,
            Self::Reuse {} => Act::Reuse,
        })
    }

    fn of(act: Act) -> Self {
        match act {
            Act::Status { status, code, retry_after } => {
                Self::Status { status: Some(status), code: code.map(str::to_owned), retry_after }
            }
            Act::Delay(ms) => Self::Delay { ms },
            Act::LostAnswer => Self::LostAnswer {},
            Act::Cut => Self::Cut {},
            Act::SlowBody(ms) => Self::SlowBody { ms },
            Act::Revoke => Self::Revoke {},
            Act::RotateKeys => Self::RotateKeys {},
            Act::Reuse => Self::Reuse {},
        }
    }
}

fn status_and_code(status: Option<u16>, word: Option<&str>) -> Result<(u16, Option<&'static str>), Problem> {
    let known = |word: &str| Code::ALL.iter().find(|code| code.word() == word).copied();
    let unknown = || bad("code", "`code` is no word of the table of errors.".to_owned());
    let code = word.map(|word| known(word).ok_or_else(unknown)).transpose()?;
    match (status, code) {
        (None, None) => Err(bad("status", "Give `status` or `code`.".to_owned())),
        (Some(status), _) if !(400..=599).contains(&status) => {
            Err(bad("status", "`status` must be 400 to 599.".to_owned()))
        }
        (Some(status), Some(code)) if code.status().as_u16() != status => {
            Err(bad("code", format!("`{code}` has the status {}.", code.status().as_u16())))
        }
        (Some(status), code) => Ok((status, code.map(Code::word))),
        (None, Some(code)) => Ok((code.status().as_u16(), Some(code.word()))),
    }
}

/// The word of a kind of fault.
pub const fn word(act: Act) -> &'static str {
    match act {
        Act::Status { .. } => "status",
        Act::Delay(_) => "delay",
        Act::LostAnswer => "lostAnswer",
        Act::Cut => "cut",
        Act::SlowBody(_) => "slowBody",
        Act::Revoke => "revoke",
        Act::RotateKeys => "rotateKeys",
        Act::Reuse => "reuse",
    }
}

impl FaultAnswer {
    fn of(fault: &Fault) -> Self {
        let (times, share, seed) = match fault.often {
            Often::Times(times) => (Some(times), None, None),
            Often::Share { share, seed } => (None, Some(share), Some(seed)),
        };
        let (route, kind) = (fault.pattern.to_string(), FaultKind::of(fault.act));
        Self { id: fault.id, route, fault: kind, times, share, seed, met: fault.met, left: fault.left() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_word_everywhere() {
        for act in [
            Act::Status { status: 503, code: None, retry_after: None },
            Act::Delay(1),
            Act::LostAnswer,
            Act::Cut,
            Act::SlowBody(1),
            Act::Revoke,
            Act::RotateKeys,
            Act::Reuse,
        ] {
            let kind = FaultKind::of(act);
            assert_eq!(serde_json::to_value(&kind).unwrap()["kind"], word(act));
            assert_eq!(kind.checked().unwrap(), act);
        }
    }
}
