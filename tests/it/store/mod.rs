//! The store by its public face: what a batch promises, what is told when, what survives a stop.

mod batch;
mod foreign;
mod place;
mod revoked;
mod start_stop;
