//! Asks a URL as a browser would: over plain http by a client of our own, over https by curl.
//!
//! A TLS client in the binary (rustls with roots, over a megabyte) would be for this command alone.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::config::origin::Origin;
use crate::ops::doctor::curl;

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// No answer that is looked at is longer, in bytes.
pub(super) const LONGEST: u64 = 1 << 20;

/// A request to be.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    /// A POST has the body `{}`.
    pub(super) body: Option<&'static str>,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// It can't be reached, or breaks off.
    #[error("{0}")]
    Unreachable(String),
    /// The certificate is not one that browsers take.
    #[error("{0}")]
    Certificate(String),
    /// There is no curl.
    #[error("https was not tried: curl is not installed")]
    NoCurl,
    /// Something came that is no HTTP.
    #[error("what answers there does not speak HTTP")]
    NotHttp,
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        let late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        Self::Unreachable(if late { "no answer within 10 seconds".to_owned() } else { error.to_string() })
    }
}

impl Ask {
    /// A GET.
    pub(super) const fn get(path: &'static str) -> Self {
        Self { method: "GET", path, headers: Vec::new(), body: None }
    }

    /// A POST of an empty object.
    pub(super) fn post(path: &'static str) -> Self {
        let json = ("Content-Type", "application/json".to_owned());
        Self { method: "POST", path, headers: vec![json], body: Some("{}") }
    }

    /// With a header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it.
    pub(super) fn send(&self, url: &Origin) -> Result<Answer, NoAnswer> {
        let raw = if url.is_https() { curl::send(url, self)? } else { self.plainly(url)? };
        Answer::parse(&raw).ok_or(NoAnswer::NotHttp)
    }

    fn plainly(&self, url: &Origin) -> Result<Vec<u8>, NoAnswer> {
        let began = began();
        // A socket takes no timeout of nothing.
        let left = || PATIENCE.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
        let mut last = ErrorKind::NotFound.into();
        // A name may stand for several addresses, and a server listen at some.
        for addr in format!("{}:{}", url.host(), url.port()).to_socket_addrs()? {
            let mut stream = match TcpStream::connect_timeout(&addr, left()) {
                Ok(stream) => stream,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            stream.set_write_timeout(Some(left()))?;
            stream.write_all(self.text(url).as_bytes())?;
            let mut raw = Vec::new();
            let mut piece = [0; 4096];
            while raw.len() as u64 <= LONGEST {
                stream.set_read_timeout(Some(left()))?;
                match stream.read(&mut piece)? {
                    0 => break,
                    count => raw.extend(piece.iter().take(count)),
                }
            }
            return Ok(raw);
        }
        Err(last.into())
    }

    /// As it goes over the wire (RFC 9112).
    fn text(&self, url: &Origin) -> String {
        let host = url.as_str().split_once("://").map_or("", |(_, host)| host);
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        match self.body {
            Some(body) => text + &format!("Content-Length: {}\r\n\r\n{body}", body.len()),
            None => text + "\r\n",
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a socket waits in real time, whatever the clock that a test moves")]
fn began() -> Instant {
    Instant::now()
}

impl Answer {
    /// The answer of a connection; those before it that only say that another follows are left out.
    fn parse(raw: &[u8]) -> Option<Self> {
        let (mut status, mut lines, mut rest) = head(raw)?;
        while (100..200).contains(&status) {
            (status, lines, rest) = head(rest)?;
        }
        let pairs = lines.iter().filter_map(|line| line.split_once(':'));
        let headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let mut answer = Self { status, headers, body: rest.to_vec() };
        if answer.all("transfer-encoding").any(|coding| coding.eq_ignore_ascii_case("chunked")) {
            answer.body = whole(rest);
        }
        Some(answer)
    }

    /// All values of a header, whose name is in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first of them.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The `code` of a refusal of ours.
    pub(super) fn code(&self) -> Option<String> {
        self.json().get("code")?.as_str().map(str::to_owned)
    }
}

/// Status, header lines and what follows.
fn head(raw: &[u8]) -> Option<(u16, Vec<String>, &[u8])> {
    let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(raw.get(..end)?).into_owned();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next()?.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, lines.collect(), raw.get(end + 4..)?))
}

/// The chunks of a body put together (RFC 9112, section 7.1), as far as they came.
fn whole(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
        let (size, data) = (rest.get(..end).unwrap_or_default(), rest.get(end + 2..).unwrap_or_default());
        let size = String::from_utf8_lossy(size);
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        body.extend(data.iter().take(size));
        rest = data.get(size.saturating_add(2)..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whatever_its_form() {
        let early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\
            set-cookie:  c=d\r\n\r\n";
        let answer = Answer::parse(early).unwrap();
        assert_eq!((answer.status, answer.all("set-cookie").collect::<Vec<_>>()), (204, vec!["a=b", "c=d"]));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
        assert_eq!(Answer::parse(chunked).unwrap().json(), serde_json::json!({"a": 1}));
        for bad in ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 ok\r\n\r\n"] {
            assert_eq!(Answer::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(Answer::parse("HTTP/1.1 100 Continue\r\n\r\n".repeat(50_000).as_bytes()), None);
        for odd in ["ffffffffffffffff\r\nab", "-1\r\nab", "zz\r\n", "", "5", "\r\n\r\n"] {
            assert!(whole(odd.as_bytes()).len() <= 2, "{odd:?}");
        }
    }

    #[test]
    fn a_request_is_one_of_the_wire() {
        let url = "http://[::1]:8484".parse().unwrap();
        let text = Ask::post("/auth/logout").with("Origin", "http://a.example").text(&url);
        assert_eq!(
            text,
            "POST /auth/logout HTTP/1.1\r\nHost: [::1]:8484\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Origin: http://a.example\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}
