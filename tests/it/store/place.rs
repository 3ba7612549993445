//! A folder with a new database, the store on it, and operations to give it.

use std::marker::PhantomData;
use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use doorward::base::entropy::SystemEntropy;
use doorward::base::id::{DatabaseId, SessionId, UserId};
use doorward::base::time::{Clock, SystemClock, Timestamp};
use doorward::domain::event::{Event, Kind};
use doorward::domain::revocation::Revoked;
use doorward::domain::version::Version;
use doorward::store::error::Error;
use doorward::store::op::Op;
use doorward::store::sqlite::handle::{Opened, Store};
use doorward::store::tx::Tx;
use futures_util::poll;
use rusqlite::Connection;
use tempfile::TempDir;

/// How long anything may take before a test says that it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Epoch and version of every token here.
pub(crate) const VER: Version = Version { epoch: 0, number: 0 };

/// A folder with a new database.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        let database = DatabaseId::new(SystemClock.now(), &SystemEntropy::default()).unwrap();
        place.open().run(&op(move |tx| tx.create_meta(database, SystemClock.now()))).unwrap();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The right to serve it, without a store that runs.
    pub(crate) fn open(&self) -> Opened {
        Opened::new(self.path()).unwrap()
    }

    /// The store of a server that runs on it.
    pub(crate) fn store(&self) -> Store {
        self.open().start(Arc::new(SystemClock)).unwrap()
    }

    /// The same by a clock that goes on by so much each time somebody looks at it.
    pub(crate) fn store_by(&self, step: Duration) -> Store {
        self.open().start(Arc::new(Steps { step, shown: Mutex::default() })).unwrap()
    }

    /// A connection of another program, which knows nothing of turns.
    pub(crate) fn stranger(&self) -> Connection {
        let conn = Connection::open(self.path().join("doorward.db")).unwrap();
        conn.busy_timeout(PATIENCE).unwrap();
        conn
    }

    /// The notes that are on disk, as another program sees them.
    pub(crate) fn notes(&self) -> Vec<String> {
        let conn = self.stranger();
        let mut query = conn.prepare("SELECT detail FROM events ORDER BY id").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

/// A clock by which each look takes the same time.
struct Steps {
    step: Duration,
    shown: Mutex<Duration>,
}

impl Clock for Steps {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
    fn monotonic(&self) -> Duration {
        let mut shown = self.shown.lock().unwrap();
        *shown += self.step;
        *shown
    }
}

/// An operation made of a closure.
pub(crate) struct Do<T, F>(F, PhantomData<fn() -> T>);

impl<T, F> Op for Do<T, F>
where
    T: Send + 'static,
    F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
{
    type Out = T;

    fn run(&self, tx: &mut dyn Tx) -> Result<T, Error> {
        (self.0)(tx)
    }
}

pub(crate) fn op<T, F>(run: F) -> Do<T, F>
where
    T: Send + 'static,
    F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
{
    Do(run, PhantomData)
}

/// Writes a row that can be found again.
pub(crate) fn note(text: &str) -> impl Op<Out = ()> + use<> {
    let event = Event { detail: Some(text.to_owned()), ..Event::new(SystemClock.now(), Kind::SignedIn) };
    op(move |tx| tx.record(&event))
}

/// Ends a session.
pub(crate) fn end(session: SessionId) -> impl Op<Out = ()> {
    op(move |tx| tx.revoke(Revoked::Session(session), SystemClock.now()))
}

/// A session that is nobody's.
pub(crate) fn session(number: u16) -> SessionId {
    let [high, low] = number.to_be_bytes();
    SessionId::from_bytes([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// Whether the store refuses access tokens of a session.
pub(crate) fn refuses(store: &Store, session: SessionId) -> bool {
    store.revocations().refuses(UserId::from_bytes([9; 16]), session, VER)
}

/// Holds the writer inside an operation until it is let go.
pub(crate) struct Gate {
    entered: Receiver<()>,
    release: Sender<()>,
}

impl Gate {
    /// The gate, and the operation that waits at it.
    pub(crate) fn new() -> (Self, impl Op<Out = ()>) {
        let (enter, entered) = channel();
        let (release, released) = channel::<()>();
        let wait = op(move |_| {
            let _ = enter.send(());
            // Where the gate is gone it is open.
            let _ = released.recv_timeout(PATIENCE);
            Ok(())
        });
        (Self { entered, release }, wait)
    }

    /// Waits until the writer stands at it.
    pub(crate) fn reached(&self) {
        self.entered.recv_timeout(PATIENCE).unwrap();
    }

    /// Lets it go on.
    pub(crate) fn open(self) {
        self.release.send(()).unwrap();
    }
}

/// An answer that may not be there yet.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;

/// Submits an operation, which is in the queue when this comes back.
pub(crate) async fn queued<O: Op>(store: &Store, op: O) -> Answer<'_, O::Out> {
    let mut answer: Answer<'_, O::Out> = Box::pin(store.submit(op));
    assert!(is_waiting(&mut answer).await, "answered at once");
    answer
}

/// Whether an answer has not come yet.
pub(crate) async fn is_waiting<T>(answer: &mut Answer<'_, T>) -> bool {
    matches!(poll!(answer), Poll::Pending)
}
