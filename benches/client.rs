//! A client of one connection: writes a request, reads an answer. HTTP/1.1 as far as the server speaks it
//! (a length in every answer), so that the driver costs little beside what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::ops::Range;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// An answer.
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    head: &'a [u8],
    /// Its body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, bytes: Vec::with_capacity(8192) })
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.bytes.clear();
        let (head, len) = loop {
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = memmem::find(&self.bytes, b"\r\n\r\n") {
                break (end, length(&self.bytes[..end])?);
            }
        };
        let body = head + 4..head + 4 + len;
        while self.bytes.len() < body.end {
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        self.answer(head, body)
    }

    fn answer(&self, head: usize, body: Range<usize>) -> Result<Answer<'_>> {
        let status = self.bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let status = status.ok_or_else(|| Error::other("an answer without a status"))?;
        Ok(Answer { status, head: &self.bytes[..head], body: &self.bytes[body] })
    }
}

impl Answer<'_> {
    /// What it sets the cookie of this name to.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let start = memmem::find(self.head, format!("set-cookie: {name}=").as_bytes())? + 13 + name.len();
        let len = memchr::memchr(b';', &self.head[start..])?;
        std::str::from_utf8(&self.head[start..start + len]).ok()
    }

    /// A text member of its JSON that holds nothing escaped.
    pub fn member(&self, name: &str) -> Option<&str> {
        let start = memmem::find(self.body, format!("\"{name}\":\"").as_bytes())? + name.len() + 4;
        let len = memchr::memchr(b'"', &self.body[start..])?;
        std::str::from_utf8(&self.body[start..start + len]).ok()
    }

    /// All of it, for a complaint.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", String::from_utf8_lossy(self.head), String::from_utf8_lossy(self.body))
    }

    /// Its header fields but for the status line.
    pub fn fields(&self) -> Vec<(String, String)> {
        let head = String::from_utf8_lossy(self.head);
        head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.into(), v.into())).collect()
    }
}

fn length(head: &[u8]) -> Result<usize> {
    let find = |name: &[u8]| memmem::find(head, name);
    // The second is how Node writes it.
    let Some(start) = find(b"content-length: ").or_else(|| find(b"Content-Length: ")) else { return Ok(0) };
    let digits = head[start + 16..].split(|byte| *byte == b'\r').next().unwrap_or_default();
    let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    length.ok_or_else(|| Error::other("a length that is no number"))
}
