//! `cargo bench`: how fast the server is, as a ratio to what processor and disk allow in the same run.
//!
//! `cargo bench -- refresh login` runs those sections alone; without a name all run, in under six minutes.
//! `cargo bench -- weight` tells what the program is made of; it builds it anew for that, and runs only by name,
//! as do `stub`, `purge` (a million dead sessions go under load) and `steady` (refreshes for a profiler).
//! The tables go to standard output, the same as JSON and as a picture to `target/tmp`. With
//! `UPDATE_README=1` they go into the README too.

#![expect(unreachable_pub, reason = "one crate: nothing else can reach it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark may fail, prints, and reads the clock"
)]

mod bare;
mod callers;
mod client;
mod figures;
mod house;
mod limits;
mod load;
mod peers;
mod plot;
mod population;
mod process;
mod progress;
mod readme;
mod report;
mod sections;
mod weight;

use std::collections::BTreeMap;

use crate::bare::{Bare, VARIABLE};
use crate::progress::Progress;
use crate::report::Report;
use crate::sections::{SERVER, STEADY, Section, all};

fn main() {
    if let Ok(bare) = std::env::var(VARIABLE) {
        return serde_json::from_str::<Bare>(&bare).unwrap().serve();
    }
    let asked: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let sections: Vec<Section> = all().into_iter().filter(|section| section.is_asked(&asked)).collect();
    if sections.is_empty() {
        let names: Vec<_> = all().iter().map(|section| section.name).collect();
        eprintln!("no such section; there are: {}", names.join(", "));
        std::process::exit(2);
    }
    house::build();
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    let mut progress = Progress::new(sections.iter().map(|section| section.seconds).sum());
    let mut town = sections::Town::default();
    for section in &sections {
        let fresh = || Report { machine: machine(), ..Report::default() };
        progress.begin(section.name);
        (section.run)(&mut town, reports.entry(section.block).or_insert_with(fresh), &mut progress);
        progress.end(section.seconds);
    }
    progress.clear();
    for report in reports.values() {
        println!("{}", report.tables());
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("bench.json"), serde_json::to_vec_pretty(&reports).unwrap()).unwrap();
    if let Some(server) = reports.get(SERVER) {
        std::fs::write(folder.join("bench.svg"), plot::plot(server)).unwrap();
    }
    eprintln!("as JSON and as a picture: {}/bench.json, bench.svg", folder.display());
    if std::env::var_os("UPDATE_README").is_some() {
        for (block, report) in reports.iter().filter(|(block, _)| **block != STEADY) {
            readme::update(block, report, &sections);
        }
    }
}

/// What the figures were taken on.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("an unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores ({model}), shared with the clients that make the load; doorward {}.",
        env!("CARGO_PKG_VERSION")
    )
}
