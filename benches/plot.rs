//! The refreshes a second as a picture, for the README.

use std::fmt::Write as _;

use crate::report::{Report, Run, grouped};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 210.0;
const ROW: f64 = 30.0;

/// Bars of all runs of the curve, each with its rate and its p99.
pub fn plot(report: &Report) -> String {
    let runs: Vec<&Run> = report.runs.iter().filter(|run| run.what == "refresh").collect();
    let most = runs.iter().map(|run| run.per_second).fold(1.0, f64::max);
    let height = 44.0 + ROW * f64::from(u32::try_from(runs.len()).unwrap_or(0));
    let mut svg = String::new();
    let _ = write!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Durable refreshes a second, by connections">
<style>text{{font:14px system-ui,sans-serif;fill:#1f2328}}.muted{{fill:#59636e}}.bar{{fill:#3b6ea8}}@media(prefers-color-scheme:dark){{text{{fill:#f0f6fc}}.muted{{fill:#9198a1}}.bar{{fill:#6ea3dd}}}}</style>
<text x="0" y="18">Durable refreshes a second</text>
"#
    );
    for (row, run) in runs.iter().enumerate() {
        let top = 34.0 + ROW * f64::from(u32::try_from(row).unwrap_or(0));
        let (long, middle) = ((WIDTH - LEFT - RIGHT) * run.per_second / most, top + 15.0);
        let name =
            if run.connections == 1 { "1 connection".to_owned() } else { format!("{} connections", run.connections) };
        let _ = writeln!(
            svg,
            r#"<text class="muted" x="{x}" y="{middle}" text-anchor="end">{name}</text><rect class="bar" x="{LEFT}" y="{top}" width="{long:.0}" height="20" rx="3"/><text x="{after:.0}" y="{middle}">{rate} <tspan class="muted">p99 {p99:.1} ms</tspan></text>"#,
            x = LEFT - 10.0,
            after = LEFT + long + 8.0,
            rate = grouped(run.per_second),
            p99 = run.p99,
        );
    }
    svg.push_str("</svg>\n");
    svg
}
