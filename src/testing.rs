//! The development stub in your own process, for tests in Rust: many at once, none seeing another.
//!
//! ```no_run
//! let door = doorward::testing::start()?;
//! let session = door.session("bob@example.com")?;
//! // Your application under test trusts `door.url()`; call it with `session.access_token`.
//! door.clock().advance(doorward::base::time::Ttl::from_mins(16));
//! door.reset()?;
//! # Ok::<(), doorward::testing::Error>(())
//! ```
//!
//! What `/dev/…` does over HTTP is there too, at [`Stub::url`]. Each call blocks for about a millisecond;
//! it may be made inside of an async runtime as well as outside.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::base::moved_clock::MovedClock;
use crate::config::Config;
use crate::domain::client::Client;
use crate::domain::email::Email;
use crate::domain::session::Transport;
use crate::ops::ctx::Ctx;
use crate::ops::dev::faults::Faults;
use crate::ops::dev::outbox::Outbox;
use crate::ops::dev::requests::Requests;
use crate::ops::dev::token::Wish;
use crate::ops::dev::{Dev, reset, session, token};
use crate::ops::opening::Arrival;
use crate::server::{Running, Server};
use crate::{ops, server};

/// A stub that runs until it is dropped.
pub struct Stub {
    running: Running,
    dev: Arc<Dev>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// For the body of `/auth/refresh` and `/auth/logout`.
    pub refresh_token: String,
    /// The user's id: `sub` in tokens.
    pub user: String,
}

/// Why the stub did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not start.
    #[error(transparent)]
    Start(#[from] server::Error),
    /// The settings took away [`Config::dev`].
    #[error("a stub needs Config::dev to stay as it is")]
    NoStub,
    /// The stub's own thread.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// No address.
    #[error(transparent)]
    Email(#[from] crate::domain::email::BadEmail),
    /// Too many snapshots.
    #[error("50 snapshots are remembered already")]
    TooMany,
    /// No such token.
    #[error(transparent)]
    Token(#[from] token::NoToken),
    /// The use case refused or failed.
    #[error(transparent)]
    Refused(#[from] ops::error::Error),
}

/// Starts one that knows `ann@example.com` (an administrator), `bob@example.com` and `eve@example.com`
/// (disabled), on a free port of this machine. It keeps nothing.
pub fn start() -> Result<Stub, Error> {
    start_with(|_| {})
}

/// The same with other settings, such as [`Config::dev_users`] or lifetimes.
pub fn start_with(settings: impl FnOnce(&mut Config)) -> Result<Stub, Error> {
    let mut config = Config::of_dev();
    settings(&mut config);
    if config.dev.is_none() {
        return Err(Error::NoStub);
    }
    let running = Server::start(config)?;
    let dev = running.ctx().dev.as_ref().map(Arc::clone).ok_or(Error::NoStub)?;
    Ok(Stub { running, dev })
}

impl Stub {
    /// Where it is, such as `http://localhost:41873`.
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// `iss` of its access tokens. Their keys are at `/.well-known/jwks.json`.
    pub fn issuer(&self) -> &str {
        self.running.issuer()
    }

    /// Signs a user in, without cookies.
    pub fn session(&self, email: &str) -> Result<Session, Error> {
        let email = Email::parse(email)?;
        let client = Client::new(IpAddr::V4(Ipv4Addr::LOCALHOST), "a test", String::new());
        let arrival = Arrival { transport: Transport::Body, device: None, prior: None, client };
        let done = wait(session::begin(self.ctx(), &email, &arrival))??;
        Ok(Session {
            access_token: done.access.token.reveal(),
            refresh_token: done.refresh.token.reveal(),
            user: done.user.id.to_string(),
        })
    }

    /// An access token of a user with a flaw, such as `expired` or `wrong_audience`, or with `none`:
    /// `doorward vectors` names them all. No session is behind it.
    pub fn token(&self, email: &str, flaw: &str) -> Result<String, Error> {
        let wish = Wish::named(Email::parse(email)?, flaw)?;
        Ok(wait(token::make(self.ctx(), wish))??)
    }

    /// What time it is for the stub.
    pub fn clock(&self) -> &MovedClock {
        &self.dev.clock
    }

    /// What goes wrong for the next calls.
    pub fn faults(&self) -> &Faults {
        &self.dev.faults
    }

    /// What the application sent.
    pub fn requests(&self) -> &Requests {
        &self.dev.requests
    }

    /// The links that were made for people.
    pub fn outbox(&self) -> &Outbox {
        &self.dev.outbox
    }

    /// Everything as it was at the start. Tokens given since are refused.
    pub fn reset(&self) -> Result<(), Error> {
        Ok(wait(reset::reset(self.ctx()))??)
    }

    /// Remembers users, sessions and keys under a name, of which there may be 50.
    pub fn snapshot(&self, name: &str) -> Result<(), Error> {
        wait(reset::take(self.ctx(), name))??.then_some(()).ok_or(Error::TooMany)
    }

    /// Users, sessions and keys as they were when that was remembered.
    pub fn restore(&self, name: &str) -> Result<(), Error> {
        Ok(wait(reset::put_back(self.ctx(), name))??)
    }

    fn ctx(&self) -> &Ctx {
        self.running.ctx()
    }
}

/// Waits for a use case, on a thread of its own: inside of an async runtime nothing may block for another.
fn wait<T: Send>(work: impl Future<Output = T> + Send) -> Result<T, Error> {
    let run = || Ok(tokio::runtime::Builder::new_current_thread().build()?.block_on(work));
    let panicked = |_| Err(std::io::Error::other("the call panicked; the log says more").into());
    std::thread::scope(|threads| threads.spawn(run).join().unwrap_or_else(panicked))
}
