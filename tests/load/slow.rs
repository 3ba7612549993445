//! Connections that are held and hardly used.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::others::are_served;
use crate::process::open_many;

/// How long a slow client waits between two bytes.
const PAUSE: Duration = Duration::from_millis(400);

/// So many clients that send this, then one byte after the other, and begin anew when they are thrown out.
fn dripping(addr: SocketAddr, clients: u32, begin: &'static str) -> JoinSet<()> {
    let drip = move || async move {
        loop {
            let Ok(mut stream) = TcpStream::connect(addr).await else { continue };
            let mut sent = stream.write_all(begin.as_bytes()).await;
            while sent.is_ok() {
                tokio::time::sleep(PAUSE).await;
                sent = stream.write_all(b"a").await;
            }
        }
    };
    (0..clients).map(|_| drip()).collect()
}

#[test]
fn slow_heads_keep_nobody_waiting() {
    are_served("slow heads", &[], |addr, _| dripping(addr, 500, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "));
}

#[test]
fn slow_bodies_keep_nobody_waiting() {
    are_served("slow bodies", &[], |addr, _| {
        let head = "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 8000\r\n\r\n{";
        dripping(addr, 500, head)
    });
}

#[test]
fn slow_readers_keep_nobody_waiting() {
    are_served("slow readers", &[], |addr, _| {
        let ask = move || async move {
            loop {
                let Ok(mut stream) = TcpStream::connect(addr).await else { continue };
                // More than the sockets hold, and taken a byte at a time.
                let request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
                let (mut reader, mut writer) = stream.split();
                let read = async {
                    while let Ok(1..) = reader.read(&mut [0]).await {
                        tokio::time::sleep(PAUSE).await;
                    }
                };
                let write = async {
                    let _ = writer.write_all(request.as_bytes()).await;
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    () = read => {}
                    () = write => {}
                }
            }
        };
        (0..200).map(|_| ask()).collect()
    });
}

/// So many connections that were served once and stay.
fn idle(addr: SocketAddr, clients: u32) -> JoinSet<()> {
    let rest = move || async move {
        loop {
            let Ok(mut stream) = TcpStream::connect(addr).await else { continue };
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            // Until it is thrown out.
            while let Ok(1..) = stream.read(&mut [0; 512]).await {}
        }
    };
    (0..clients).map(|_| rest()).collect()
}

#[test]
fn five_thousand_idle_connections_keep_nobody_waiting() {
    open_many(6_000);
    are_served("5,000 idle connections", &[], |addr, _| idle(addr, 5_000));
}

#[test]
fn a_low_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let low = ["/bin/sh", "-c", "ulimit -S -n 200; exec \"$@\"", "sh"];
    are_served("1,000 idle connections from a limit of 200", &low, |addr, _| idle(addr, 1_000));
}
