//! The calls that came in, as the stub saw them: the last ones, and no secret of any.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::base::time::{Clock as _, SystemClock, Timestamp};
use crate::ops::dev::Dev;
use crate::ops::dev::shown::{ShownAccess, ShownRefresh};

/// How many are kept. Each part of one is cut to size, so this bounds the bytes too.
pub const MOST: usize = 500;

/// What is kept of a call.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it came, by the stub's clock.
    pub at: Timestamp,
    /// Such as `POST`.
    pub method: String,
    /// The address with its query.
    pub path: String,
    /// The status of the answer; nothing where the call was cut off before there was one.
    pub status: Option<u16>,
    /// The word of a refusal.
    pub code: Option<&'static str>,
    /// How long it took, in milliseconds of true time.
    pub millis: u64,
    /// Of which page it is.
    pub origin: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The names of the cookies that it showed.
    pub cookies: Vec<String>,
    /// The access token that it showed as a bearer's.
    pub access: Option<ShownAccess>,
    /// The refresh token that it showed, in a cookie or in its body.
    pub refresh: Option<ShownRefresh>,
    /// Its body, where that is a JSON object, without what could be a secret.
    pub body: Value,
    /// The numbers of the faults that it met, and their words.
    pub faults: Vec<(u64, &'static str)>,
}

/// When a call came in.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// By the stub's clock.
    pub at: Timestamp,
    since: Duration,
}

/// The calls of one stub, in the order in which they were answered.
#[derive(Debug, Default)]
pub struct Requests(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    /// How many there ever were: the number of the last one.
    last: u64,
    requests: VecDeque<Request>,
}

impl Came {
    /// A call comes in now.
    pub fn now(dev: &Dev) -> Self {
        Self { at: dev.shown().now, since: SystemClock.monotonic() }
    }

    /// How long ago that was, in milliseconds of true time: the stub's clock may stand still.
    pub fn millis(&self) -> u64 {
        u64::try_from(SystemClock.monotonic().saturating_sub(self.since).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Requests {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one more; past the most that are kept the oldest goes.
    pub fn note(&self, request: Request) {
        let mut log = self.log();
        log.last += 1;
        log.requests.push_back(request);
        while log.requests.len() > MOST {
            log.requests.pop_front();
        }
    }

    /// Oldest first with their numbers: the newest `limit`, or the first that many with a number above `after`. And
    /// the number of the last call of all.
    pub fn page(&self, after: Option<u64>, limit: usize) -> (Vec<(u64, Request)>, u64) {
        let log = self.log();
        let kept = u64::try_from(log.requests.len()).unwrap_or(u64::MAX);
        let numbered = (log.last.saturating_sub(kept) + 1..).zip(log.requests.iter().cloned());
        let page = match after {
            Some(after) => numbered.filter(|(number, _)| *number > after).take(limit).collect(),
            None => numbered.skip(log.requests.len().saturating_sub(limit)).collect(),
        };
        (page, log.last)
    }

    /// Forgets all. The numbers go on.
    pub fn clear(&self) {
        self.log().requests.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Request {
        Request {
            at: Timestamp::from_secs(1),
            method: "GET".to_owned(),
            path: path.to_owned(),
            status: None,
            code: None,
            millis: 0,
            origin: None,
            user_agent: None,
            cookies: Vec::new(),
            access: None,
            refresh: None,
            body: Value::Null,
            faults: Vec::new(),
        }
    }

    fn page(requests: &Requests, after: Option<u64>, limit: usize) -> Vec<(u64, String)> {
        requests.page(after, limit).0.into_iter().map(|(number, request)| (number, request.path)).collect()
    }

    #[test]
    fn the_last_ones_are_kept_and_each_has_a_number_for_good() {
        let requests = Requests::default();
        for number in 1..=MOST + 3 {
            requests.note(request(&number.to_string()));
        }
        let found = |numbers: &[u64]| numbers.iter().map(|number| (*number, number.to_string())).collect::<Vec<_>>();
        assert_eq!(page(&requests, None, 2), found(&[502, 503]));
        assert_eq!(page(&requests, Some(0), 2), found(&[4, 5]));
        assert_eq!(page(&requests, Some(501), 9), found(&[502, 503]));
        assert_eq!(page(&requests, Some(503), 9), found(&[]));
        assert_eq!(page(&requests, None, MOST + 9).len(), MOST);
        requests.clear();
        assert_eq!((page(&requests, None, 9), requests.page(None, 9).1), (found(&[]), 503));
        requests.note(request("504"));
        assert_eq!(page(&requests, Some(2), 9), found(&[504]));
    }
}
