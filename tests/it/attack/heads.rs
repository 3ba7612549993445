//! What a head may take: five seconds and 16 KiB each, the first of a connection or a later one.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::real::wait::timed;
use crate::real::{Real, Site};

const QUICK: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A head that is not over.
const BEGUN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ";

/// A head has five seconds; a busy machine may need some more.
const ENDED: Duration = Duration::from_secs(12);

/// How long a slow client waits between two pieces.
const PAUSE: Duration = Duration::from_millis(250);

/// A connection and what came over it.
struct Wire {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Wire {
    fn to(server: &Real) -> Self {
        let stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(ENDED)).unwrap();
        Self { stream, seen: Vec::new() }
    }

    /// One on which a request was answered.
    fn used(server: &Real) -> Self {
        let mut wire = Self::to(server);
        assert_eq!(wire.ask(QUICK.as_bytes()).0, 200);
        wire
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a request, and gives the answer's status and body.
    fn ask(&mut self, bytes: &[u8]) -> (u16, String) {
        self.send(bytes);
        self.answer()
    }

    /// The next answer.
    fn answer(&mut self) -> (u16, String) {
        let mut piece = [0; 4096];
        loop {
            if let Some(answer) = self.take() {
                return answer;
            }
            let read = self.stream.read(&mut piece).unwrap_or_else(|error| panic!("{error} after {:?}", self.text()));
            assert_ne!(read, 0, "the connection ended after {:?}", self.text());
            self.seen.extend_from_slice(&piece[..read]);
        }
    }

    fn take(&mut self) -> Option<(u16, String)> {
        let text = self.text();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().unwrap();
        let body = rest.get(..length)?.to_owned();
        let status = head.split(' ').nth(1)?.parse().unwrap();
        self.seen.drain(..head.len() + 4 + length);
        Some((status, body))
    }

    fn text(&self) -> String {
        String::from_utf8(self.seen.clone()).unwrap()
    }

    /// Sends a piece again and again until the other side ends the connection, which it must.
    fn drip(&mut self, piece: &[u8]) {
        self.stream.set_read_timeout(Some(PAUSE)).unwrap();
        let mut answer = [0; 4096];
        for _ in 0..ENDED.as_millis() / PAUSE.as_millis() {
            match self.stream.read(&mut answer) {
                Ok(0) => return,
                Ok(read) => self.seen.extend_from_slice(&answer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
            if self.seen.is_empty() {
                let _ = self.stream.write_all(piece);
            }
        }
        panic!("the connection was not ended, and there came {:?}", self.text());
    }

    /// Waits for the end of the connection.
    fn end(&mut self) {
        self.stream.read_to_end(&mut self.seen).unwrap();
    }
}

/// A request with a head of this length.
fn of_length(length: usize) -> String {
    format!("{BEGUN}{}\r\n\r\n", "x".repeat(length - BEGUN.len() - 4))
}

fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_later_head_has_five_seconds_like_the_first() {
    let site = Site::new();
    let server = site.start();
    let mut idle = Wire::used(&server);
    let mut first = Wire::to(&server);
    let mut later = ["", &"x".repeat(15_000)].map(|more| {
        let mut wire = Wire::used(&server);
        wire.send(format!("{BEGUN}{more}").as_bytes());
        wire
    });
    // One whose beginning came with the request before.
    let mut together = Wire::to(&server);
    assert_eq!(together.ask(format!("{QUICK}{BEGUN}").as_bytes()).0, 200);
    first.send(BEGUN.as_bytes());
    let mut dripping = Wire::used(&server);
    dripping.send(BEGUN.as_bytes());
    dripping.drip(b"x");
    assert_eq!(Wire::used(&server).ask(QUICK.as_bytes()).0, 200, "others are served");
    first.end();
    assert!(first.text().starts_with("HTTP/1.1 408 "), "{}", first.text());
    for wire in later.iter_mut().chain([&mut together, &mut dripping]) {
        wire.end();
        let (status, body) = wire.take().unwrap();
        assert_eq!((status, code(&body).as_str()), (408, "request_timeout"));
        assert!(wire.seen.is_empty());
    }
    // Who only rests may stay for longer.
    assert_eq!(idle.ask(QUICK.as_bytes()).0, 200);
    server.stop();
}

#[test]
fn empty_lines_are_no_head_and_end_nothing() {
    let site = Site::new();
    let server = site.start();
    let mut wire = Wire::used(&server);
    wire.send(b"\r\n");
    let mut later = Wire::used(&server);
    later.send(BEGUN.as_bytes());
    later.end();
    assert_eq!(wire.ask(format!("\r\n\n{QUICK}").as_bytes()).0, 200);
    server.stop();
}

#[test]
fn a_head_of_16_kib_is_served_and_a_longer_one_is_not() {
    let site = Site::new();
    let server = site.start();
    for mut wire in [Wire::to(&server), Wire::used(&server)] {
        for length in [15 << 10, 16 << 10, 8192, 8191, 8193, 100] {
            assert_eq!(wire.ask(of_length(length).as_bytes()).0, 200, "{length}");
        }
    }
    for length in [(16 << 10) + 1, 17 << 10, 64 << 10, 1 << 20] {
        for mut wire in [Wire::to(&server), Wire::used(&server)] {
            // The server need not take it all.
            let _ = wire.stream.write_all(of_length(length).as_bytes());
            let (status, body) = wire.answer();
            assert_eq!((status, code(&body).as_str()), (431, "head_too_large"), "{length}");
            let _ = wire.stream.shutdown(Shutdown::Write);
            let _ = wire.stream.read_to_end(&mut wire.seen);
            assert!(wire.seen.is_empty(), "{length}: {}", wire.text());
        }
    }
    server.stop();
}

#[test]
fn a_head_that_grows_without_end_is_cut() {
    let site = Site::new();
    let server = site.start();
    for mut wire in [Wire::to(&server), Wire::used(&server)] {
        wire.send(BEGUN.as_bytes());
        wire.drip(&[b'x'; 2048]);
        assert!(wire.text().starts_with("HTTP/1.1 431 "), "{}", wire.text());
    }
    server.stop();
}

#[test]
fn requests_in_one_segment_are_answered_in_their_order() {
    let site = Site::new();
    let server = site.start();
    let post = |lines: &str, body: &str| {
        let head = "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        format!("{head}\r\n{lines}\r\n\r\n{body}")
    };
    let body = r#"{"refreshToken":"none that anybody ever got"}"#;
    let whole = post(&format!("Content-Length: {}", body.len()), body);
    let (left, right) = body.split_at(20);
    let chunks = format!("14;x=y\r\n{left}\r\n{:X}\r\n{right}\r\n0\r\nX: y\r\n\r\n", right.len());
    let chunked = post("Transfer-Encoding: chunked", &chunks);
    let nope = "GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let all =
        [QUICK, nope, QUICK, &whole, QUICK, &whole, &whole, nope, &chunked, nope, &chunked, &whole, QUICK].concat();
    let statuses = [200, 404, 200, 401, 200, 401, 401, 404, 401, 404, 401, 401, 200];
    let mut wire = Wire::to(&server);
    for _ in 0..3 {
        wire.send(all.as_bytes());
        assert_eq!(statuses.map(|_| wire.answer().0), statuses);
    }
    // Cut wherever it may be.
    for size in [1, 7, 100] {
        for piece in all.as_bytes().chunks(size) {
            wire.send(piece);
        }
        assert_eq!(statuses.map(|_| wire.answer().0), statuses);
    }
    // Who has asked and says no more is answered too.
    wire.send(all.as_bytes());
    wire.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(statuses.map(|_| wire.answer().0), statuses);
    wire.end();
    assert!(wire.seen.is_empty());
    server.stop();
}

#[test]
fn a_slow_body_of_a_later_request_is_waited_for() {
    let site = Site::new();
    let server = site.start();
    for lines in ["Content-Length: 8000", "Transfer-Encoding: chunked"] {
        let mut wire = Wire::used(&server);
        let head = format!("POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}");
        let begun = r#"{"email":"nobody@example.com","password":"hunter2 hunter2""#;
        let spaces = " ".repeat(8_000 - begun.len() - 1);
        let chunk = if lines.starts_with('T') { "1F40\r\n" } else { "" };
        wire.send(format!("{head}\r\n\r\n{chunk}{begun}").as_bytes());
        // Longer than a head may take, and shorter than a body.
        wire.stream.set_read_timeout(Some(PAUSE)).unwrap();
        for piece in spaces.as_bytes().chunks(spaces.len().div_ceil(24)) {
            wire.stream.read(&mut [0]).unwrap_err();
            wire.send(piece);
        }
        wire.stream.set_read_timeout(Some(ENDED)).unwrap();
        wire.send(if chunk.is_empty() { b"}" } else { b"}\r\n0\r\n\r\n" });
        assert_eq!(wire.answer().0, 401);
        assert_eq!(wire.ask(QUICK.as_bytes()).0, 200);
    }
    server.stop();
}

#[test]
fn who_waits_with_the_body_until_it_is_asked_for_is_asked() {
    let site = Site::new();
    let server = site.start();
    let mut wire = Wire::used(&server);
    for _ in 0..2 {
        let head = "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 20\r\nExpect: 100-continue\r\n\r\n";
        wire.send(head.as_bytes());
        let mut goes_on = [0; 25];
        wire.stream.read_exact(&mut goes_on).unwrap();
        assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(wire.ask(br#"{"refreshToken":"x"}"#).0, 401);
    }
    server.stop();
}

#[tokio::test]
async fn heads_that_are_not_over_do_not_keep_a_server_from_stopping() {
    let site = Site::new();
    let server = site.start();
    let _held: Vec<_> = (0..50)
        .map(|number| {
            let mut wire = if number % 2 == 0 { Wire::to(&server) } else { Wire::used(&server) };
            wire.send(BEGUN.as_bytes());
            wire
        })
        .collect();
    assert_eq!(Wire::used(&server).ask(QUICK.as_bytes()).0, 200);
    let (code, took) = timed(async {
        server.signal(Signal::TERM);
        server.wait().code()
    })
    .await;
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(4), "{took:?}");
}
