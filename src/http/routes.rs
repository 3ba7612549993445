//! All routes on one page. The table makes the application and [`ROUTES`], which tests loop over, so
//! that no route can miss a guard.

use actix_web::dev::HttpServiceFactory;
use actix_web::middleware::Condition;
use actix_web::{HttpResponse, Resource, guard, web};

use crate::http::code::Code;
use crate::http::dev::guard::json_only;
use crate::http::error::Problem;
use crate::http::guard::{only, same_origin};
use crate::http::limits::AddressLimiter;
use crate::http::origin::ActsBy;
use crate::http::pages::handlers as pages;
use crate::http::state::State;
use crate::http::{admin, auth, dev, health, openapi, wellknown};

/// What a route needs before its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: a page, or what pages load.
    Page,
    /// Nothing: it only reads, for anybody.
    Nothing,
    /// The origin rule: it reads or sets cookies.
    Origin,
    /// The origin rule, and the limit of an address: somebody could guess here.
    Guess,
    /// A signed-in user's token, and the origin rule and limit besides: it asks for a password.
    BearerGuess,
    /// A signed-in user's token.
    Bearer,
    /// An administrator's token.
    Admin,
    /// That this is the development stub, and the JSON content type.
    Dev,
}

/// A method at an address.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Such as `POST`. A `GET` also answers `HEAD`.
    pub method: &'static str,
    /// The address, with `{id}` in it.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
}

macro_rules! routes {
    (
        $(#[$list_doc:meta])* $list:ident, $(#[$doc:meta])* $configure:ident:
        $($path:literal $needs:ident { $($method:ident => $handler:path),+ })*
    ) => {
        $(#[$list_doc])*
        pub const $list: &[Route] = &[
            $($(Route { method: stringify!($method), path: $path, needs: Needs::$needs },)+)*
        ];

        $(#[$doc])*
        pub fn $configure(layers: &Layers, app: &mut web::ServiceConfig) {
            $(
                let allow = concat!($("", allow!($method), ", ",)+);
                let resource = web::resource($path)$(.route(route!($method).to($handler)))+;
                app.service(layers.wrap(resource, Needs::$needs, allow));
            )*
        }
    };
}

macro_rules! allow {
    (GET) => {
        "GET, HEAD"
    };
    ($method:ident) => {
        stringify!($method)
    };
}

macro_rules! route {
    (GET) => {
        web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
    };
    (POST) => {
        web::post()
    };
    (PATCH) => {
        web::patch()
    };
    (DELETE) => {
        web::delete()
    };
}

routes! {
    /// Every route.
    ROUTES,
    /// Puts every route into an application.
    configure:
    // An address is looked for from above: what is asked for most stands first.
    "/auth/me" Bearer { GET => auth::me::me }
    "/auth/refresh" Origin { POST => auth::refresh::refresh }
    "/auth/setup" Guess { POST => auth::setup::setup }
    "/auth/register" Guess { POST => auth::register::register }
    "/auth/login" Guess { POST => auth::login::login }
    "/auth/link" Guess { POST => auth::link::link }
    "/auth/logout" Origin { POST => auth::logout::logout }
    "/auth/logout-all" Bearer { POST => auth::logout_all::logout_all }
    "/auth/sessions" Bearer { GET => auth::sessions::list }
    "/auth/sessions/{id}" Bearer { DELETE => auth::sessions::end }
    "/auth/password" BearerGuess { POST => auth::password::password }
    "/auth/reauth" BearerGuess { POST => auth::reauth::reauth }

    "/auth/admin/users" Admin { GET => admin::users::list, POST => admin::users::invite }
    "/auth/admin/users/{id}" Admin {
        GET => admin::users::show, PATCH => admin::acts::edit, DELETE => admin::acts::delete
    }
    "/auth/admin/users/{id}/disable" Admin { POST => admin::acts::disable }
    "/auth/admin/users/{id}/enable" Admin { POST => admin::acts::enable }
    "/auth/admin/users/{id}/unlock" Admin { POST => admin::acts::unlock }
    "/auth/admin/users/{id}/logout-all" Admin { POST => admin::acts::logout_all }
    "/auth/admin/users/{id}/links" Admin { POST => admin::acts::link }
    "/auth/admin/sessions/{id}" Admin { DELETE => admin::sessions::end }
    "/auth/admin/logout-all" Admin { POST => admin::sessions::everyone }
    "/auth/admin/events" Admin { GET => admin::events::list }
    "/auth/admin/overview" Admin { GET => admin::overview::overview }

    "/" Page { GET => pages::index }
    "/login" Page { GET => pages::login }
    "/register" Page { GET => pages::register }
    "/setup" Page { GET => pages::setup }
    "/link" Page { GET => pages::link }
    "/account" Page { GET => pages::account }
    "/admin" Page { GET => pages::admin }
    "/demo" Page { GET => pages::demo }
    "/assets/{digest}/{path:.*}" Page { GET => pages::asset }
    "/client/{path:.*}" Page { GET => pages::client }
    "/healthz" Nothing { GET => health::healthz }
    "/readyz" Nothing { GET => health::readyz }
    "/openapi.json" Page { GET => openapi::openapi }
    "/.well-known/jwks.json" Nothing { GET => wellknown::jwks }
}

routes! {
    /// What the development stub has besides.
    DEV_ROUTES,
    /// Puts that into the application of the stub.
    configure_dev:
    "/dev" Page { GET => pages::dev }
    "/dev/token" Dev { POST => dev::token::token }
    "/dev/state" Dev { GET => dev::state::show }
    "/dev/inspect" Dev { POST => dev::inspect::inspect }
    "/dev/session" Dev { POST => dev::session::session }
    "/dev/clock" Dev { GET => dev::clock::show, POST => dev::clock::change }
    "/dev/reset" Dev { POST => dev::reset::reset }
    "/dev/snapshot" Dev { POST => dev::reset::snapshot }
    "/dev/restore" Dev { POST => dev::reset::restore }
    "/dev/faults" Dev { GET => dev::faults::list, POST => dev::faults::add, DELETE => dev::faults::clear }
    "/dev/faults/{id}" Dev { DELETE => dev::faults::remove }
    "/dev/requests" Dev { GET => dev::requests::list, DELETE => dev::requests::clear }
    "/dev/outbox" Dev { GET => dev::outbox::list, DELETE => dev::outbox::clear }
}

/// What stands before the handlers of a route.
pub struct Layers {
    /// The settings of the origin rule.
    pub state: State,
    /// The limit of an address.
    pub limiter: AddressLimiter,
}

impl Layers {
    fn wrap(&self, resource: Resource, needs: Needs, allow: &'static str) -> impl HttpServiceFactory + 'static {
        let acts_by = match needs {
            Needs::Bearer | Needs::Admin => ActsBy::Bearer,
            Needs::Page | Needs::Nothing | Needs::Origin | Needs::Guess | Needs::BearerGuess | Needs::Dev => {
                ActsBy::Cookies
            }
        };
        let limited = matches!(needs, Needs::Guess | Needs::BearerGuess);
        resource
            .wrap(Condition::new(limited, self.limiter.middleware()))
            .wrap(Condition::new(needs == Needs::Dev, json_only()))
            .wrap(same_origin(self.state.settings.clone(), acts_by))
            .wrap(only(allow.trim_end_matches(", ")))
    }
}

/// What answers where there is no route.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Code::NotFound.into())
}
