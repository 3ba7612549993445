//! The threads that hash passwords: below the requests' priority, with a bounded queue before them.
//!
//! A job holds its place from when it is taken to when a thread takes it up, and its thread to its end,
//! whether or not somebody still waits for it. So clients that hang up can't make more work than there
//! is room for. Devices that are known keep a quarter of the places to themselves, and the two kinds
//! take turns: a flood by strangers keeps no owner out, and none the other way round.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::base::time::Ttl;

/// How much lower than the requests' the threads' priority is, by the measure of nice(2).
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// How large a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many threads: as many as the machine has cores.
    pub threads: usize,
    /// How many jobs may wait. A quarter is kept for known devices.
    pub places: usize,
    /// About how long one job takes, from which the wait is estimated.
    pub job: Ttl,
}

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of a device that has signed in to the account before, or of somebody signed in.
    Known,
    /// Of anybody else.
    Stranger,
}

/// There is no place, or the pool is stopping: try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be checked")]
pub struct Full {
    /// After about how long there will be room.
    pub retry_after: Ttl,
}

/// The job ended without a result: it panicked, or the pool stopped before its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hashing of a password was broken off")]
pub struct Gone;

/// The result of a job, to be awaited.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<T>);

/// The threads and their queue. Dropping it stops them.
pub struct HashPool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    size: Size,
}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    strangers_turn: bool,
    stopped: bool,
}

impl Size {
    /// For so many cores, with eight places for each.
    pub const fn for_cores(cores: usize, job: Ttl) -> Self {
        Self { threads: cores, places: cores.saturating_mul(8), job }
    }
}

impl HashPool {
    /// Starts the threads, at least one. Fails where the system gives none.
    pub fn start(size: Size) -> io::Result<Self> {
        let pool = Self { shared: Arc::default(), threads: Mutex::default(), size };
        for number in 0..size.threads.max(1) {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&shared))?;
            lock(&pool.threads).push(thread);
        }
        Ok(pool)
    }

    /// Queues a job, if there is a place; its result comes by the future. The job runs even if the
    /// future is dropped meanwhile, unless that was before its turn: then its place is freed at its turn.
    pub fn submit<T, F>(&self, lane: Lane, job: F) -> Result<Pending<T>, Full>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !answer.is_closed() {
                // Nobody left to take the result is nothing to mend.
                let _ = answer.send(job());
            }
        });
        let mut queue = lock(&self.shared.queue);
        if queue.stopped || !queue.has_place(lane, self.size.places) {
            return Err(Full { retry_after: self.wait(&queue) });
        }
        match lane {
            Lane::Known => queue.known.push_back(job),
            Lane::Stranger => queue.strangers.push_back(job),
        }
        drop(queue);
        self.shared.changed.notify_one();
        Ok(Pending(result))
    }

    /// About how long until all that waits now is done: what `Retry-After` says.
    pub fn retry_after(&self) -> Ttl {
        self.wait(&lock(&self.shared.queue))
    }

    /// Takes no more jobs, gives up those that wait, and returns once those that run are done.
    pub fn stop(&self) {
        let mut queue = lock(&self.shared.queue);
        queue.stopped = true;
        let waiting = (std::mem::take(&mut queue.known), std::mem::take(&mut queue.strangers));
        drop(queue);
        // What they hold is dropped outside the lock.
        drop(waiting);
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *lock(&self.threads));
        // A job may hold the last handle on the pool, and no thread can wait for itself.
        for thread in threads.into_iter().filter(|it| it.thread().id() != thread::current().id()) {
            // Jobs are caught, so nothing is left to report.
            let _ = thread.join();
        }
    }

    fn wait(&self, queue: &Queue) -> Ttl {
        // Those that wait, and one round for those that run.
        let rounds = queue.len().div_ceil(self.size.threads.max(1)) + 1;
        let rounds = i64::try_from(rounds).unwrap_or(i64::MAX);
        Ttl::from_millis(self.size.job.millis().saturating_mul(rounds))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Gone>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|result| result.map_err(|_| Gone))
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.known.len() + self.strangers.len()
    }

    fn has_place(&self, lane: Lane, places: usize) -> bool {
        let for_strangers = places - places / 4;
        self.len() < places && (lane == Lane::Known || self.strangers.len() < for_strangers)
    }

    /// The next job. Known devices come first, but while strangers wait too, only every other time.
    fn next(&mut self) -> Option<Job> {
        let known = !self.known.is_empty() && (!self.strangers_turn || self.strangers.is_empty());
        self.strangers_turn = known;
        if known { self.known.pop_front() } else { self.strangers.pop_front() }
    }
}

fn work(shared: &Shared) {
    lower_priority();
    while let Some(job) = next_job(shared) {
        // Its requester sees that no answer comes; nothing else shares its state.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

fn next_job(shared: &Shared) -> Option<Job> {
    let mut queue = lock(&shared.queue);
    loop {
        if queue.stopped {
            return None;
        }
        if let Some(job) = queue.next() {
            return Some(job);
        }
        queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Linux keeps a priority for each thread; elsewhere this would slow the whole process down.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        let now = rustix::process::getpriority_process(None).unwrap_or(0);
        // Where it may not, it hashes all the same. Past 19 means 19.
        let _ = rustix::process::setpriority_process(None, now.saturating_add(NICE));
    }
}

/// No job runs under a lock, so whatever a poisoned one guards is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const JOB: Ttl = Ttl::from_millis(300);

    fn full(rounds: i64) -> Full {
        Full { retry_after: Ttl::from_millis(300 * rounds) }
    }

    /// A pool of one thread, which a stranger's job keeps busy until the sender is dropped; and its result.
    fn busy(places: usize) -> (HashPool, mpsc::Sender<()>, Pending<&'static str>) {
        let pool = HashPool::start(Size { threads: 1, places, job: JOB }).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let result = pool.submit(Lane::Stranger, move || {
            started.send(()).unwrap();
            held.recv().expect_err("nothing is ever sent");
            "done"
        });
        running.recv().unwrap();
        (pool, release, result.unwrap())
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_a_quarter_is_kept_for_known_devices() {
        let (pool, release, first) = busy(8);
        let mut taken: Vec<_> = (0..6).map(|_| pool.submit(Lane::Stranger, || ()).unwrap()).collect();
        assert_eq!(pool.submit(Lane::Stranger, || ()).err(), Some(full(7)));
        taken.extend((0..2).map(|_| pool.submit(Lane::Known, || ()).unwrap()));
        assert_eq!(pool.submit(Lane::Known, || ()).err(), Some(full(9)));
        assert_eq!(pool.retry_after(), Ttl::from_millis(2700));
        drop(release);
        assert_eq!(first.await, Ok("done"));
        for result in taken {
            assert_eq!(result.await, Ok(()));
        }
        assert_eq!(pool.retry_after(), JOB, "nothing waits");
        assert_eq!(pool.submit(Lane::Stranger, || 7).unwrap().await, Ok(7));
    }

    #[tokio::test]
    async fn known_devices_and_strangers_take_turns() {
        let (pool, release, _first) = busy(16);
        let (say, said) = mpsc::channel();
        let mut results = Vec::new();
        for (lane, name) in [(Lane::Stranger, "stranger"), (Lane::Known, "known")] {
            for number in 1..=3 {
                let say = say.clone();
                results.push(pool.submit(lane, move || say.send(format!("{name} {number}")).unwrap()).unwrap());
            }
        }
        drop((release, say));
        for result in results {
            result.await.unwrap();
        }
        let order: Vec<String> = said.iter().collect();
        assert_eq!(order, ["known 1", "stranger 1", "known 2", "stranger 2", "known 3", "stranger 3"]);
    }

    #[tokio::test]
    async fn who_hangs_up_keeps_the_place_until_its_turn_and_then_costs_nothing() {
        let (pool, release, _first) = busy(4);
        let (ran, runs) = mpsc::channel();
        for _ in 0..2 {
            let ran = ran.clone();
            drop(pool.submit(Lane::Stranger, move || ran.send(()).unwrap()).unwrap());
        }
        let last = pool.submit(Lane::Stranger, || "last").unwrap();
        assert_eq!(pool.submit(Lane::Stranger, || ()).err(), Some(full(4)));
        drop((release, ran));
        assert_eq!(last.await, Ok("last"));
        assert_eq!(runs.try_recv(), Err(mpsc::TryRecvError::Disconnected), "neither ran");
    }

    #[tokio::test]
    async fn a_job_that_runs_keeps_its_thread_whoever_hangs_up() {
        let (pool, release, first) = busy(4);
        drop(first);
        let next = pool.submit(Lane::Known, || ()).unwrap();
        assert_eq!(pool.retry_after(), Ttl::from_millis(600), "it still waits");
        drop(release);
        assert_eq!(next.await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_costs_only_its_job() {
        let pool = HashPool::start(Size::for_cores(1, JOB)).unwrap();
        let name = || thread::current().name().map(str::to_owned);
        assert_eq!(pool.submit(Lane::Known, || panic!("for the test")).unwrap().await, Err::<(), _>(Gone));
        assert_eq!(pool.submit(Lane::Known, name).unwrap().await, Ok(Some("hash-0".to_owned())));
    }

    #[tokio::test]
    async fn stopping_ends_what_runs_and_gives_up_what_waits() {
        let (pool, release, first) = busy(4);
        let waiting = pool.submit(Lane::Known, || ()).unwrap();
        let pool = Arc::new(pool);
        let stopper = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.stop()
        });
        assert_eq!(waiting.await, Err(Gone));
        assert_eq!(pool.submit(Lane::Known, || ()).err(), Some(full(1)));
        assert!(!stopper.is_finished(), "the first job runs");
        drop(release);
        stopper.join().unwrap();
        assert_eq!(first.await, Ok("done"));
        pool.stop();
    }

    #[tokio::test]
    async fn a_job_may_hold_the_last_handle() {
        let pool = Arc::new(HashPool::start(Size::for_cores(2, JOB)).unwrap());
        let (go, wait) = mpsc::channel();
        let handle = Arc::clone(&pool);
        let result = pool.submit(Lane::Known, move || {
            wait.recv().unwrap();
            Arc::into_inner(handle).is_some()
        });
        drop(pool);
        go.send(()).unwrap();
        assert_eq!(result.unwrap().await, Ok(true));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_threads_give_way_to_requests() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let pool = HashPool::start(Size::for_cores(1, JOB)).unwrap();
        assert_eq!(pool.submit(Lane::Known, nice).unwrap().await, Ok((nice() + NICE).min(19)));
    }
}
