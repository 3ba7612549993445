//! Many clients at once, each asking for its next answer as soon as it has the last one.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, LocalSet};

use crate::client::{Answer, Connection};
use crate::figures::Figures;
use crate::process::{Process, own_cpu};

/// Before the clock runs: connections are made, caches filled.
const WARM_UP: Duration = Duration::from_millis(300);

/// What one client says, and what it makes of the answers. It keeps its state from run to run.
pub trait Caller: 'static {
    /// Writes the next request.
    fn request(&mut self, into: &mut Vec<u8>);
    /// Reads its answer; what is wrong with it ends the benchmark.
    fn answered(&mut self, answer: &Answer<'_>) -> Result<(), String>;
}

/// Lets all callers call for so long. Gives them back.
pub fn run<C: Caller>(server: &Process, callers: Vec<C>, length: Duration) -> (Figures, Vec<C>) {
    let addr = server.addr;
    alone(async move {
        let times = Rc::new(RefCell::new(Vec::with_capacity(1 << 20)));
        let start = Instant::now() + WARM_UP;
        let end = start + length;
        let mut tasks = JoinSet::new();
        for caller in callers {
            tasks.spawn_local(one(addr, caller, (start, end), Rc::clone(&times)));
        }
        tokio::time::sleep_until(start.into()).await;
        let cpu = || [server.cpu(), own_cpu()];
        let before = cpu();
        tokio::time::sleep_until(end.into()).await;
        let [server, clients] = cpu();
        let callers = tasks.join_all().await;
        let busy = [server.saturating_sub(before[0]), clients.saturating_sub(before[1])];
        (Figures::new(times.take(), length, busy), callers)
    })
}

async fn one<C: Caller>(
    addr: SocketAddr,
    mut caller: C,
    (start, end): (Instant, Instant),
    times: Rc<RefCell<Vec<u32>>>,
) -> C {
    let mut connection = Connection::open(addr).await.expect("the server takes a connection");
    let mut request = Vec::with_capacity(2048);
    loop {
        request.clear();
        caller.request(&mut request);
        let sent = Instant::now();
        let answer = connection.ask(&request).await.expect("the server answers");
        let got = Instant::now();
        if let Err(wrong) = caller.answered(&answer) {
            panic!("{wrong}\n{}", answer.text());
        }
        if got > end {
            return caller;
        }
        if got >= start {
            times.borrow_mut().push(u32::try_from((got - sent).as_nanos()).unwrap_or(u32::MAX));
        }
    }
}

/// Runs on this thread alone.
pub fn alone<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, future)
}
