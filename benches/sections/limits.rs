//! What the processor allows.

use std::time::Duration;

use crate::limits;
use crate::progress::Progress;
use crate::report::Report;
use crate::sections::Town;

const LENGTH: Duration = Duration::from_secs(1);

pub(super) fn run(_: &mut Town, report: &mut Report, progress: &mut Progress) {
    progress.say("limits: signing and checking");
    let [sign, check] = limits::tokens(LENGTH);
    report.fact("one ES256 token signed · checked", format!("{:.0} µs · {:.0} µs", 1e6 / sign, 1e6 / check));
}
