//! The store by its public face: what a batch promises, what is told when, what survives a stop.

mod alone;
mod batch;
mod beside;
mod foreign;
mod older;
mod place;
mod purge;
mod refused_files;
mod revoked;
mod start_stop;
mod torn;
mod wal;
