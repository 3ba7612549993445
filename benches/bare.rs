//! The web server alone: actix-web with as many workers, that answers what doorward answered, byte for byte;
//! and the same with one check of a signature, and no more.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};

/// What the process reads from this variable of its environment.
pub const VARIABLE: &str = "BENCH_BARE";

/// What it answers, and whether it checks tokens before.
#[derive(Clone, Serialize, Deserialize)]
pub struct Bare {
    /// Header fields.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The keys that tokens are checked by, as the server published them.
    pub keys: Option<String>,
}

#[derive(Clone)]
struct Ready {
    fields: Vec<(HeaderName, HeaderValue)>,
    body: web::Bytes,
    key: Option<DecodingKey>,
}

impl Bare {
    /// Serves until it is killed.
    pub fn serve(self) {
        let ready = self.ready();
        let run = async move {
            let factory =
                move || App::new().app_data(web::Data::new(ready.clone())).route("/auth/me", web::get().to(answer));
            let server = HttpServer::new(factory).bind("127.0.0.1:0").unwrap();
            println!("listening on http://{}", server.addrs()[0]);
            server.run().await.unwrap();
        };
        actix_web::rt::System::new().block_on(run);
    }

    fn ready(self) -> Ready {
        let own = ["content-length", "date"];
        let fields = self.fields.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let fields = fields.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
        let key = self.keys.map(|set| {
            let set: JwkSet = serde_json::from_str(&set).unwrap();
            DecodingKey::from_jwk(&set.keys[0]).unwrap()
        });
        Ready { fields: fields.collect(), body: self.body.into(), key }
    }
}

async fn answer(ready: web::Data<Ready>, request: HttpRequest) -> HttpResponse {
    if let Some(key) = &ready.key {
        let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["doorward"]);
        if decode::<serde_json::Value>(token, key, &validation).is_err() {
            return HttpResponse::new(StatusCode::UNAUTHORIZED);
        }
    }
    let mut response = HttpResponse::Ok().body(ready.body.clone());
    for (name, value) in &ready.fields {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}
