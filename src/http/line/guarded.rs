//! A connection as actix reads and writes it: request by request.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Sleep, sleep};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::code::Code;
use crate::http::line::Line;
use crate::http::line::body::Body;
use crate::http::line::head::{MAX_HEAD, blank, body, end, is_none};

/// How long a head may take from its first byte on, and a connection until its first head is there.
pub(super) const HEAD: Duration = Duration::from_secs(5);

/// Stands in for a head that is not fit to be handed on. Whatever the client still sends counts as its body,
/// which nobody reads: so actix closes behind the answer, and lets the client come to its end for a second.
const UNFIT: &[u8] = b"POST / HTTP/1.1\r\nhost: -\r\ncontent-length: 999999999999\r\n\r\n";

/// A connection that hands on one request at a time, each with a whole head.
#[derive(Debug)]
pub struct Guarded {
    stream: TcpStream,
    line: Rc<Line>,
    next: Next,
    /// What was read and not handed on: the beginning of a head, or what came with the request before.
    held: Vec<u8>,
    /// When the head must be over that has begun.
    deadline: Option<Pin<Box<Sleep>>>,
    /// What was written last waits for the client.
    blocked: bool,
    /// And so does who reads.
    withheld: bool,
}

/// What comes next.
#[derive(Debug)]
enum Next {
    /// A head, of which so much of what is held was looked at.
    Head { seen: usize },
    /// So much of what is held, then the rest of the body.
    Body { ready: usize, body: Body },
}

impl Guarded {
    /// Before its first request.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            line: Rc::default(),
            next: Next::Head { seen: 0 },
            held: Vec::new(),
            deadline: None,
            blocked: false,
            withheld: false,
        }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(in crate::http) fn line(&self) -> &Rc<Line> {
        &self.line
    }

    /// Whether all of a request was handed on, and nothing of the next.
    #[cfg(test)]
    pub(super) fn is_between(&self) -> bool {
        match &self.next {
            Next::Head { .. } => true,
            Next::Body { ready, body } => *ready == 0 && body.is_over(),
        }
    }

    /// How much is held that can be handed on at once.
    #[cfg(test)]
    pub(super) fn ready(&self) -> usize {
        if let Next::Body { ready, .. } = self.next { ready } else { 0 }
    }

    /// Waits until the request before is answered, and until the client has taken what was written.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.blocked {
            self.withheld = true;
            return Poll::Pending;
        }
        if !self.line.busy.get() {
            return Poll::Ready(Ok(()));
        }
        // Most often nothing has come yet; then whatever comes wakes.
        if self.held.is_empty() {
            ready!(self.stream.poll_read_ready(cx))?;
        }
        self.line.waits.replace(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Looks for the next head in what is held. None: there is more to read.
    fn look(&mut self, mut seen: usize) -> Option<Next> {
        let blank = blank(&self.held);
        if blank > 0 {
            self.drop_held(blank);
            seen = 0;
        }
        if is_none(&self.held) {
            return Some(self.all_that_comes());
        }
        match end(&self.held, seen) {
            Some(end) if end <= MAX_HEAD => Some(self.admit(end)),
            None if self.held.len() < MAX_HEAD => {
                self.next = Next::Head { seen: self.held.len() };
                None
            }
            _ => Some(self.refuse(Code::HeadTooLarge)),
        }
    }

    /// Hands on the head of this length, and what is there of its body.
    fn admit(&mut self, end: usize) -> Next {
        let (head, rest) = self.held.split_at_checked(end).unwrap_or_default();
        let mut body = body(head);
        let ready = end + body.take(rest);
        self.deadline = None;
        self.line.busy.set(true);
        Next::Body { ready, body }
    }

    fn refuse(&mut self, why: Code) -> Next {
        self.deadline = None;
        self.line.busy.set(true);
        self.line.refused.set(Some(why));
        self.held = UNFIT.to_vec();
        self.all_that_comes()
    }

    fn all_that_comes(&self) -> Next {
        Next::Body { ready: self.held.len(), body: Body::ToEnd }
    }

    /// Reads until a head is over.
    fn poll_head(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>, mut seen: usize) -> Poll<io::Result<Next>> {
        loop {
            if self.held.len() > seen
                && let Some(next) = self.look(seen)
            {
                return Poll::Ready(Ok(next));
            }
            seen = self.held.len();
            let before = buf.filled().len();
            if Pin::new(&mut self.stream).poll_read(cx, buf)?.is_pending() {
                if self.held.is_empty() {
                    return Poll::Pending;
                }
                ready!(self.deadline.get_or_insert_with(|| Box::pin(sleep(HEAD))).as_mut().poll(cx));
                return Poll::Ready(Ok(self.refuse(Code::RequestTimeout)));
            }
            let read = buf.filled().get(before..).unwrap_or_default();
            if read.is_empty() {
                return Poll::Ready(Ok(self.all_that_comes()));
            }
            // As it mostly is: one whole request, which then is where it belongs.
            if self.held.is_empty()
                && !read.first().is_none_or(u8::is_ascii_whitespace)
                && let Some(end) = end(read, 0).filter(|end| *end <= MAX_HEAD)
            {
                let (head, rest) = read.split_at_checked(end).unwrap_or_default();
                let mut body = body(head);
                let whole = end + body.take(rest);
                self.held.extend_from_slice(read.get(whole..).unwrap_or_default());
                buf.set_filled(before + whole);
                self.line.busy.set(true);
                return Poll::Ready(Ok(Next::Body { ready: 0, body }));
            }
            self.held.extend_from_slice(read);
            buf.set_filled(before);
        }
    }

    /// Hands on what is held of a body, or reads more of it.
    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Next::Body { ready, body } = &mut self.next else { return Poll::Ready(Ok(())) };
        if *ready > 0 {
            let some = (*ready).min(buf.remaining());
            *ready -= some;
            buf.put_slice(self.held.get(..some).unwrap_or_default());
            self.drop_held(some);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        let taken = body.take(read);
        self.held.extend_from_slice(read.get(taken..).unwrap_or_default());
        buf.set_filled(before + taken);
        Poll::Ready(Ok(()))
    }

    /// Keeps no memory where nothing is held.
    fn drop_held(&mut self, some: usize) {
        if some >= self.held.len() {
            self.held = Vec::new();
        } else {
            self.held.drain(..some);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        loop {
            match &self.next {
                Next::Body { ready: 0, body } if body.is_over() => self.next = Next::Head { seen: 0 },
                Next::Body { ready: 0, .. } if self.line.refused.get().is_some() => {
                    ready!(self.poll_turn(cx))?;
                    return self.poll_body(cx, buf);
                }
                Next::Body { .. } => return self.poll_body(cx, buf),
                Next::Head { seen } => {
                    let seen = *seen;
                    ready!(self.poll_turn(cx))?;
                    self.next = ready!(self.poll_head(cx, buf, seen))?;
                    if buf.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.blocked = written.is_pending();
        if !self.blocked && std::mem::take(&mut self.withheld) {
            cx.waker().wake_by_ref();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
