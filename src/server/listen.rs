//! The sockets that a server listens on.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
#[cfg(target_os = "linux")]
use std::time::Duration;

use crate::config::Config;
use crate::server::Error;

/// How long a client may leave what was sent to it untaken.
#[cfg(target_os = "linux")]
const UNTAKEN: Duration = Duration::from_secs(30);

/// How many connections may wait to be taken up, where the system allows it (`net.core.somaxconn`).
const KNOCKING: i32 = 4096;

/// Where it is reached. A stub at 127.0.0.1 is at \[::1\] too where there is one: programs differ in which of
/// the two `localhost` means to them.
pub(super) fn open(config: &Config) -> Result<Vec<TcpListener>, Error> {
    let bind = |addr| TcpListener::bind(addr).map_err(|source| Error::Listen { addr, source });
    let mut listeners = vec![bind(config.listen)?];
    let port = listeners.first().map_or(Ok(config.listen), TcpListener::local_addr)?.port();
    if config.dev.is_some() && config.listen.ip() == Ipv4Addr::LOCALHOST {
        listeners.extend(bind((Ipv6Addr::LOCALHOST, port).into()).ok());
    }
    for listener in &listeners {
        mind_stalled(listener)?;
        let_many_knock(listener)?;
    }
    Ok(listeners)
}

/// Whoever asks and asks and takes no answer would keep the memory of it all for good: neither actix nor
/// TCP, which knows that the other side is there, would ever give up. Connections inherit this (tcp(7)).
fn mind_stalled(listener: &TcpListener) -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_user_timeout(listener, u32::try_from(UNTAKEN.as_millis()).unwrap_or(u32::MAX))
        .map_err(std::io::Error::from)?;
    Ok(())
}

/// Where more knock at once than may wait, the system forgets the rest, and they knock again after a second. The
/// standard library lets 128 wait; listen(2) once more sets another number.
fn let_many_knock(listener: &TcpListener) -> Result<(), Error> {
    rustix::net::listen(listener, KNOCKING).map_err(std::io::Error::from)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn many_may_knock_before_anybody_is_let_in() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let_many_knock(&listener).unwrap();
        let allowed: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
        let addr = listener.local_addr().unwrap();
        let knock = |_| TcpStream::connect_timeout(&addr, Duration::from_millis(800));
        let waiting: Result<Vec<_>, _> = (0..allowed.min(400)).map(knock).collect();
        assert_eq!(waiting.unwrap().len(), allowed.min(400));
    }

    #[test]
    fn a_connection_gives_up_a_client_that_takes_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        mind_stalled(&listener).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(accepted).unwrap(), 30_000);
    }
}
