//! The tables in the README: each block stands between `<!-- NAME -->` and `<!-- /NAME -->`.

use std::fs;
use std::path::Path;

use crate::plot::plot;
use crate::report::Report;
use crate::sections::{SERVER, Section, all};

/// Puts the tables of a block into the README, and its picture. Where only some of its sections ran, the
/// others' figures would be lost: it stays as it is, and that is said.
pub fn update(block: &str, report: &Report, ran: &[Section]) {
    let of_block = |sections: &[Section]| sections.iter().filter(|section| section.block == block).count();
    if of_block(ran) < of_block(&all()) {
        return eprintln!("README: the block `{block}` stays as it is, because only some of its sections ran");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {block} -->\n"), format!("<!-- /{block} -->\n"));
    let (before, rest) = text.split_once(&begin).expect("the README has the block");
    let (_, after) = rest.split_once(&end).expect("the block ends");
    fs::write(&path, format!("{before}{begin}{}{end}{after}", report.tables())).unwrap();
    if block == SERVER {
        fs::write(root.join("assets/readme/refresh.svg"), plot(report)).unwrap();
    }
}
