//! A connection as a line of requests, of which one at a time gets in.
//!
//! actix gives the first head of a connection a deadline and the later ones none, holds heads of 128 KiB, and
//! takes in what is asked while nobody takes the answers. So it reads from a [`guarded::Guarded`], which
//! finds out where each request ends, hands on only heads that are over, and the next one when the request
//! before is answered and the client has taken what was written. A head that is too long or too slow is handed
//! on as a request that is refused.

mod body;
pub mod guarded;
mod head;
pub mod service;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use actix_web::dev::ServiceRequest;

use crate::http::code::Code;

/// What a connection and its requests share, in the data of the connection.
#[derive(Debug, Default)]
pub(in crate::http) struct Line {
    /// A request was handed on and is not answered.
    busy: Cell<bool>,
    /// Why that request is to be refused.
    refused: Cell<Option<Code>>,
    /// Who waits for the answer, since there is more to read.
    waits: RefCell<Option<Waker>>,
}

/// The turn of a request. When it is over, the next may come.
#[derive(Debug)]
pub(in crate::http) struct Turn(Rc<Line>);

impl Turn {
    /// That of this request; none in a test without a connection.
    pub(in crate::http) fn of(request: &ServiceRequest) -> Option<Self> {
        request.conn_data::<Rc<Line>>().cloned().map(Self)
    }

    /// Why it is to be refused: its head was not fit to be handed on.
    pub(in crate::http) fn refused(&self) -> Option<Code> {
        self.0.refused.get()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.busy.set(false);
        if let Some(waker) = self.0.waits.take() {
            waker.wake();
        }
    }
}
