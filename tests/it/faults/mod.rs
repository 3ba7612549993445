//! What happens to the running binary when the world around it fails.

mod clocks;
mod disk;
mod io;
mod locked;
mod order;
mod start;
mod steps;
mod stop;
mod trace;
mod world;

use crate::real::Site;

const ANN: &str = "ann@example.com";

/// The generation of the only session, as it is on disk.
fn generation(site: &Site) -> i64 {
    let conn = rusqlite::Connection::open(site.file("doorward.db")).unwrap();
    conn.query_row("SELECT generation FROM sessions", [], |row| row.get(0)).unwrap()
}
