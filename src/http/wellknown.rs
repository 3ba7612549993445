//! `GET /.well-known/jwks.json`: the public keys (RFC 7517, section 5).

use actix_web::HttpResponse;

use crate::http::state::State;

/// The public keys that check access tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "keys",
    responses((status = 200, description = "A JWK Set.", content_type = "application/json", body = Object)))]
pub async fn jwks(state: State) -> HttpResponse {
    // Public for any page, and fresh enough for a new key to be found.
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("cache-control", "public, max-age=300"))
        .insert_header(("access-control-allow-origin", "*"))
        .body(state.ctx.keyring().jwks().to_owned())
}
