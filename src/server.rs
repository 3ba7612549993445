//! Starts a server and stops it: for the binary, for those who embed it, and for the tests.

mod listen;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;

use actix_web::dev::{Server as Workers, ServerHandle};
use actix_web::{App, web};
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::base::entropy::{Entropy, NoEntropy, SystemEntropy};
use crate::base::moved_clock::MovedClock;
use crate::base::time::{Clock, SystemClock};
use crate::config::Config;
use crate::crypto::hash_pool::{HashPool, Size};
use crate::crypto::password::expected_time;
use crate::http::cookies::{BadCookieName, CookieNames};
use crate::http::cors::cors;
use crate::http::dev::guard::loopback_host;
use crate::http::dev::layer::told;
use crate::http::headers::{Gate, outermost};
use crate::http::limits::{AddressLimiter, BadRate};
use crate::http::line::service::Connections;
use crate::http::origin::OwnOrigin;
use crate::http::pages::site::{BadLogo, Site};
use crate::http::routes::{Layers, configure, configure_dev, not_found};
use crate::http::settings::HttpSettings;
use crate::http::site::BadOrigin;
use crate::http::state::State;
use crate::jobs;
use crate::ops::activity::Activity;
use crate::ops::admin::overview::Counted;
use crate::ops::ctx::{Ctx, Keys};
use crate::ops::dev::Dev;
use crate::ops::guesses::Guesses;
use crate::ops::link::NewLink;
use crate::ops::settings;
use crate::ops::start::{StartError, start};
use crate::store::sqlite::handle::Opened;
use crate::store::sqlite::open::OpenError;

/// How long requests that have begun may take when the server stops, in seconds.
const LAST_REQUESTS: u64 = 10;

/// Why a server does not start. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder of the database could not be made.
    #[error("the folder {path} can't be made: {source}")]
    Folder {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address could not be had.
    #[error("can't listen on {addr}: {source}; another program may use it: choose another with --listen")]
    Listen {
        /// Which.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The keys.
    #[error(transparent)]
    Start(#[from] StartError),
    /// No thread, or no signal to wait for.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// No chance.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The logo.
    #[error(transparent)]
    Logo(#[from] BadLogo),
    /// A setting that `config` should have refused.
    #[error("cookie_name: {0}")]
    CookieName(#[from] BadCookieName),
    /// A setting that `config` should have refused.
    #[error("limits.login_address: {0}")]
    Rate(#[from] BadRate),
    /// A setting that `config` should have refused.
    #[error("public_url or allowed_origins: {0}")]
    Origin(#[from] BadOrigin),
}

/// Time and chance: the system's, or a test's.
#[derive(Clone)]
pub struct Env {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives chance.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Env {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) }
    }
}

/// Starts servers.
pub struct Server;

/// A server that runs until it is stopped or dropped.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where the first administrator is made, as long as there is none.
    pub setup_link: Option<NewLink>,
    ctx: Arc<Ctx>,
    http: ServerHandle,
    jobs: watch::Sender<bool>,
    /// What serves, then what ticks.
    threads: [Option<JoinHandle<()>>; 2],
    /// Goes after all else: the folder of a stub that keeps nothing.
    _folder: Option<TempDir>,
}

impl Server {
    /// Starts a server with the system's time and chance.
    pub fn start(config: Config) -> Result<Running, Error> {
        Self::start_with(config, Env::default())
    }

    /// Starts a server with another's time and chance. The floor of the hash cost does not hold here.
    pub fn start_with(mut config: Config, mut env: Env) -> Result<Running, Error> {
        let folder = passing_folder(&mut config)?;
        make_folder(&config)?;
        let opened = match config.dev {
            Some(dev) => Opened::dev(&config.data_dir, dev.keeps)?,
            None => Opened::new(&config.data_dir)?,
        };
        let listeners = listen::open(&config)?;
        let addr = listeners.first().map_or(Ok(config.listen), TcpListener::local_addr)?;
        let (ctx, setup_link) = context(opened, config, &mut env, addr.port())?;
        let settings = Arc::new(http_settings(&ctx.config)?);
        let limiter = AddressLimiter::new(settings.login_address)?;
        let site = Arc::new(Site::new(Arc::clone(&ctx.config))?);
        let state = State { ctx: Arc::clone(&ctx), site, settings };
        let (http, serving) = serve(state, limiter.clone(), env.entropy, listeners)?;
        let (jobs, stop) = watch::channel(false);
        let ticking = tick(Arc::clone(&ctx), limiter, stop)?;
        Ok(Running { addr, setup_link, ctx, http, jobs, threads: [Some(serving), Some(ticking)], _folder: folder })
    }

    /// Starts a server, says so, and stops it at SIGTERM or SIGINT.
    pub fn run(config: Config, on_ready: impl FnOnce(&Running)) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Before anything begins: a signal that comes at once ends it in order too.
        let signals = runtime.block_on(async { Signals::new() })?;
        let running = Self::start(config)?;
        on_ready(&running);
        runtime.block_on(signals.first());
        running.stop();
        Ok(())
    }
}

impl Running {
    /// Where browsers reach it: `public_url`, else by its port.
    pub fn url(&self) -> &str {
        &self.ctx.base_url
    }

    /// What use cases work in.
    pub(crate) fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// `iss` of its access tokens.
    pub fn issuer(&self) -> &str {
        &self.ctx.issuer
    }

    /// Answers what has begun, finishes what is queued, moves the WAL into the file. Blocks until done.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Running {
    /// First http, then the jobs, then what they stand on.
    fn drop(&mut self) {
        // The command reaches the server when it is made; what comes back only tells when it is done.
        drop(self.http.stop(true));
        let [serving, ticking] = self.threads.each_mut().map(Option::take);
        serving.map(JoinHandle::join);
        let _ = self.jobs.send(true);
        ticking.map(JoinHandle::join);
        self.ctx.pool.stop();
        self.ctx.store.stop();
    }
}

/// A stub that keeps nothing has a folder for as long as it runs.
fn passing_folder(config: &mut Config) -> Result<Option<TempDir>, Error> {
    if config.dev.is_none_or(|dev| dev.keeps) {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("doorward-dev-").tempdir()?;
    folder.path().clone_into(&mut config.data_dir);
    Ok(Some(folder))
}

fn make_folder(config: &Config) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let path = &config.data_dir;
    if path.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| Error::Folder { path: path.clone(), source })
}

fn context(opened: Opened, config: Config, env: &mut Env, port: u16) -> Result<(Arc<Ctx>, Option<NewLink>), Error> {
    let (base_url, issuer) = (config.base_url(port), config.issuer(port));
    let dev = config.dev.map(|_| Arc::new(Dev::new(Arc::new(MovedClock::new(Arc::clone(&env.clock))))));
    if let Some(dev) = &dev {
        env.clock = dev.clock.clone();
    }
    let now = env.clock.now();
    let started = start(&opened, &config, &base_url, now, env.entropy.as_ref())?;
    let activity = Activity::new(now, &opened.read(|rows| rows.hours(now.hour())).map_err(StartError::from)?);
    let cores = std::thread::available_parallelism()?.get();
    let pool = HashPool::start(Size::for_cores(cores, expected_time(settings::cost(&config))))?;
    let ctx = Ctx {
        store: opened.start(Arc::clone(&env.clock))?,
        pool,
        clock: Arc::clone(&env.clock),
        entropy: Arc::clone(&env.entropy),
        guesses: Arc::new(Guesses::new(config.limits.login, env.entropy.as_ref())?),
        issuer: issuer.into(),
        base_url,
        database: started.database,
        keys: Keys { master: started.master, hs256: started.hs256, ring: RwLock::new(started.ring) },
        highest_cost: AtomicU32::new(started.highest_cost),
        activity,
        counted: Counted::default(),
        dev,
        config: Arc::new(config),
    };
    Ok((Arc::new(ctx), started.setup))
}

fn http_settings(config: &Config) -> Result<HttpSettings, Error> {
    let own = match &config.public_url {
        Some(url) => OwnOrigin::Configured(url.as_str().parse()?),
        None => OwnOrigin::OfHost,
    };
    let allowed: Result<Vec<_>, _> = config.allowed_origins.iter().map(|origin| origin.as_str().parse()).collect();
    Ok(HttpSettings {
        own,
        dev: config.dev,
        allowed_origins: allowed?,
        trusted_proxies: config.trusted_proxies.clone(),
        cookies: CookieNames::new(&config.cookie_name)?,
        login_address: config.limits.login_address,
    })
}

/// Runs http on a thread of its own, so that whoever embeds a server need not know of actix.
fn serve(
    state: State,
    limiter: AddressLimiter,
    entropy: Arc<dyn Entropy>,
    listeners: Vec<TcpListener>,
) -> Result<(ServerHandle, JoinHandle<()>), Error> {
    let gate = Arc::new(Gate::new((*state.settings).clone(), entropy));
    let is_dev = state.settings.dev.is_some();
    let factory = move || {
        let layers = Layers { state: state.clone(), limiter: limiter.clone() };
        App::new()
            .app_data(web::Data::new(state.clone()))
            .configure(|app| configure(&layers, app))
            .configure(|app| {
                if is_dev {
                    configure_dev(&layers, app);
                }
            })
            .default_service(web::to(not_found))
            .wrap(told(is_dev))
            .wrap(loopback_host(state.settings.dev))
            .wrap(cors(&state.settings.allowed_origins, is_dev))
            .wrap(outermost(Arc::clone(&gate)))
    };
    let (tell, told) = std::sync::mpsc::channel();
    let run = move || {
        let served = actix_web::rt::System::new().block_on(async move {
            let mut server = Workers::build().shutdown_timeout(LAST_REQUESTS).disable_signals();
            let stops = server.graceful_shutdown_signal();
            for listener in listeners {
                let (factory, stops, addr) = (factory.clone(), stops.clone(), listener.local_addr()?);
                let serves = move || {
                    let stops = stops.clone();
                    let stopping = move || {
                        let stops = stops.clone();
                        async move { stops.notified().await }
                    };
                    Connections { addr, is_dev, stopping }.served_by(factory())
                };
                server = server.listen(format!("http at {addr}"), listener, serves)?;
            }
            let server = server.run();
            // Whoever started this has gone if nobody hears it; then the server stops with its handle.
            let _ = tell.send(server.handle());
            server.await
        });
        if let Err(error) = served {
            tracing::error!(%error, "the server ended");
        }
    };
    let thread = std::thread::Builder::new().name("http".to_owned()).spawn(run)?;
    let ended = |_| std::io::Error::other("the server ended before it began; the log says why");
    Ok((told.recv().map_err(ended)?, thread))
}

fn tick(ctx: Arc<Ctx>, limiter: AddressLimiter, stop: watch::Receiver<bool>) -> Result<JoinHandle<()>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let run = move || runtime.block_on(jobs::run(ctx, limiter, stop));
    Ok(std::thread::Builder::new().name("jobs".to_owned()).spawn(run)?)
}

/// SIGTERM and SIGINT, which from now on end nothing by themselves.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// Comes back at the first of them.
    async fn first(mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
