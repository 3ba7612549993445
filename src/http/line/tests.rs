//! Requests end where actix sees them end: else somebody could have a head without a deadline.

use std::fmt::Write as _;
use std::rc::Rc;

use actix_codec::Decoder as _;
use actix_http::h1::{Codec, Message, MessageType};
use actix_web::rt::System;
use actix_web::web::BytesMut;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::http::line::Turn;
use crate::http::line::guarded::Guarded;

const STARTS: &[&str] = &[
    "GET /a HTTP/1.1\r\nHost: a\r\n",
    "GET /b HTTP/1.1\nHost: a\n",
    "GET /c HTTP/1.0\r\n",
    "POST /d HTTP/1.1\r\nHost: a\r\n",
    "POST /e HTTP/1.0\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n",
    "CONNECTED /f HTTP/1.1\r\nHost: a\r\n",
    "\r\n\nGET /g HTTP/1.1\r\nHost: a\r\n",
];

const LINES: &[&str] = &[
    "Content-Length: 3\r\n",
    "content-length:\t 5 \n",
    "Content-Length: 0\r\n",
    "Content-Length: +3\r\n",
    "Content-Length : 3\r\n",
    "Content-Lengths: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding:Chunked\n",
    "Transfer-Encoding: identity\r\n",
    "Upgrade: websocket\r\n",
    "UPGRADE:WebSocket\r\n",
    "upgrade: h2c\r\n",
    "TE: x\r\n",
    "Cookie: \u{e9}\r\n",
];

const REST: &[&str] = &[
    "",
    "\r\n",
    "\n",
    "\r",
    "abc",
    "abcde",
    "5\r\nabcde\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    "3\r\nabc\r\n0\r\nX: y\r\nZ: z\r\n\r\n",
    "5 \t;x\r\nabcde\r\n",
    "00a\r\n0123456789\r\n",
    "fffffffffffffffff\r\n",
    "0\r\n\r\n",
    "\x16\x03\x01",
];

/// A request, good or bad, in its parts.
fn request() -> impl Strategy<Value = Vec<&'static str>> {
    let lines = proptest::collection::vec(select(LINES), 0..3);
    let end = prop_oneof![8 => Just("\r\n"), 2 => Just("\n"), 1 => Just("")];
    (select(STARTS), lines, end, proptest::collection::vec(select(REST), 0..3))
        .prop_map(|(start, lines, end, rest)| [vec![start], lines, vec![end], rest].concat())
}

/// What actix makes of the bytes that it gets.
#[derive(Default)]
struct Reader {
    codec: Codec,
    bytes: BytesMut,
    /// The requests and their bodies.
    seen: String,
    requests: usize,
    /// A body is not over.
    within: bool,
    refuses: bool,
}

impl Reader {
    fn go_on(&mut self) {
        while !self.refuses {
            match self.codec.decode(&mut self.bytes) {
                Ok(Some(Message::Item(request))) => {
                    self.requests += 1;
                    self.within = !matches!(self.codec.message_type(), MessageType::None);
                    let _ = write!(self.seen, "\n{} {} ", request.method(), request.path());
                }
                Ok(Some(Message::Chunk(Some(bytes)))) => self.seen.push_str(&bytes.escape_ascii().to_string()),
                Ok(Some(Message::Chunk(None))) => {
                    self.seen.push('.');
                    self.within = false;
                }
                Ok(None) => break,
                Err(_) => self.refuses = true,
            }
        }
    }
}

fn plain(bytes: &[u8]) -> Reader {
    let mut reader = Reader { bytes: BytesMut::from(bytes), ..Reader::default() };
    reader.go_on();
    reader
}

/// The same bytes, through a connection that is guarded.
async fn guarded(pieces: &[&[u8]]) -> Reader {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.set_nodelay(true).unwrap();
    let mut guarded = Guarded::new(listener.accept().await.unwrap().0);
    let send = async {
        for piece in pieces {
            // Who is refused may be gone.
            let _ = client.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        let _ = client.shutdown().await;
    };
    let read = async {
        let mut reader = Reader::default();
        let mut begun = false;
        while !reader.refuses && guarded.read_buf(&mut reader.bytes).await.unwrap() > 0 {
            let before = reader.requests;
            // None but the last, where the client says that there is no more.
            assert!(!begun, "a head that is not over: {:?} behind {}", reader.bytes, reader.seen);
            reader.go_on();
            assert!(reader.requests <= before + 1, "two at a time: {}", reader.seen);
            let is_all = guarded.ready() == 0 && !reader.refuses;
            begun = is_all && !reader.within && !reader.bytes.is_empty();
            assert!(!is_all || guarded.is_between() != reader.within || begun, "they differ behind {}", reader.seen);
            // Answers.
            drop(Turn(Rc::clone(guarded.line())));
        }
        reader
    };
    tokio::join!(send, read).1
}

fn same(parts: &[Vec<u8>], whole: bool) {
    let bytes = parts.concat();
    let pieces: Vec<&[u8]> = if whole { vec![&bytes] } else { parts.iter().map(Vec::as_slice).collect() };
    System::new().block_on(async {
        let (plain, guarded) = (plain(&bytes), guarded(&pieces).await);
        assert_eq!((&plain.seen, plain.refuses), (&guarded.seen, guarded.refuses), "{}", bytes.escape_ascii());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_end_where_actix_sees_them_end(
        requests in proptest::collection::vec(request(), 1..5),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
        whole: bool,
    ) {
        let mut parts: Vec<_> = requests.concat().into_iter().map(|part| part.as_bytes().to_vec()).collect();
        for (at, byte) in changes {
            let part = at.get_mut(&mut parts);
            if !part.is_empty() {
                let at = at.index(part.len());
                part[at] = byte;
            }
        }
        same(&parts, whole);
    }
}

#[test]
fn long_heads_come_through_in_pieces() {
    let head = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length)).into_bytes();
    for length in [8_100, 8_192, 16_000] {
        same(&[head(length), head(3), head(length)], true);
        same(&[head(length), head(3), head(length)], false);
    }
}
