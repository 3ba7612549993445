//! SQLite, the one engine: SQL lives here and nowhere else.
//!
//! | file | what |
//! | --- | --- |
//! | `open` | opens, checks and migrates the file |
//! | `writer` | the one thread that writes, many operations a commit |
//! | `readers` | the threads that read |
//! | `alone` | where requests come one at a time, each writes on its own thread |
//! | `checkpoint` | moves the WAL into the file, off the requests' way |
//! | `wal` | what writer and checkpointer tell each other, and the writer's part of that |
//! | `wal_file` | the WAL's file, by its format |
//! | `turn` | how a command gets its turn to write beside a busy server |
//! | `beside` | one operation by a command, beside a running server or without one |
//! | `source` | opens a file only to look at it, live or not |
//! | `copy` | copies a database into a draft, page by page, beside a running server |
//! | `check` | whether a file is whole and ours |
//! | `replace` | puts a draft in the place of the database |
//! | `stamp` | what tells a backup from the database |
//! | `handle` | `Store`: what operations are submitted to |
//! | `tx` | `Rows` and `Tx` on a connection |
//! | `users`, `sessions`, … | the statements, one file a table |

mod alone;
pub mod beside;
pub mod check;
pub mod copy;
pub mod draft;
pub mod handle;
pub mod open;
pub mod replace;
pub mod source;
pub mod wal_file;

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
mod snapshot;
mod stamp;
mod turn;
mod tx;
mod users;
mod wal;
mod writer;

#[cfg(test)]
mod plans;
