//! Requests one behind the other, by clients that take no answers.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::others::alone;
use crate::process::memory;
use crate::real::{Real, Site};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many ask at once.
const CLIENTS: usize = 20;

/// More than the sockets hold, for each of them.
const MOST: usize = 4 << 20;

/// So much may a connection cost that takes no answers, on a debug build too.
const EACH: u64 = 200 << 10;

/// Asks until nothing more is taken, and takes nothing itself. Gives how many bytes went out.
fn asks_and_asks(addr: SocketAddr) -> (TcpStream, usize) {
    let mut stream = TcpStream::connect(addr).unwrap();
    // Less for the system to hold, so that it is soon over.
    rustix::net::sockopt::set_socket_send_buffer_size(&stream, 32 << 10).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 32 << 10).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let many = REQUEST.repeat(400);
    let mut sent = 0;
    while sent < MOST {
        match stream.write(&many[sent % REQUEST.len()..]) {
            Ok(written) => sent += written,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                break;
            }
        }
    }
    (stream, sent)
}

/// Takes all answers, sends the rest of the last request meanwhile, and counts them.
fn takes_all((mut stream, sent): (TcpStream, usize)) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(None).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        writer.write_all(&REQUEST[sent % REQUEST.len()..]).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap();
    writing.join().unwrap();
    let served = memchr::memmem::find_iter(&answers, b"HTTP/1.1 200 OK\r\n").count();
    assert_eq!(served, sent / REQUEST.len() + 1);
}

fn attacked(server: &Real) -> Vec<(TcpStream, usize)> {
    let addr = server.addr();
    let threads: Vec<_> = (0..CLIENTS).map(|_| std::thread::spawn(move || asks_and_asks(addr))).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn who_takes_no_answers_costs_little_and_is_answered_when_he_does() {
    let _alone = alone();
    let site = Site::new();
    let server = site.start();
    // Once for what a first request brings along.
    takes_all((TcpStream::connect(server.addr()).unwrap(), 0));
    let before = memory(server.pid()).unwrap();
    let mut clients = attacked(&server);
    let cost = memory(server.pid()).unwrap().saturating_sub(before) / u64::try_from(CLIENTS).unwrap();
    let sent = clients.iter().map(|(_, sent)| sent).sum::<usize>();
    println!("{CLIENTS} clients sent {} KB each, which cost {} KB each", (sent / CLIENTS) >> 10, cost >> 10);
    assert!(cost < EACH, "a connection costs {} KB", cost >> 10);
    clients.drain(..3).for_each(takes_all);
    drop(clients);
    server.stop();
}
