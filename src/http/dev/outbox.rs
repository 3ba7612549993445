//! `/dev/outbox`: the links that were made.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::outbox::Message;

/// Something that would have gone out to a person.
#[derive(Serialize, ToSchema)]
pub struct MessageAnswer {
    /// What its link does: `invitation`, `set_password` or `recovery`.
    kind: &'static str,
    /// To which address.
    to: String,
    /// The link, the secret in its fragment.
    url: String,
    /// When it was made.
    #[schema(format = DateTime)]
    made: String,
    /// Until when it works.
    #[schema(format = DateTime)]
    expires: String,
}

/// What would have gone out.
#[derive(Serialize, ToSchema)]
pub struct OutboxAnswer {
    /// The last 100, the newest last.
    messages: Vec<MessageAnswer>,
}

/// List the links that were made.
///
/// This is the one call that shows secrets again, so that a test can do what a person does with a mail.
#[utoipa::path(get, path = "/dev/outbox", tag = "dev", operation_id = "listOutbox",
    responses((status = 200, description = "What would have gone out.", body = OutboxAnswer)))]
pub async fn list(state: State) -> Result<HttpResponse, Problem> {
    let messages = of(&state)?.outbox.map(MessageAnswer::of);
    Ok(HttpResponse::Ok().json(OutboxAnswer { messages }))
}

/// Forget the links that were made. They still work.
#[utoipa::path(delete, path = "/dev/outbox", tag = "dev", operation_id = "clearOutbox",
    responses((status = 204, description = "Forgotten.")))]
pub async fn clear(state: State) -> Result<HttpResponse, Problem> {
    of(&state)?.outbox.clear();
    Ok(HttpResponse::NoContent().finish())
}

impl MessageAnswer {
    fn of(message: &Message) -> Self {
        Self {
            kind: message.kind.word(),
            to: message.to.clone(),
            url: message.url.expose().clone(),
            made: message.made.rfc3339(),
            expires: message.expires.rfc3339(),
        }
    }
}
