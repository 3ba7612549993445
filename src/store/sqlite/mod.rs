//! SQLite, the one engine: SQL lives here and nowhere else.
//!
//! | file | what |
//! | --- | --- |
//! | `open` | opens, checks and migrates the file |
//! | `writer` | the one thread that writes, many operations a commit |
//! | `readers` | the threads that read |
//! | `checkpoint` | moves the WAL into the file, off the requests' way |
//! | `turn` | how a command gets its turn to write beside a busy server |
//! | `beside` | one operation by a command, beside a running server or without one |
//! | `handle` | `Store`: what operations are submitted to |
//! | `tx` | `Rows` and `Tx` on a connection |
//! | `users`, `sessions`, … | the statements, one file a table |

pub mod beside;
pub mod handle;
pub mod open;

mod checkpoint;
mod columns;
mod devices;
mod events;
mod failpoint;
mod hours;
mod keys;
mod links;
mod meta;
mod readers;
mod revocations;
mod sessions;
mod turn;
mod tx;
mod users;
mod writer;
