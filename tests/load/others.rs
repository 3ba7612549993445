//! Those who only want to be served while somebody else asks too much.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::process::{memory, open_files};
use crate::real::api::Tokens;
use crate::real::wait::until;
use crate::real::{Real, Site};

/// One attack at a time: they would be measured by each other.
static ALONE: Mutex<()> = Mutex::new(());

/// Waits until nothing else is measured.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever waits longer counts as not served. (A second on a quiet machine; this one may be busy.)
const SERVED: Duration = Duration::from_secs(10);

/// How long an attack lasts.
const LASTS: Duration = Duration::from_secs(4);

/// More memory than this is too much for an attack, on a debug build too.
const MEMORY: u64 = 300 << 20;

/// What runs the clients.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// How an attack begins: by these tasks, at this server.
pub(crate) type Attack = fn(SocketAddr, Tokens) -> JoinSet<()>;

/// Starts a server, attacks it, and expects that others are served, that its memory stays bounded, and that
/// it is as before once the attack is over.
pub(crate) fn are_served(name: &str, through: &[&str], attack: Attack) {
    let _alone = alone();
    runtime().block_on(async {
        let site = Site::new();
        let server = site.starter().through(through).env("DOORWARD_REFRESH__GRACE", "0s").start();
        let api = server.api();
        let ann = api.setup(&server.setup_secret(), "ann@example.com").await;
        let eve = api.register("eve@example.com").await;
        drop(api);
        let (quiet, files) = (memory(server.pid()).unwrap(), open_files(server.pid()));
        let mut tasks = attack(server.addr(), eve);
        let seen = watch(&server, ann.clone()).await;
        let most = open_files(server.pid());
        if let Some(ended) = tasks.try_join_next() {
            panic!("{name}: the attack ended before its time: {ended:?}");
        }
        drop(tasks);
        println!(
            "{name}: {} asked, the slowest waited {:?}, {} MB and {most} files at the most, {} MB and {files} before",
            seen.asked,
            seen.slowest,
            seen.memory >> 20,
            quiet >> 20
        );
        assert!(seen.memory < MEMORY, "{name}: {} MB", seen.memory >> 20);
        until("all connections are gone", Duration::from_mins(1), || {
            (open_files(server.pid()) <= files + 2).then_some(())
        });
        let api = server.api();
        api.refresh(&seen.tokens.refresh).await.unwrap().tokens();
        api.login("ann@example.com").await.unwrap().tokens();
        server.stop();
    });
}

/// What others have seen.
struct Watched {
    tokens: Tokens,
    asked: u32,
    slowest: Duration,
    memory: u64,
}

/// Asks again and again, each time on new connections.
#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
async fn watch(server: &Real, tokens: Tokens) -> Watched {
    let mut seen = Watched { tokens, asked: 0, slowest: Duration::ZERO, memory: 0 };
    let begun = Instant::now();
    while begun.elapsed() < LASTS {
        let api = server.api();
        let at = Instant::now();
        assert_eq!(api.get("/healthz").await.unwrap().status, 200);
        seen.slowest = seen.slowest.max(at.elapsed());
        let at = Instant::now();
        seen.tokens = api.refresh(&seen.tokens.refresh).await.unwrap().tokens();
        seen.slowest = seen.slowest.max(at.elapsed());
        let at = Instant::now();
        assert_eq!(api.me(&seen.tokens.access).await.unwrap().status, 200);
        seen.slowest = seen.slowest.max(at.elapsed());
        assert!(seen.slowest < SERVED, "somebody waited {:?}", seen.slowest);
        seen.asked += 3;
        seen.memory = seen.memory.max(memory(server.pid()).unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen
}
