//! `Store`: what operations are submitted to and rows are read from.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::base::time::Clock;
use crate::store::error::Error;
use crate::store::op::Op;
use crate::store::revocations::Revocations;
use crate::store::rows::Rows;
use crate::store::sqlite::alone::{Alone, Waits};
use crate::store::sqlite::checkpoint::Checkpointer;
use crate::store::sqlite::draft::beside;
use crate::store::sqlite::open::{self, OpenError, Purpose, ServeLock};
use crate::store::sqlite::readers::{self, Look};
use crate::store::sqlite::source;
use crate::store::sqlite::turn::Turn;
use crate::store::sqlite::tx::{SqliteTx, begin, finish};
use crate::store::sqlite::wal::Wal;
use crate::store::sqlite::writer::{self, Hand, Job, Message, Pending, Writer};

/// How much may queue for the writer; more is turned away.
const WRITES: usize = 1_024;

/// How much may queue for the readers.
const READS: usize = 256;

/// How many threads read.
const READERS: usize = 2;

/// A running store. Shared by all requests; stopped once.
pub struct Store {
    writes: SyncSender<Message>,
    hand: Arc<Hand>,
    alone: Arc<Alone>,
    reads: Mutex<Option<SyncSender<Look>>>,
    revocations: Arc<Revocations>,
    foreign: Arc<AtomicU64>,
    wal: Arc<Wal>,
    writer: Mutex<Option<JoinHandle<()>>>,
    others: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<ServeLock>>,
}

/// A store that is open and whose writer does not run yet: for what a start must do first.
pub struct Opened {
    lock: ServeLock,
    conn: Connection,
    path: std::path::PathBuf,
    purpose: Purpose,
}

impl Opened {
    /// Takes the right to serve the folder, and opens its database or makes a new one.
    pub fn new(folder: &Path) -> Result<Self, OpenError> {
        Self::of(folder, Purpose::Production)
    }

    /// The same for the development stub. One that keeps nothing syncs nothing.
    pub fn dev(folder: &Path, keeps: bool) -> Result<Self, OpenError> {
        Self::of(folder, Purpose::Dev { keeps })
    }

    fn of(folder: &Path, purpose: Purpose) -> Result<Self, OpenError> {
        let lock = ServeLock::take(folder)?;
        let path = folder.join(open::FILE);
        source::refuse_stray_wal(&path)?;
        open::create_file(&path)?;
        let conn = open::writer(&path, purpose)?;
        if open::is_read_only(&conn) {
            return Err(OpenError::ReadOnly(path));
        }
        Ok(Self { lock, conn, path, purpose })
    }

    /// Whether the database was just made, or its first start never came to an end.
    pub fn is_new(&self) -> Result<bool, Error> {
        Ok(self.conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM meta)", [], |row| row.get(0))?)
    }

    /// Looks.
    pub fn read<T>(&self, read: impl FnOnce(&dyn Rows) -> Result<T, Error>) -> Result<T, Error> {
        readers::in_snapshot(&self.conn, read)
    }

    /// Runs an operation at once.
    pub fn run<O: Op>(&self, op: &O) -> Result<O::Out, Error> {
        begin(&self.conn)?;
        let out = op.run(&mut SqliteTx::new(&self.conn));
        finish(&self.conn, out.is_ok())?;
        out
    }

    /// Starts the threads.
    pub fn start(self, clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
        let (epoch, rows) = self.read(|rows| Ok((rows.meta()?.epoch, rows.revocations_after(0)?)))?;
        let revocations = Arc::new(Revocations::new(Arc::clone(&clock), epoch, &rows));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let io = |source| OpenError::Io { path: folder.to_owned(), source };
        let (writes, queue) = sync_channel(WRITES);
        let (reads, looks) = sync_channel::<Look>(READS);
        let wal = Arc::new(Wal::new(beside(&self.path, "-wal")));
        let foreign = Arc::new(AtomicU64::new(0));
        let file = self.purpose.keeps().then(|| File::open(&self.path)).transpose().map_err(io)?.map(Arc::new);
        let checkpointer = Checkpointer {
            conn: open::checkpointer(&self.path, self.purpose)?,
            file: file.clone(),
            clock: Arc::clone(&clock),
        };
        let others = spawn_others(&self.path, checkpointer, &wal, looks).map_err(|error| match error {
            Spawn::Open(error) => error,
            Spawn::Io(error) => io(error),
        })?;
        let hand = Arc::new(Mutex::new(Some(Writer {
            took: Duration::ZERO,
            clock,
            version: None,
            read_to: rows.last().map_or(0, |row| row.seq),
            doubt: false,
            turn: Turn::open(folder).map_err(io)?,
            conn: self.conn,
            _file: file,
            revocations: Arc::clone(&revocations),
            wal: Arc::clone(&wal),
            foreign: Arc::clone(&foreign),
        })));
        let held = Arc::clone(&hand);
        let run = move || writer::work(&held, &queue);
        let writer = std::thread::Builder::new().name("writer".to_owned()).spawn(run).map_err(io)?;
        Ok(Store {
            writes,
            hand,
            alone: Arc::default(),
            reads: Mutex::new(Some(reads)),
            revocations,
            foreign,
            wal,
            writer: Mutex::new(Some(writer)),
            others: Mutex::new(others),
            lock: Mutex::new(Some(self.lock)),
        })
    }
}

/// An operation on its way to disk.
#[derive(Debug)]
pub struct Queued<T> {
    answer: oneshot::Receiver<Result<T, Error>>,
    _waits: Waits,
}

impl<T> Queued<T> {
    /// Waits until it is on disk.
    pub async fn done(self) -> Result<T, Error> {
        self.answer.await.map_err(|_| Error::Stopped)?
    }
}

enum Spawn {
    Open(OpenError),
    Io(std::io::Error),
}

fn spawn_others(
    path: &Path,
    checkpointer: Checkpointer,
    wal: &Arc<Wal>,
    looks: Receiver<Look>,
) -> Result<Vec<JoinHandle<()>>, Spawn> {
    let named = |name: String| std::thread::Builder::new().name(name);
    let mut threads = Vec::new();
    let shared = Arc::clone(wal);
    let run = move || checkpointer.work(&shared);
    threads.push(named("checkpoint".to_owned()).spawn(run).map_err(Spawn::Io)?);
    let looks = Arc::new(Mutex::new(looks));
    for number in 0..READERS {
        let conn = open::reader(path).map_err(Spawn::Open)?;
        let looks = Arc::clone(&looks);
        let run = move || readers::work(&conn, &looks);
        threads.push(named(format!("reader-{number}")).spawn(run).map_err(Spawn::Io)?);
    }
    Ok(threads)
}

impl Store {
    /// Runs an operation in the next batch; what it gives waits until it is on disk. It runs whether or not
    /// somebody waits.
    pub fn submit<O: Op>(&self, op: O) -> impl Future<Output = Result<O::Out, Error>> + use<O> {
        let queued = self.queue(op);
        async { queued?.done().await }
    }

    /// Puts an operation into the next batch. It runs whether or not somebody waits for what comes of it.
    pub fn queue<O: Op>(&self, op: O) -> Result<Queued<O::Out>, Error> {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Pending::new(op, reply));
        let queued = Queued { answer, _waits: self.alone.waits() };
        let Err(job) = self.alone.try_run(&self.hand, &self.writes, job) else { return Ok(queued) };
        self.writes.try_send(Message::Job(job)).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Stopped,
        })?;
        Ok(queued)
    }

    /// Reads rows of one moment, on a reader's thread.
    pub async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Rows) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let look = readers::look(read, reply);
        match self.reads.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => return Err(Error::Stopped),
            Some(reads) => reads.try_send(look).map_err(|error| match error {
                TrySendError::Full(_) => Error::Busy,
                TrySendError::Disconnected(_) => Error::Stopped,
            })?,
        }
        answer.await.map_err(|_| Error::Stopped)?
    }

    /// What access tokens are refused.
    pub const fn revocations(&self) -> &Arc<Revocations> {
        &self.revocations
    }

    /// A number that grows whenever another process is seen to have written.
    pub fn foreign_writes(&self) -> u64 {
        self.foreign.load(Ordering::Acquire)
    }

    /// Finishes what is queued, moves the WAL into the file, closes it and lets another serve it. Blocks
    /// until done, whoever still holds the store.
    pub fn stop(&self) {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.wal.stop();
        for thread in self.others.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = thread.join();
        }
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = self.writes.send(Message::Stop);
            let _ = writer.join();
        }
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}
