//! The pages and what they load, from inside the binary.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use rust_embed::RustEmbed;

use crate::http::code::Code;
use crate::http::error::Problem;

#[derive(RustEmbed)]
#[folder = "assets/pages/"]
struct Pages;

/// `GET /`: what this is.
pub async fn index() -> Result<HttpResponse, Problem> {
    let page = Pages::get("index.html").ok_or(Code::NotFound)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(page.data.into_owned()))
}
