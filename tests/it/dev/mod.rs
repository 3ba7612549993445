//! The development stub, `serve --dev`.

mod back;
mod guard;
mod inside;
mod start;
mod token;
