//! What writes, one at a time. Its thread takes what queued while the last commit was on its way to disk
//! as the next batch: many operations, one commit, no timer. Answers go out only after it. Where one asks
//! at a time, nobody need be woken: see `alone`.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::base::time::Clock;
use crate::domain::revocation::Revocation;
use crate::store::aside::Task;
use crate::store::error::Error;
use crate::store::op::Op;
use crate::store::revocations::Revocations;
use crate::store::rows::Rows;
use crate::store::sqlite::turn::Turn;
use crate::store::sqlite::tx::{SqliteTx, begin, finish};
use crate::store::sqlite::wal::Wal;
use crate::store::sqlite::{failpoint, readers};
use crate::store::tx::Tx as _;

/// How many operations share a commit at the most.
const MAX_BATCH: usize = 256;

/// How often an idle writer looks whether another process wrote.
const IDLE: Duration = Duration::from_millis(250);

/// After so many tasks beside others' syncs, it looks after the WAL all the same.
const ASIDES: u32 = 128;

/// What the writer is sent.
pub(super) enum Message {
    /// Work.
    Job(Box<dyn Job>),
    /// What it may do while another syncs.
    Aside(Task),
    /// No more work: finish what is queued, then stop.
    Stop,
}

/// An operation with somebody waiting for it. `run` keeps the result, `finish` sends it: nobody can be
/// answered before the commit.
pub(super) trait Job: Send {
    /// Runs it, and says whether it did.
    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Result<(), Error>;
    /// After `run`: what another thread may do before `finish`.
    fn aside(&mut self) -> Option<Task>;
    /// Answers: what came of it, or why nothing did.
    fn finish(self: Box<Self>, failed: Option<Error>);
}

/// An [`Op`] and its requester.
pub(super) struct Pending<O: Op> {
    op: O,
    result: Option<O::Out>,
    reply: oneshot::Sender<Result<O::Out, Error>>,
}

impl<O: Op> Pending<O> {
    pub(super) const fn new(op: O, reply: oneshot::Sender<Result<O::Out, Error>>) -> Self {
        Self { op, result: None, reply }
    }
}

impl<O: Op> Job for Pending<O> {
    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Result<(), Error> {
        self.result = None;
        self.result = Some(self.op.run(tx)?);
        Ok(())
    }

    fn aside(&mut self) -> Option<Task> {
        self.op.aside(self.result.as_mut()?)
    }

    fn finish(self: Box<Self>, failed: Option<Error>) {
        let answer = match (failed, self.result) {
            (Some(error), _) => Err(error),
            (None, Some(out)) => Ok(out),
            (None, None) => Err(Error::Panicked),
        };
        // The requester may have gone; what was written stays written.
        let _ = self.reply.send(answer);
    }
}

/// What came of running a batch. A job that fails or panics takes back what the others of its batch wrote; they
/// run again, which is rare, and spares every job the savepoint.
enum Came {
    /// All are answered.
    Done,
    /// One failed and was told; these were taken back with it.
    Failed(Vec<Box<dyn Job>>),
    /// SQLite rolled everything back by itself, and who knows for which of these.
    Lost(Vec<Box<dyn Job>>),
}

/// Passed on from one that writes to the next; nothing once the store is stopped.
pub(super) type Hand = Mutex<Option<Writer>>;

/// What writing needs: whoever holds it writes.
pub(super) struct Writer {
    pub(super) conn: Connection,
    /// The checkpointer's descriptor of the database file: to close one drops the process's locks on that file
    /// (fcntl(2)), so it is closed here, after the last connection.
    pub(super) _file: Option<Arc<File>>,
    pub(super) turn: Turn,
    pub(super) revocations: Arc<Revocations>,
    pub(super) wal: Arc<Wal>,
    /// Counts the times that another process was seen to have written.
    pub(super) foreign: Arc<AtomicU64>,
    /// `PRAGMA data_version` when last asked. None at first: what was written while this server started
    /// is taken up too.
    pub(super) version: Option<i64>,
    /// The last revocation that was read from the table, whoever wrote it.
    pub(super) read_to: i64,
    /// A commit failed: what it was to end is refused, and may not be over.
    pub(super) doubt: bool,
    /// How long the last batch took.
    pub(super) took: Duration,
    /// Measures that.
    pub(super) clock: Arc<dyn Clock>,
}

/// The writer's thread: works until told to stop; then the WAL is moved into the file and cut.
pub(super) fn work(hand: &Hand, queue: &Receiver<Message>) {
    let hold = || -> MutexGuard<'_, Option<Writer>> { hand.lock().unwrap_or_else(PoisonError::into_inner) };
    let (mut stopping, mut asides) = (false, 0);
    while !stopping {
        let mut batch = Vec::new();
        match queue.recv_timeout(IDLE) {
            Ok(Message::Job(job)) => batch.push(job),
            Ok(Message::Aside(task)) => {
                // A panic is told to who waits for it.
                let _ = catch_unwind(AssertUnwindSafe(task));
                asides = (asides + 1) % ASIDES;
                if asides > 0 {
                    continue;
                }
            }
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => stopping = true,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let mut held = hold();
        let Some(writer) = held.as_mut() else { return };
        writer.turn.let_others();
        writer.take_up_foreign();
        while batch.len() < MAX_BATCH {
            match queue.try_recv() {
                Ok(Message::Job(job)) => batch.push(job),
                // Who needs it does it: there is more to do here.
                Ok(Message::Aside(task)) => drop(task),
                Ok(Message::Stop) => stopping = true,
                Err(_) => break,
            }
        }
        if !batch.is_empty() {
            // A full batch may have left work behind: it is done before the stop.
            let more = stopping && batch.len() == MAX_BATCH;
            writer.run(batch, None);
            if more {
                writer.drain(queue);
            }
        }
        writer.look_after_wal();
    }
    // Closed before its folder is free for another server.
    let Some(writer) = hold().take() else { return };
    if let Err(error) = writer.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the WAL could not be moved into the file at the stop; nothing is lost");
    }
}

impl Writer {
    fn drain(&mut self, queue: &Receiver<Message>) {
        let mut rest = Vec::new();
        while let Ok(message) = queue.try_recv() {
            if let Message::Job(job) = message {
                rest.push(job);
            }
        }
        if !rest.is_empty() {
            self.run(rest, None);
        }
    }

    fn look_after_wal(&self) {
        self.wal.finish_where_asked(&self.conn);
        self.wal.hold_back(&self.conn);
    }

    /// Looks whether another process wrote; if so, takes up what it ended and says so.
    pub(super) fn take_up_foreign(&mut self) {
        match self.try_take_up_foreign() {
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "what another process wrote could not be read"),
        }
    }

    fn try_take_up_foreign(&mut self) -> Result<(), Error> {
        // Our own commits don't move it: what comes meanwhile is seen the next time.
        let version = Some(data_version(&self.conn)?);
        if version == self.version && !self.doubt {
            return Ok(());
        }
        if self.doubt {
            self.try_read_anew()?;
        }
        // From where the table was last read, and not from the highest number known: a command may have
        // ended something just before this writer ended something else.
        let mut tx = SqliteTx::new(&self.conn);
        let new = tx.revocations_after(self.read_to)?;
        self.revocations.add(&new);
        self.foreign.fetch_add(1, Ordering::Release);
        let last = new.last().map_or(self.read_to, |row| row.seq);
        if tx.meta()?.seen_seq < last {
            tx.set_seen(last)?;
        }
        (self.read_to, self.version) = (last, version);
        Ok(())
    }

    /// The table knows better than the copy in memory: what is refused is that, and no more.
    fn try_read_anew(&mut self) -> Result<(), Error> {
        let read = |rows: &dyn Rows| Ok((rows.meta()?.epoch, rows.revocations_after(0)?));
        let (epoch, rows) = readers::in_snapshot(&self.conn, read)?;
        self.revocations.replace(epoch, &rows);
        self.doubt = false;
        Ok(())
    }

    /// The same where it must not fail: it is tried again before the next batch.
    fn read_anew(&mut self) {
        if let Err(error) = self.try_read_anew() {
            tracing::error!(%error, "what is refused could not be read");
            self.doubt = true;
        }
    }

    /// One batch, one commit. Where another thread has nothing to do meanwhile, `aside` gives it something.
    pub(super) fn run(&mut self, batch: Vec<Box<dyn Job>>, aside: Option<&dyn Fn(Task)>) {
        let begun = self.clock.monotonic();
        self.run_all(batch, aside);
        self.took = self.clock.monotonic().saturating_sub(begun);
    }

    /// Where the transaction itself is lost, each job is run again alone; where one job fails, the others.
    fn run_all(&mut self, mut batch: Vec<Box<dyn Job>>, aside: Option<&dyn Fn(Task)>) {
        loop {
            match self.run_together(batch, aside) {
                Came::Done => return,
                Came::Failed(others) => batch = others,
                Came::Lost(jobs) => {
                    for job in jobs {
                        if let Came::Lost(mut again) = self.run_together(vec![job], None)
                            && let Some(job) = again.pop()
                        {
                            job.finish(Some(Error::Disk("the transaction was rolled back by SQLite".to_owned())));
                        }
                    }
                    return;
                }
            }
        }
    }

    fn run_together(&mut self, batch: Vec<Box<dyn Job>>, aside: Option<&dyn Fn(Task)>) -> Came {
        if batch.is_empty() {
            return Came::Done;
        }
        if let Err(error) = begin(&self.conn) {
            finish_all(batch, &error);
            return Came::Done;
        }
        let before = self.conn.total_changes();
        let mut tx = SqliteTx::new(&self.conn);
        let mut done = Vec::with_capacity(batch.len());
        let mut rest = batch.into_iter();
        while let Some(mut job) = rest.next() {
            let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(Err(Error::Panicked));
            let lost = self.conn.is_autocommit();
            if ran.is_ok() && !lost {
                done.push(job);
                continue;
            }
            if !lost {
                let _ = self.conn.execute_batch("ROLLBACK");
            }
            let alone = done.is_empty() && rest.len() == 0;
            if !lost || alone {
                job.finish(ran.err().or(Some(Error::Panicked)));
                done.extend(rest);
                return Came::Failed(done);
            }
            done.push(job);
            done.extend(rest);
            return Came::Lost(done);
        }
        if let Some(aside) = aside {
            // A panic here would leave the transaction open: nothing is done aside then.
            let task = |job: &mut Box<dyn Job>| catch_unwind(AssertUnwindSafe(|| job.aside())).ok().flatten();
            done.iter_mut().filter_map(task).for_each(aside);
        }
        failpoint::hit("before_commit");
        let (ended, anew) = (tx.ended, tx.anew);
        let committed = finish(&self.conn, true);
        failpoint::hit("after_commit");
        self.wal.wrote(self.conn.total_changes() - before);
        if anew {
            self.read_anew();
        }
        self.answer(committed, &ended, done);
        Came::Done
    }

    fn answer(&mut self, committed: Result<(), Error>, ended: &[Revocation], done: Vec<Box<dyn Job>>) {
        // On an unknown outcome too: refusing more than needed is the safe side, until the table is read.
        if !ended.is_empty() {
            self.revocations.add(ended);
        }
        let lost = committed.err();
        self.doubt |= lost.is_some() && !ended.is_empty();
        for job in done {
            job.finish(lost.clone());
            failpoint::hit("between_answers");
        }
    }
}

/// `PRAGMA data_version`: another number whenever another connection has written.
fn data_version(conn: &Connection) -> Result<i64, Error> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

fn finish_all(batch: Vec<Box<dyn Job>>, error: &Error) {
    for job in batch {
        job.finish(Some(error.clone()));
    }
}
