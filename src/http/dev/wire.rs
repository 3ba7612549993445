//! The connection that a request came over, held so that it can be cut.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use rustix::net::{Shutdown, shutdown};

/// The connection of a request, in the data of its connection.
#[derive(Clone, Debug)]
pub struct Wire(Arc<OwnedFd>);

impl Wire {
    /// Takes hold of each new connection.
    pub fn hold(stream: &TcpStream, data: &mut Extensions) {
        // Without a descriptor to spare nothing is cut; the server has more to worry about then.
        if let Ok(held) = stream.as_fd().try_clone_to_owned() {
            data.insert(Self(Arc::new(held)));
        }
    }

    /// Cuts it, both ways: what stands in the buffers of the server never goes out.
    pub fn cut(&self) {
        // It may have gone already.
        let _ = shutdown(&self.0, Shutdown::Both);
    }
}
