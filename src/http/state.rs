//! What every handler works with: one for all workers.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::pages::site::Site;
use crate::http::settings::HttpSettings;
use crate::ops::ctx::Ctx;

/// A handler's argument.
#[derive(Clone)]
pub struct State {
    /// The use cases' context.
    pub ctx: Arc<Ctx>,
    /// The pages and what they load.
    pub site: Arc<Site>,
    /// The settings of what stands before handlers.
    pub settings: Arc<HttpSettings>,
}

impl State {
    /// Of the application that serves this request.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let missing = || Problem::new(Code::Internal).cause("the application has no state");
        Ok(request.app_data::<web::Data<Self>>().ok_or_else(missing)?.get_ref().clone())
    }
}

impl FromRequest for State {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
