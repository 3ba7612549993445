//! What is left of a chunked body when its answer goes out.
//!
//! actix reads on what a handler dropped, without any deadline, since another request may follow. So whoever
//! is refused could keep a connection for good by never ending the body. As long as somebody holds the body,
//! actix closes the connection behind the answer instead; where it was read to its end nothing changes.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The body of a request, shared by who reads it and by its answer.
#[derive(Clone)]
pub(in crate::http) struct Leftover(Rc<RefCell<Payload>>);

impl Leftover {
    /// Takes hold of a chunked body; of one with a length actix does so itself.
    pub(in crate::http) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.headers().contains_key(TRANSFER_ENCODING) {
            return None;
        }
        let shared = Self(Rc::new(RefCell::new(request.take_payload())));
        request.set_payload(Payload::Stream { payload: Box::pin(shared.clone()) });
        Some(shared)
    }

    /// Keeps hold of it until the answer goes out.
    pub(in crate::http) fn hold(self, answer: HttpResponse) -> HttpResponse {
        answer.map_body(|_, body| BoxBody::new(Held { body, _leftover: self }))
    }
}

impl Stream for Leftover {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// The body of an answer, and that of its request.
struct Held {
    body: BoxBody,
    _leftover: Leftover,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
