//! Waiting for another process, which tells nobody when it is ready: by looking, with a deadline.

use std::time::{Duration, Instant};

/// Looks until there is something, for `limit` at the most.
#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "in vain waited {limit:?} until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Asks until the answer is the one wanted, for `limit` at the most.
pub(crate) async fn until_told<T, F: Future<Output = Option<T>>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        loop {
            match ask().await {
                Some(told) => return told,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    let told = tokio::time::timeout(limit, asking).await;
    told.unwrap_or_else(|_| panic!("in vain waited {limit:?} until {what}"))
}

/// How long it takes.
#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (work.await, begun.elapsed())
}
