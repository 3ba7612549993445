//! The body of an answer that dribbles.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Response, ServiceResponse};
use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};

use crate::http::error::Problem;

/// In so many pieces.
pub const PIECES: usize = 8;

/// What is left of a body, and how long until the next piece.
struct Slow {
    left: Bytes,
    piece: usize,
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

/// Lets the body of an answer come in pieces, with a pause before each. One without a body comes at once.
pub async fn slow(answer: ServiceResponse, pause: Duration) -> Result<ServiceResponse, Error> {
    if matches!(answer.response().body().size(), BodySize::None | BodySize::Sized(0)) {
        return Ok(answer);
    }
    // Its cause is for the log, and would be lost here.
    let refusal = answer.response().error();
    if refusal.is_some_and(|error| error.as_error::<Problem>().is_none_or(|it| it.logged_cause().is_some())) {
        return Ok(answer);
    }
    let (request, answer) = answer.into_parts();
    let (answer, body) = answer.into_parts();
    let left = to_bytes(body).await.map_err(Error::from)?;
    let piece = left.len().div_ceil(PIECES).max(1);
    let body = Slow { left, piece, pause, next: Box::pin(sleep(pause)) };
    // An answer that still holds its refusal would get the refusal's own body where it goes out.
    let answer = HttpResponse::from(Response::from(answer.set_body(BoxBody::new(body))));
    Ok(ServiceResponse::new(request, answer))
}

impl MessageBody for Slow {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        std::task::ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(sleep(self.pause));
        let size = self.piece.min(self.left.len());
        Poll::Ready(Some(Ok(self.left.split_to(size))))
    }
}
