//! What the program is made of: `cargo bench -- weight`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use crate::progress::Progress;
use crate::report::{Report, Table, millions};
use crate::sections::Town;
use crate::weight::{Named, Weight, embedded};

/// What each part is, and how the names of its crates begin. What none of them matches is other crates'.
const PARTS: &[(&str, &[&str])] = &[
    ("doorward", &["doorward"]),
    ("aws-lc, in C and assembly: signatures, MACs, keys", &["aws-lc"]),
    ("SQLite, in C", &["SQLite"]),
    ("actix-web with tokio: HTTP, routes, workers", ACTIX),
    ("Rust's standard library", &["std", "addr2line", "gimli", "rustc_demangle", "hashbrown", "__rustc"]),
    ("clap: the command line", &["clap", "anst", "strsim", "rpassword"]),
    ("utoipa: the description of the interface", &["utoipa"]),
    ("figment and TOML: the settings", &["figment", "toml", "winnow", "serde_spanned"]),
    ("serde, JSON", &["serde", "zmij", "itoa"]),
    ("jsonwebtoken, bcrypt, sha2, between aws-lc and doorward", CRYPTO),
    ("rusqlite, between SQLite and doorward", &["rusqlite", "libsqlite3_sys", "hashlink"]),
    ("tracing: the log", &["tracing", "sharded_slab", "nu_ansi_term", "thread_local"]),
    ("addresses and Unicode", &["url", "idna", "icu_", "unicode_", "form_urlencoded", "percent_encoding", "tinyvec"]),
];

const ACTIX: &[&str] = &[
    "actix",
    "tokio",
    "mio",
    "http",
    "bytes",
    "futures",
    "regex_lite",
    "socket2",
    "signal_hook_registry",
    "parking_lot",
];

const CRYPTO: &[&str] =
    &["jsonwebtoken", "bcrypt", "blowfish", "sha2", "aws_lc_rs", "simple_asn1", "pem", "num_bigint"];

const OTHERS: &str = "all other crates";

/// So many are named one by one.
const LARGEST: usize = 8;

pub(super) fn run(_: &mut Town, report: &mut Report, progress: &mut Progress) {
    progress.say("building the program with its names");
    match weigh(report) {
        Ok(table) => {
            report.machine = format!("doorward {}, for {} Linux.", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
            report.tables.push(table);
        }
        Err(why) => report.fact("what the program is made of", format!("not tried: {why}")),
    }
}

fn weigh(report: &mut Report) -> Result<Table, String> {
    let named = Named::build()?;
    let sections = named.sections()?;
    let sum = |names: &[&str]| names.iter().filter_map(|name| sections.get(*name)).sum::<u64>();
    let all: u64 = sections.values().sum();
    let code = sum(&[".text", ".init", ".fini", ".plt"]);
    let data = sum(&[".rodata", ".data", ".data.rel.ro", ".tdata"]);
    let unwind = sum(&[".eh_frame", ".eh_frame_hdr", ".gcc_except_table"]);
    let program = std::fs::read(&named.binary).unwrap();
    let assets = embedded(&program, &Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"));

    let mut parts: BTreeMap<&str, Weight> = BTreeMap::new();
    let mut named_parts = Weight { code: 0, data: assets };
    let mut symbols = named.symbols()?;
    for symbol in &symbols {
        parts.entry(part(&symbol.owner)).or_default().add(symbol.weight);
        named_parts.add(symbol.weight);
    }
    symbols.sort_by_key(|symbol| Reverse(symbol.weight.all()));
    let largest = symbols.iter().take(LARGEST).map(|of| format!("`{}` {}", of.name, cell(of.weight.all())));
    report.fact("the largest single ones", largest.collect::<Vec<_>>().join(", "));
    let only = |data| Weight { code: 0, data };
    let mut rows: Vec<_> = parts.into_iter().collect();
    rows.push(("pages, scripts, texts and common passwords, as they are in `assets`", only(assets)));
    rows.push(("how a panic finds its way back, for all of the code", only(unwind)));
    rows.sort_by_key(|(_, weight)| Reverse(weight.all()));
    rows.push(("without a name: texts, constants, tables; gaps", Weight { code, data }.less(named_parts)));
    rows.push(("what the loader needs", only(all - code - data - unwind)));
    rows.push(("**all**", Weight { code, data: all - code }));
    let rows = rows.into_iter().map(|(what, weight)| row(what, weight, all)).collect();
    Ok(Table { columns: vec!["made of, in MB", "code", "data", "both", "share"], rows })
}

fn part(owner: &str) -> &'static str {
    let part = PARTS.iter().find(|(_, crates)| crates.iter().any(|begin| owner.starts_with(begin)));
    part.map_or(OTHERS, |(what, _)| what)
}

fn row(what: &str, weight: Weight, all: u64) -> Vec<String> {
    let share = format!("{:.1} %", millions(weight.all()) / millions(all) * 100.0);
    vec![what.to_owned(), cell(weight.code), cell(weight.data), cell(weight.all()), share]
}

fn cell(bytes: u64) -> String {
    format!("{:.2}", millions(bytes))
}
