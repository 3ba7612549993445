//! What clients say.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::client::Answer;
use crate::load::Caller;
use crate::population::{PASSWORD, Population};

/// Scatters numbers over a range, each once: a prime that no population is a multiple of.
const SCATTER: u64 = 7_368_787;

/// So many sessions have their first cookie ready: to make one on the way costs as much as to send it.
const READY: u32 = 400_000;

/// The cookies that browsers got last, by the number of the session; the others still have their first.
pub type Jar = Rc<RefCell<HashMap<u32, String>>>;

/// A jar with the first cookies of those sessions that are asked for first.
pub fn jar(population: &Population) -> Jar {
    let numbers = (0..population.sessions.min(READY)).map(|at| scattered(at.into(), population));
    Rc::new(RefCell::new(numbers.map(|number| (number, population.cookie(number))).collect()))
}

fn scattered(at: u64, population: &Population) -> u32 {
    u32::try_from(at * SCATTER % u64::from(population.sessions)).unwrap()
}

/// Browsers that refresh, one after the other, each with the cookie that it got last.
pub struct Refresher {
    population: Population,
    jar: Jar,
    /// Which of how many clients this is: it has the sessions that the others have not.
    place: (u32, u32),
    at: u32,
    cookie: String,
}

impl Refresher {
    /// One of so many clients, among whom all sessions of a population are shared out.
    pub fn new(population: Population, jar: Jar, client: u32, clients: u32) -> Self {
        Self { population, jar, place: (client, clients), at: 0, cookie: String::new() }
    }

    fn number(&self) -> u32 {
        let (client, clients) = self.place;
        scattered(u64::from(client) + u64::from(clients) * u64::from(self.at), &self.population)
    }
}

impl Caller for Refresher {
    fn request(&mut self, into: &mut Vec<u8>) {
        let number = self.number();
        self.cookie = self.jar.borrow_mut().remove(&number).unwrap_or_else(|| self.population.cookie(number));
        into.extend_from_slice(b"POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n");
        into.extend_from_slice(b"User-Agent: bench\r\nContent-Length: 0\r\nCookie: refreshToken=");
        into.extend_from_slice(self.cookie.as_bytes());
        into.extend_from_slice(b"\r\n\r\n");
    }

    fn answered(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let cookie = answer.cookie("refreshToken").filter(|_| answer.status == 200).ok_or("no refresh")?;
        if cookie == self.cookie {
            return Err("the token did not rotate".to_owned());
        }
        self.jar.borrow_mut().insert(self.number(), cookie.to_owned());
        let (client, clients) = self.place;
        self.at = (self.at + 1) % (self.population.sessions - client).div_ceil(clients);
        Ok(())
    }
}

/// An application that asks who somebody is, with one token after the other, and again from the first.
pub struct Asker {
    tokens: Vec<String>,
    at: usize,
}

impl Asker {
    /// With these tokens.
    pub fn new(tokens: Vec<String>) -> Self {
        Self { tokens, at: 0 }
    }
}

impl Caller for Asker {
    fn request(&mut self, into: &mut Vec<u8>) {
        into.extend_from_slice(
            b"GET /auth/me HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAuthorization: Bearer ",
        );
        into.extend_from_slice(self.tokens[self.at].as_bytes());
        into.extend_from_slice(b"\r\n\r\n");
        self.at = (self.at + 1) % self.tokens.len();
    }

    fn answered(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 200 { Ok(()) } else { Err("not known".to_owned()) }
    }
}

/// Users who sign in, one after the other.
pub struct Signer {
    users: Range<u32>,
    next: u32,
}

impl Signer {
    /// With these users, from the first to the last and again.
    pub fn new(users: Range<u32>) -> Self {
        Self { next: users.start, users }
    }
}

impl Caller for Signer {
    fn request(&mut self, into: &mut Vec<u8>) {
        let email = Population::email(self.next);
        self.next = if self.next + 1 < self.users.end { self.next + 1 } else { self.users.start };
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","transport":"body"}}"#);
        let head =
            "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nContent-Type: application/json";
        into.extend_from_slice(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn answered(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 200 { Ok(()) } else { Err("not signed in".to_owned()) }
    }
}
