//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::figures::Figures;

/// All that one run found.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was measured on what.
    pub machine: String,
    /// Runs under load.
    pub runs: Vec<Run>,
    /// Ratios to a limit of the same run.
    pub ratios: Vec<Ratio>,
    /// Everything else.
    pub facts: Vec<Fact>,
    /// What is shown side by side.
    pub tables: Vec<Table>,
}

/// A run under load.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// What was asked for.
    pub what: String,
    /// By how many connections at once.
    pub connections: usize,
    /// Answers a second.
    pub per_second: f64,
    /// Milliseconds that half of all answers kept to.
    pub p50: f64,
    /// The same of 99 in 100.
    pub p99: f64,
    /// The same of 999 in 1,000.
    pub p999: f64,
    /// The slowest.
    pub longest: f64,
    /// Microseconds of the server's processors an answer.
    pub cpu: f64,
    /// The same of the clients', who share them.
    pub clients: f64,
}

/// A figure beside the limit that it is held to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ratio {
    /// What.
    pub what: String,
    /// The figure.
    pub is: f64,
    /// What it is asked to be.
    pub asked: f64,
    /// Whether more is better.
    pub at_least: bool,
    /// What it is counted in; empty for a ratio.
    pub unit: &'static str,
}

/// A figure that nothing is asked of.
#[derive(Serialize)]
pub struct Fact {
    /// What.
    pub what: String,
    /// How much, with its unit.
    pub is: String,
}

/// Figures side by side.
#[derive(Serialize)]
pub struct Table {
    /// What stands above each column; the first names the rows.
    pub columns: Vec<&'static str>,
    /// As many cells each.
    pub rows: Vec<Vec<String>>,
}

impl Ratio {
    /// Whether it is as asked.
    pub fn holds(&self) -> bool {
        if self.at_least { self.is >= self.asked } else { self.is <= self.asked }
    }
}

impl Report {
    /// Adds a run.
    pub fn run(&mut self, what: &str, connections: usize, of: &Figures) {
        let ms = |share| of.quantile(share).as_secs_f64() * 1e3;
        self.runs.push(Run {
            what: what.to_owned(),
            connections,
            per_second: of.rate,
            p50: ms(0.5),
            p99: ms(0.99),
            p999: ms(0.999),
            longest: of.longest().as_secs_f64() * 1e3,
            cpu: of.cpu.as_secs_f64() * 1e6,
            clients: of.clients.as_secs_f64() * 1e6,
        });
    }

    /// Adds what is asked to be so much or more.
    pub fn at_least(&mut self, what: &str, is: f64, asked: f64) {
        self.ratios.push(Ratio { what: what.to_owned(), is, asked, at_least: true, unit: "" });
    }

    /// Adds what is asked to be so much or less.
    pub fn at_most(&mut self, what: &str, is: f64, asked: f64, unit: &'static str) {
        self.ratios.push(Ratio { what: what.to_owned(), is, asked, at_least: false, unit });
    }

    /// Adds a fact.
    pub fn fact(&mut self, what: &str, is: impl Into<String>) {
        self.facts.push(Fact { what: what.to_owned(), is: is.into() });
    }

    /// As tables in Markdown.
    pub fn tables(&self) -> String {
        let tables = [self.under_load(), self.held_to()].into_iter().chain(self.tables.iter().map(Table::text));
        let tables = tables.chain([self.besides()]).filter(|table| !table.is_empty());
        [format!("{}\n", self.machine)].into_iter().chain(tables).collect::<Vec<_>>().join("\n")
    }

    fn under_load(&self) -> String {
        let mut text = String::new();
        if !self.runs.is_empty() {
            text.push_str("| under load | connections | a second | p50 | p99 | p99.9 | longest | CPU an answer | of the clients |\n");
            text.push_str("| --- | --: | --: | --: | --: | --: | --: | --: | --: |\n");
        }
        for run in &self.runs {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.2} ms | {:.2} ms | {:.2} ms | {:.1} ms | {:.0} µs | {:.0} µs |",
                run.what,
                run.connections,
                grouped(run.per_second),
                run.p50,
                run.p99,
                run.p999,
                run.longest,
                run.cpu,
                run.clients
            );
        }
        text
    }

    fn held_to(&self) -> String {
        let mut text = String::new();
        if !self.ratios.is_empty() {
            text.push_str("| held to | is | asked | |\n| --- | --: | --: | --- |\n");
        }
        for ratio in &self.ratios {
            let (side, holds) = (if ratio.at_least { "≥" } else { "≤" }, if ratio.holds() { "" } else { "**short**" });
            let unit = ratio.unit;
            let _ =
                writeln!(text, "| {} | {:.2}{unit} | {side} {}{unit} | {holds} |", ratio.what, ratio.is, ratio.asked);
        }
        text
    }

    fn besides(&self) -> String {
        let mut text = String::new();
        if !self.facts.is_empty() {
            text.push_str("| besides | |\n| --- | --- |\n");
        }
        for fact in &self.facts {
            let _ = writeln!(text, "| {} | {} |", fact.what, fact.is);
        }
        text
    }
}

impl Table {
    fn text(&self) -> String {
        let mut text =
            format!("| {} |\n| ---{} |\n", self.columns.join(" | "), " | --:".repeat(self.columns.len() - 1));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// A number with a comma at each thousand.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in millions of bytes.
pub fn millions(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 bytes")]
    let bytes = bytes as f64;
    bytes / 1e6
}

/// Megabytes, for a table.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", millions(bytes))
}
