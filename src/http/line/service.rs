//! What serves a connection: actix behind a [`Guarded`], else as its `HttpServer` would have it.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request};
use actix_service::{IntoServiceFactory, ServiceFactoryExt as _, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Extensions, Response, Service, ServiceFactory, fn_service};
use actix_web::rt::net::TcpStream;

use crate::http::dev::wire::Wire;
use crate::http::line::guarded::{Guarded, HEAD};

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to come to its end, where it is refused before.
const LINGER: Duration = Duration::from_secs(1);

/// How a server's connections are served.
pub struct Connections<D> {
    /// Where they come in.
    pub addr: SocketAddr,
    /// Whether they can be cut.
    pub is_dev: bool,
    /// Gives what is over when the server is to stop.
    pub stopping: D,
}

impl<D, F> Connections<D>
where
    D: Fn() -> F + 'static,
    F: Future<Output = ()> + 'static,
{
    /// By this application.
    pub fn served_by<I, S, B>(
        self,
        app: I,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
    where
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let Self { addr, is_dev, stopping } = self;
        let app = app.into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(LINGER)
            .keep_alive(KEEP_ALIVE)
            .local_addr(addr)
            .graceful_shutdown_signal(stopping)
            .on_connect_ext(move |guarded: &Guarded, data: &mut Extensions| {
                data.insert(Rc::clone(guarded.line()));
                if is_dev {
                    Wire::hold(guarded.stream(), data);
                }
            })
            // Where it listens and what it is called is never asked for: settings say it.
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(async |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            Ok((Guarded::new(stream), Protocol::Http1, peer))
        })
        .and_then(http)
    }
}
