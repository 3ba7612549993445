//! Work beside a sync: while the disk takes a commit, a processor may make what the answer needs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Work for whoever comes to it first: a thread that has nothing else to do while the disk syncs, or who needs
/// what it makes. That goes out with the outcome of its operation, and so only once that is on disk.
pub struct Aside<T> {
    work: Arc<Mutex<Option<Work<T>>>>,
    made: oneshot::Receiver<T>,
}

type Work<T> = Box<dyn FnOnce() -> T + Send>;

/// The part of [`Aside`] that another thread is given.
pub type Task = Box<dyn FnOnce() + Send>;

impl<T: Send + 'static> Aside<T> {
    /// Of this work, with the task that does it where nobody has.
    pub fn new(work: impl FnOnce() -> T + Send + 'static) -> (Self, Task) {
        let work = Arc::new(Mutex::new(Some(Box::new(work) as Work<T>)));
        let (made_it, made) = oneshot::channel();
        let task = {
            let work = Arc::clone(&work);
            move || {
                if let Some(work) = take(&work) {
                    // Whoever needed it may have gone.
                    let _ = made_it.send(work());
                }
            }
        };
        (Self { work, made }, Box::new(task))
    }

    /// What the work makes: does it, or waits for who has begun. None where that one panicked.
    pub async fn done(self) -> Option<T> {
        match take(&self.work) {
            Some(work) => Some(work()),
            None => self.made.await.ok(),
        }
    }
}

impl<T> fmt::Debug for Aside<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aside")
    }
}

fn take<T>(work: &Mutex<Option<Work<T>>>) -> Option<Work<T>> {
    work.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn whoever_comes_first_does_it_and_once() {
        let times = Arc::new(AtomicU32::new(0));
        let work = || {
            let times = Arc::clone(&times);
            Aside::new(move || (times.fetch_add(1, Ordering::SeqCst), thread::current().id()))
        };
        let (aside, task) = work();
        let other = thread::spawn(task).thread().id();
        let begun = || times.load(Ordering::SeqCst) > 0;
        while !begun() {
            thread::yield_now();
        }
        assert_eq!(aside.done().await, Some((0, other)));
        let (aside, task) = work();
        assert_eq!(aside.done().await, Some((1, thread::current().id())));
        task();
        let (aside, task) = work();
        drop(task);
        assert_eq!(aside.done().await, Some((2, thread::current().id())), "nobody did it");
        assert_eq!(times.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn who_has_begun_is_waited_for() {
        let ((begins, begun), (goes_on, may_go_on)) = (channel(), channel());
        let (aside, task) = Aside::new(move || {
            begins.send(()).unwrap();
            may_go_on.recv().unwrap()
        });
        thread::spawn(task);
        begun.recv().unwrap();
        let made = tokio::spawn(aside.done());
        tokio::task::yield_now().await;
        assert!(!made.is_finished());
        goes_on.send(7).unwrap();
        assert_eq!(made.await.unwrap(), Some(7));
    }

    #[tokio::test]
    async fn where_it_panics_nothing_is_made() {
        let (aside, task) = Aside::<()>::new(|| panic!("as a test wants it"));
        assert!(catch_unwind(std::panic::AssertUnwindSafe(task)).is_err());
        assert_eq!(aside.done().await, None);
    }
}
